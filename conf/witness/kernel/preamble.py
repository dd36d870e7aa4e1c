# Run silently before the first cell of a page, in any Python kernel; leaves no name behind.
def _() -> None:
    import sys
    from typing import TextIO

    def guard(stream: TextIO) -> None:
        write = stream.write

        def checked(text: str) -> int:
            if isinstance(text, str):
                text.encode("utf-8")  # a lone surrogate fails here, in its cell, not silently in a thread
            return write(text)

        stream.write = checked  # type: ignore[method-assign]

    guard(sys.stdout)
    guard(sys.stderr)


_()
del _
