"""Has a fork server stop once it has imported what kernels need, and then be a fork server in forks, of many clients.

`tests.warm` starts it, and has its interpreter find this file; a fork is what the command, started anew, would be.
"""

import json
import os
import select
import socket
import sys
from pathlib import Path
from typing import Any

from witness.kernels.parent import devices, preload, process

there, stock = dict(os.environ), preload.preload


def serve() -> str:
    """Import what kernels need, as the stock one does; return in forks, each of which has a client of its own."""
    sys.path.remove(str(Path(__file__).parent))
    del sys.modules["sitecustomize"]
    preload.preload = stock
    if stock():
        os._exit(1)
    facts, added = devices.found_by_a_fork(), {name: os.environ[name] for name in os.environ.keys() - there.keys()}
    asked, owner = socket.socket(fileno=os.dup(int(sys.argv[1]))), os.pidfd_open(int(Path(sys.argv[2]).name))
    heard: list[Any] = [asked, owner]
    while owner not in (ready := select.select(heard, [], [], 1.0)[0]):
        if asked in ready and (wanted := _fork(asked)):
            asked.close()
            os.close(owner)
            os.environ.clear()
            os.environ.update({**wanted["env"], **added})
            sys.argv[2] = wanted["folder"]  # which ends with it
            devices.found_by_a_fork = lambda: facts
            return ""
        while _reaped():
            pass
    os._exit(0)


def _fork(asked: socket.socket) -> dict[str, Any] | None:
    """Fork for who asks, and say which process that is; in the fork, return what was asked."""
    connection, _ = asked.accept()
    with connection:
        size, (client, log), *_ = socket.recv_fds(connection, 4, 2)
        wanted: dict[str, Any] = json.loads(connection.recv(int.from_bytes(size), socket.MSG_WAITALL))
        if pid := os.fork():
            os.close(client)
            os.close(log)
            connection.sendall(pid.to_bytes(4))
            connection.recv(1)  # who asked has a hold on it
            return None
    os.setsid()
    process.adopt_orphans()
    os.chdir(wanted["cwd"])
    for ours, place in ((client, int(sys.argv[1])), (log, 1), (log, 2)):
        os.dup2(ours, place)
    os.close(client)
    os.close(log)
    return wanted


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] > 0
    except ChildProcessError:
        return False


preload.preload = serve
