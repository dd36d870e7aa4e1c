"""The seam of jupyter_client through which a fork server's kernel is a kernel manager's kernel."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from witness.kernels.child import Child
from witness.kernels.forkserver import Forkserver


class ForkserverProvisioner(LocalProvisioner):
    """Starts a kernel by a fork server, and reaches its whole process group.

    It is given to a manager, so it needs no entry point.
    """

    forkserver: Forkserver
    fork: bool
    log_file: Path
    child: Child | None = None
    """The kernel's process, from the moment it is started."""
    _managed = False

    @property
    def has_process(self) -> bool:
        """Return whether there is a process whose end was not waited for."""
        return self._managed

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start it and return how to connect to it."""
        self.child = await self.forkserver.spawn(
            cmd, fork=self.fork, cwd=kwargs["cwd"], environment=kwargs["env"], log=self.log_file
        )
        self._managed = True
        self.cwd = kwargs["cwd"]
        return self.connection_info

    async def poll(self) -> int | None:
        """Return its exit status, or None while it runs."""
        return self.child.status if self.child else 0

    async def wait(self) -> int | None:
        """Wait until it has ended; return its exit status."""
        status = await self.child.ended if self.child else 0
        self._managed = False
        return status

    async def send_signal(self, signum: int) -> None:
        """Send a signal to its process group."""
        if self.child:
            self.child.send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """Kill its process group."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask its process group to end."""
        await self.send_signal(signal.SIGTERM)
