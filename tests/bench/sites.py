"""The sites that are measured: synthetic ones of any size, and the book itself."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAD = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n"
TRIVIAL = "import jax.numpy as jnp\n\nprint(jnp.arange(3).sum())"


@dataclass(frozen=True)
class Variant:
    """One way to build a site."""

    name: str
    extensions: tuple[str, ...]
    mode: str

    def conf(self, theme: str) -> str:
        """Return its ``conf.py``."""
        return textwrap.dedent(f"""\
            project = "Bench"
            extensions = {list(self.extensions)!r}
            html_theme = {theme!r}
            nb_execution_mode = {self.mode!r}
            nb_execution_timeout = 600
            nb_execution_allow_errors = True
            myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
            suppress_warnings = ["misc.highlighting_failure"]
        """)


STOCK = Variant("stock", ("myst_nb", "sphinx_exercise"), "force")
OURS = Variant("ours", ("witness", "myst_nb", "sphinx_exercise"), "force")
STATIC = Variant("static", ("myst_nb", "sphinx_exercise"), "off")


@dataclass(frozen=True)
class Site:
    """A site on disk, in one variant."""

    folder: Path

    @property
    def docs(self) -> Path:
        """The folder of pages."""
        return self.folder / "docs"

    def cold(self) -> None:
        """Forget everything that was built."""
        for name in ("html", ".witness", "jupyter_execute", ".jupyter_cache"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def arguments(self, *more: str) -> list[str]:
        """Return the arguments of sphinx-build."""
        return ["-q", *more, "-c", str(self.folder), str(self.docs), str(self.folder / "html")]


def synthetic(
    folder: Path, pages: int, variant: Variant, code: str = TRIVIAL, theme: str = "sphinx_book_theme"
) -> Site:
    """Write a site of equal pages, each with a number of its own so that no cache can share them."""
    docs = folder / "docs"
    docs.mkdir(parents=True)
    names = [f"page{number:03}" for number in range(pages)]
    for number, name in enumerate(names):
        cell = f"```{{code-cell}} python\n{code}\nprint({number})\n```\n"
        (docs / f"{name}.md").write_text(f"{HEAD}# Page {number}\n\nSome prose.\n\n{cell}", "utf-8")
    toctree = "\n".join(names)
    (docs / "index.md").write_text(f"# Bench\n\n```{{toctree}}\n{toctree}\n```\n", "utf-8")
    (folder / "conf.py").write_text(variant.conf(theme), "utf-8")
    return Site(folder)


def book(folder: Path, variant: Variant) -> Site:
    """Copy the book into a site of its own; where nothing knows live values, their role shows its text."""
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copytree(ROOT / "examples", folder / "examples")
    conf = variant.conf("sphinx_book_theme")
    if "witness" not in variant.extensions:
        conf += "from docutils import nodes\nfrom docutils.parsers.rst import roles\n"
        conf += "roles.register_generic_role('live', nodes.literal)\n"
    (folder / "conf.py").write_text(conf, "utf-8")
    return Site(folder)
