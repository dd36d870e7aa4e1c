"""What a site's settings say about how its pages are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from myst_nb.core.config import NbParserConfig
from myst_parser.config.main import MdParserConfig

MARKDOWN = MdParserConfig(enable_extensions={"attrs_inline", "colon_fence", "deflist", "dollarmath"})
"""How the book's pages are parsed; ``conf.py`` says the same to Sphinx."""


@dataclass(frozen=True)
class Site:
    """What a site's settings say about its pages."""

    root: Path
    """The folder that holds the pages."""
    strict: bool = True
    """Whether this project's page rules hold."""
    notebooks: NbParserConfig = field(default_factory=lambda: NbParserConfig(execution_mode="force"))
    markdown: MdParserConfig = field(default_factory=lambda: MARKDOWN)

    @cached_property
    def digest(self) -> str:
        """Digest of the settings and of the code that read a page: together with its text they decide its plan."""
        code = [path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py"))]
        settings = repr((self.strict, self.notebooks, sorted(self.markdown.enable_extensions)))
        return hashlib.sha256(settings.encode() + b"".join(code)).hexdigest()

    def is_commonmark(self, path: str) -> bool:
        """Say whether the site reads the Markdown of this kind of file without MyST's extensions to it."""
        kinds = {suffix: bool(kind[2]) for suffix, kind in self.notebooks.custom_formats.items()}
        return kinds.get(max((suffix for suffix in kinds if path.endswith(suffix)), key=len, default=""), False)

    def shown(self, path: Path) -> str:
        """Return a page's path as messages show it: from the folder above the book's."""
        try:
            return path.relative_to(self.root.parent).as_posix()
        except ValueError:
            return path.as_posix()
