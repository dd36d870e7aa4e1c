# Run silently before the first cell of a page that runs in its own folder: notes what it opens, writes and binds.
# A fork ends before it does what cannot be undone, while imports are to come for which the page may be started anew:
# ``awaited`` are the packages that its code imports, each with those of them that it needs.
def _witness_noting(awaited: "dict[str, list[str]]") -> None:
    import json
    import os
    import site
    import sys
    import sysconfig
    from contextlib import suppress
    from typing import Any

    from ipykernel.connect import get_connection_file
    from IPython.core.getipython import get_ipython

    paths = sysconfig.get_paths()
    places = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    places |= {*site.getsitepackages(), site.getusersitepackages(), "{witness}/witness", "/proc", "/dev", "/sys"}
    installed = tuple(f"{place}/" for path in places for place in {path, os.path.realpath(path)})
    shell: Any = get_ipython()
    fleeting = ("/dev/null", "/proc/", f"{os.path.dirname(get_connection_file())}/")  # noqa: PTH120
    parent: Any = sys.modules.get("witness.kernels.parent.preload")
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    opened: dict[str, tuple[int, int] | None] = {}
    wrote: dict[str, None] = {}
    ports: dict[int, None] = {}

    def absolute(path: Any) -> str:
        return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 (it is called for each module that is imported)

    def does(what: str) -> None:
        if parent:
            parent.before(what, awaited)

    def changes(path: Any, *_more: Any) -> None:
        file = "" if isinstance(path, int) else absolute(path)
        if not file.startswith(fleeting) and "/__pycache__" not in file:
            does("a file is changed")

    def opens(path: Any, _mode: Any, flags: int) -> None:
        if isinstance(path, int):
            return
        file = absolute(path)
        if flags & writing:
            changes(file)
            wrote[file] = None
        if file in opened or file in wrote or file.startswith(installed):
            return
        try:
            status = os.stat(file)  # noqa: PTH116
            opened[file] = status.st_mtime_ns, status.st_size
        except OSError:
            opened[file] = None

    def moves(old: Any, to: Any, *_more: Any) -> None:
        changes(old)
        changes(to)
        wrote[absolute(to)] = None

    def makes(path: Any, _mode: Any, folder: int) -> None:
        if folder != -1 or not os.path.lexists(path):  # where it is there, nothing is changed
            changes(path)

    def binds(_: Any, address: Any) -> None:
        if isinstance(address, str | bytes):
            changes(address)
        elif isinstance(address, tuple) and address[1]:
            ports[address[1]] = None

    def connects(database: Any, *_more: Any) -> None:
        if database not in ("", b"", ":memory:", b":memory:"):
            changes(database)

    def starts(*_: Any) -> None:
        does("a command is run")

    def sends(*_: Any) -> None:
        does("another process is asked")

    notes: Any = {"open": opens, "os.mkdir": makes, "socket.bind": binds, "sqlite3.connect": connects}
    notes |= dict.fromkeys(("os.rename", "os.link", "os.symlink"), moves)
    changing = ("chmod", "chown", "remove", "removexattr", "rmdir", "setxattr", "truncate", "utime")
    notes |= dict.fromkeys((f"os.{name}" for name in changing), changes)
    notes |= dict.fromkeys(("socket.connect", "socket.sendto", "socket.sendmsg"), sends)
    notes |= dict.fromkeys(("os.exec", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"), starts)

    def note(event: str, arguments: Any) -> None:
        if event in notes:
            with suppress(Exception):  # one that is raised here would be the page's
                notes[event](*arguments)

    def told() -> str:
        return json.dumps([opened, list(wrote), list(ports)])

    shell._witness_files = told
    sys.addaudithook(note)
