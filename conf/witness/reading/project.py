"""What a project says of itself to the command line: the table ``[tool.witness]`` of the ``pyproject.toml`` here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """Folders, as seen from the one in which a command is run."""

    pages: str = "."
    """What a command takes that names no page, and where a page is looked for that is named without its folder."""
    records: str = ".witness"
    expected: str = "tests/expected"
    """Where expected text is kept."""

    @classmethod
    def here(cls) -> Project:
        """Return what the project in this folder says. Raises ValueError."""
        file = Path("pyproject.toml")
        try:
            said = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
        except (OSError, ValueError) as error:
            raise ValueError(f"{file}: {error}") from error
        for above, name in (("", "tool"), ("tool.", "witness")):
            said = said.get(name, {})
            if not isinstance(said, dict):
                raise ValueError(f"{file}: expected a table [tool.witness], got {above}{name} = {said!r}")
        known = [it.name for it in fields(cls)]
        if unknown := [name for name in said if name not in known]:
            raise ValueError(f"{file}: [tool.witness] knows {', '.join(known)}, not {unknown[0]}")
        if wrong := next((name for name, value in said.items() if not isinstance(value, str)), None):
            raise ValueError(f"{file}: [tool.witness] {wrong} is {said[wrong]!r}; write the name of a folder")
        return cls(**said)
