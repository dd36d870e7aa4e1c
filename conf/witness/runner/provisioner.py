"""The seam of jupyter_client through which a forge's kernels are an ordinary manager's kernels."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from witness.runner.forge import Child, Forge


class ForgeProvisioner(LocalProvisioner):
    """Starts a kernel by a forge, and reaches its whole process group."""

    forge: Forge
    log_file: Path
    fork = False
    child: Child | None = None

    @property
    def has_process(self) -> bool:
        return self.child is not None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        self.child = await self.forge.spawn(
            cmd, fork=self.fork, cwd=kwargs["cwd"], environment=kwargs["env"], log=self.log_file
        )
        self.pid = self.pgid = self.child.pid
        self.cwd = kwargs["cwd"]
        return self.connection_info

    async def poll(self) -> int | None:
        return self.child.status if self.child else 0

    async def wait(self) -> int | None:
        status = await self.child.ended if self.child else 0
        self.child = None
        return status

    async def send_signal(self, signum: int) -> None:
        if self.child:
            self.child.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        await self.send_signal(signal.SIGTERM)
