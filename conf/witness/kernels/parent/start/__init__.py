"""The command of the fork server.

``python -m witness.kernels.parent.start.ipykernel_launcher FD FOLDER [warm] [ask]``

To run a submodule, ``-m`` imports its package first, and that is the fork server's whole life. Only in a fork that is
to be a kernel does the import end. Then ``-m`` goes on to the submodule, which is ipykernel's own launcher: a forked
kernel's stack, which compiled programs keep and print, and its depth, which recursion meets, are those of an ordinary
kernel.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from witness.kernels.parent.server import main

if sys.argv[0] == "-m":
    main()
    launcher = find_spec("ipykernel_launcher")
    __path__ = [str(Path(launcher.origin).parent)] if launcher and launcher.origin else []
