"""What each page asks, in its own first words: for the list of chapters, for cards and for other sites' searches."""

from __future__ import annotations

from collections.abc import Set

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors import EnvironmentCollector

MAX_SENTENCE_CHARACTERS = 300
"""Characters of a description."""


def of(env: BuildEnvironment) -> dict[str, str]:
    """Return the first paragraph of each page that has one."""
    known: dict[str, str] = env.__dict__.setdefault("book_sentences", {})
    return known


class Sentences(EnvironmentCollector):
    """Keeps the first paragraph of each page."""

    def clear_doc(self, app: Sphinx, env: BuildEnvironment, docname: str) -> None:
        """Forget a page."""
        of(env).pop(docname, None)

    def merge_other(self, app: Sphinx, env: BuildEnvironment, docnames: Set[str], other: BuildEnvironment) -> None:
        """Take over what another process read."""
        of(env).update({page: text for page, text in of(other).items() if page in docnames})

    def process_doc(self, app: Sphinx, doctree: nodes.document) -> None:
        """Keep a page's first paragraph."""
        for section in doctree.findall(nodes.section):
            if first := next((node for node in section if isinstance(node, nodes.paragraph)), None):
                of(app.env)[app.env.docname] = shortened(" ".join(first.astext().split()))
            break


def shortened(text: str, longest: int = MAX_SENTENCE_CHARACTERS) -> str:
    """Return as many whole sentences as fit, or else whole words.

    >>> shortened("What is it? It is this. And more of it.", 25)
    'What is it? It is this.'
    >>> shortened("one two three", 9)
    'one two …'
    """
    if len(text) <= longest:
        return text
    ends = [place + 1 for place in range(longest) if text[place] in ".?!" and text[place + 1] == " "]
    return text[: ends[-1]] if ends else text[: longest - 1].rpartition(" ")[0] + " …"
