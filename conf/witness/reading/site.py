"""What a site's settings say about how its pages are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from traceback import extract_tb
from typing import Any

from myst_nb.core.config import NbParserConfig
from myst_parser.config.main import MdParserConfig

from witness.reading.inputs import matched
from witness.reading.settings import Settings, WrongSetting, passed_over, place

MARKDOWN = MdParserConfig(enable_extensions={"attrs_inline", "colon_fence", "deflist", "dollarmath"})
"""How the book's pages are parsed; ``conf.py`` says the same to Sphinx."""

UTF_8 = "utf-8-sig"
"""How Sphinx reads pages, unless a site says otherwise."""


@dataclass(frozen=True)
class Site:
    """What a site's settings say about its pages."""

    root: Path
    """The folder that holds the pages."""
    settings: Settings = field(default_factory=lambda: Settings.of({"witness_strict": True}))
    notebooks: NbParserConfig = field(default_factory=lambda: NbParserConfig(execution_mode="force"))
    markdown: MdParserConfig = field(default_factory=lambda: MARKDOWN)
    inputs: tuple[str, ...] = ()
    """Files or patterns, from that folder, that every page may read."""
    encoding: str = UTF_8
    """That of pages."""
    warnings: tuple[str, ...] = ()
    """What the settings say in vain, as a build warns of it."""

    @classmethod
    def at(cls, root: Path) -> Site:
        """Return what the ``conf.py`` in a folder of pages says; where there is none, the site is this project's.

        Raises ValueError.
        """
        if not (root / "conf.py").is_file():
            return cls(root)
        from sphinx.config import eval_config_file
        from sphinx.errors import ConfigError
        from sphinx.util.tags import Tags

        def settings(kind: type, prefix: str) -> dict[str, Any]:
            names = [field.name for field in fields(kind) if not field.metadata.get("sphinx_exclude")]
            return {name: said[f"{prefix}_{name}"] for name in names if f"{prefix}_{name}" in said}

        try:
            said = eval_config_file(root / "conf.py", Tags())
            ours = Settings.of(said, root)
            notebooks = NbParserConfig(**settings(NbParserConfig, "nb"))
            markdown = MdParserConfig(**settings(MdParserConfig, "myst"))
        except WrongSetting as error:
            raise WrongSetting(f"{place(root)}: {error}") from error
        except ConfigError as error:
            raise ValueError(f"{place(root)}{_raised(error.__cause__ or error, root / 'conf.py')}") from error
        except (TypeError, ValueError) as error:
            raise ValueError(f"{place(root)}: {' '.join(str(error).split())}") from error
        missing = [name for name in ours.inputs if not matched(name, root)]
        warnings = (
            *passed_over(said),
            *(f"witness_inputs: {name}: there is no such file below {root}" for name in missing),
        )
        encoding = said.get("source_encoding", UTF_8)
        return cls(root, ours, notebooks, markdown, tuple(ours.inputs), encoding, warnings)

    @cached_property
    def digest(self) -> str:
        """Digest of the settings and of the code that read a page: together with its text they decide its plan."""
        package = Path(__file__).parents[1]
        parts = ("reading", "python", "lint")  # the lint says whether a page can be read
        code = [path.read_bytes() for part in parts for path in sorted((package / part).rglob("*.py"))]
        known = (
            self.settings,
            self.notebooks,
            sorted(self.markdown.enable_extensions),
            self.markdown.substitutions,
            self.inputs,
            self.encoding,
        )
        settings = repr(known)
        return hashlib.sha256(settings.encode() + b"".join(code)).hexdigest()

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Return how the names of files end that may be pages with code."""
        return (".md", ".ipynb", *self.notebooks.custom_formats)

    def is_commonmark(self, path: str) -> bool:
        """Return whether the site reads the Markdown of this kind of file without MyST's extensions to it."""
        kinds = {suffix: bool(kind[2]) for suffix, kind in self.notebooks.custom_formats.items()}
        return kinds.get(max((suffix for suffix in kinds if path.endswith(suffix)), key=len, default=""), False)

    def shown(self, path: Path) -> str:
        """Return a page's path as messages show it: from the folder above the book's."""
        try:
            return path.relative_to(self.root.parent).as_posix()
        except ValueError:
            return path.as_posix()


def _raised(error: BaseException, file: Path) -> str:
    """Return what follows the name of a ``conf.py`` that raised: its line, where one of its own is known, and what."""
    if isinstance(error, SyntaxError):
        line, said = error.lineno if error.filename == str(file) else None, error.msg
    else:
        frames = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(file)]
        line, said = next(iter(frames), None), " ".join(str(error).split())
    where = f":{line}" if line else ""
    return f"{where}: {type(error).__name__}{f': {said}' if said else ''}; mend it"
