"""What may stand on a page: cell options, tags and keys of the head, ours and those of the stock tools."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from difflib import get_close_matches

from myst_nb.core.config import NbParserConfig, Section

from witness.python.words import words
from witness.records.ir import LANGUAGES
from witness.records.lens import CODE

OURS = frozenset({"load", "tags", "raises", "check", "reason", "rtol", "clock", "lens"})
"""Options of a cell that are ours."""
WATCHED = ("steps", "calls", "lines", CODE)
"""What a cell may have watched while it runs."""
LENSES = ("panes", *LANGUAGES, *WATCHED)
"""What a cell may show of its functions: all stages of one that it lowers, or a single stage; or what is watched."""
STOCK = frozenset(
    words(
        "mystnb name label caption id attachments cellView collapsed colab colab_type deletable editable execution "
        "executionInfo format hidden hide_input init_cell jupyter lines_to_next_cell nbgrader nbsphinx outputId "
        "papermill pycharm render scrolled slideshow trusted vscode"
    )
)
"""Cell metadata that Jupyter, Jupytext, Colab and MyST-NB write or read: harmless, and not ours to forbid."""
TAGS = frozenset(
    words(
        "hide-input hide-output hide-cell remove-input remove-output remove-cell remove_input remove_output "
        "remove_cell remove-stdout remove-stderr raises-exception skip-execution scroll-output output_scroll "
        "full-width full_width margin sidebar popout parameters injected-parameters thebe-init thebe-remove-input-init"
    )
)
"""Tags with a meaning to MyST-NB, nbclient, papermill or a book theme."""
HEAD = frozenset(words("file_format kernelspec jupytext witness mystnb"))
"""Keys of the head that a misspelling would switch off in silence."""
NOT_MEANT = frozenset(words("jupyter myst"))
"""Keys of other tools that look like one of them."""
WITNESS = frozenset(words("needs cell_budget page_budget output_limit lane after inputs environment lens"))


def _settings(level: Section) -> frozenset[str]:
    known = (field for field in fields(NbParserConfig) if level in field.metadata.get("sections", ()))
    return frozenset(
        str(field.metadata.get("cell_key", field.name)) if level is Section.cell_lvl else field.name for field in known
    )


CELL_SETTINGS = _settings(Section.cell_lvl)
"""What MyST-NB takes below a cell's ``mystnb``."""
PAGE_SETTINGS = _settings(Section.file_lvl)
"""What MyST-NB takes below ``mystnb`` in the head."""


def near(word: str, known: Collection[str], likeness: float = 0.75) -> str | None:
    """Return the known word that an unknown one is probably meant to be."""
    swapped = word.strip(" :").lower().replace("_", "-")
    alike = {name.lower().replace("_", "-"): name for name in sorted(known)}
    found = get_close_matches(swapped, alike, n=1, cutoff=likeness)
    return alike[found[0]] if found else None


def instead(word: str, known: Collection[str]) -> str:
    """Return advice: the word probably meant, or all there are."""
    meant = near(word, known, 0.6)
    return f"did you mean `{meant}`?" if meant else f"known here: {', '.join(sorted(known))}"
