# Run silently before the first cell of a page that runs in its own folder: notes what it opens, writes and binds.
def _witness_noting() -> None:
    import json
    import os
    import site
    import sys
    import sysconfig
    from contextlib import suppress
    from typing import Any

    from IPython.core.getipython import get_ipython

    paths = sysconfig.get_paths()
    places = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    places |= {*site.getsitepackages(), site.getusersitepackages(), "{witness}/witness", "/proc", "/dev", "/sys"}
    installed = tuple(f"{place}/" for path in places for place in {path, os.path.realpath(path)})
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    opened: dict[str, tuple[int, int] | None] = {}
    wrote: dict[str, None] = {}
    ports: dict[int, None] = {}

    def absolute(path: Any) -> str:
        return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 (it is called for each module that is imported)

    def opens(path: Any, _mode: Any, flags: int) -> None:
        if isinstance(path, int):
            return
        file = absolute(path)
        if flags & writing:
            wrote[file] = None
        if file in opened or file in wrote or file.startswith(installed):
            return
        try:
            status = os.stat(file)  # noqa: PTH116
            opened[file] = status.st_mtime_ns, status.st_size
        except OSError:
            opened[file] = None

    def moves(_: Any, to: Any, *_more: Any) -> None:
        wrote[absolute(to)] = None

    def binds(_: Any, address: Any) -> None:
        if isinstance(address, tuple) and address[1]:
            ports[address[1]] = None

    notes: Any = {"open": opens, "os.rename": moves, "os.link": moves, "os.symlink": moves, "socket.bind": binds}

    def note(event: str, arguments: Any) -> None:
        if event in notes:
            with suppress(Exception):  # one that is raised here would be the page's
                notes[event](*arguments)

    def told() -> str:
        return json.dumps([opened, list(wrote), list(ports)])

    shell: Any = get_ipython()
    shell._witness_files = told
    sys.addaudithook(note)


_witness_noting()
del _witness_noting
