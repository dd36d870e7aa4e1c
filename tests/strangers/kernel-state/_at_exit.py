"""A module that writes when Python ends."""

import atexit
from pathlib import Path

atexit.register(Path("by-a-module.txt").write_text, "of a module")
