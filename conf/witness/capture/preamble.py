# Run silently before the first cell of a page, in any IPython kernel; leaves no name behind.
def _witness_begin() -> None:
    import faulthandler
    import json
    import signal
    import sys
    from importlib import import_module
    from pathlib import Path
    from typing import Any

    from ipykernel.connect import get_connection_file
    from IPython.core.getipython import get_ipython
    from jupyter_client.jsonutil import json_default

    shell: Any = get_ipython()
    session = shell.kernel.session
    stock = session.pack

    def pack(message: Any) -> bytes:
        # In ASCII a lone surrogate arrives as it is, to be judged; as UTF-8 it is lost in a thread, with a stack.
        try:
            packed: bytes = json.dumps(message, default=json_default, allow_nan=False).encode()
        except (TypeError, ValueError):
            packed = stock(message)
        return packed

    session.pack = pack

    # At a signal the kernel writes where it is, whatever it does: asked before a cell without an end is stopped.
    shell._witness_stack = Path(get_connection_file()).with_name("stack").open("w")
    faulthandler.register(signal.SIGUSR1, shell._witness_stack)

    # The package may be unknown to this interpreter; a page shall not come to know it by this.
    sys.path.insert(0, "{witness}")
    try:
        import_module("witness.capture").load(shell)
        if parent := sys.modules.get("witness.kernels.parent.preload"):
            parent.begin()
    finally:
        sys.path.remove("{witness}")


_witness_begin()
del _witness_begin
