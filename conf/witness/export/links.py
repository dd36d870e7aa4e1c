"""Where a page refers to, as one says it outside of the site."""

from __future__ import annotations

import base64
import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx


class PageLinks:
    """The references, pictures and numbers of one page."""

    def __init__(self, app: Sphinx, page: str) -> None:
        self._builder: Any = app.builder
        self._formats: dict[str, str] = app.config.numfig_format
        self._root = Path(app.srcdir)
        self._numbers: dict[str, dict[str, tuple[int, ...]]] = app.env.toc_fignumbers.get(page, {})
        base = app.config.html_baseurl
        self._here = (
            urljoin(base if base.endswith("/") else base + "/", self._builder.get_target_uri(page)) if base else ""
        )

    def target(self, node: nodes.Element) -> str:
        """Return the address that a reference leads to, or an empty text where the published site has none."""
        uri = str(node.get("refuri", "")) or (f"#{node['refid']}" if node.get("refid") else "")
        if "://" in uri or uri.startswith("mailto:"):
            return uri
        return urljoin(self._here, uri) if self._here and uri else ""

    def picture(self, node: nodes.image) -> tuple[str, dict[str, str]]:
        """Return the name of a picture and its bundle of one kind, for an attachment; of a remote one, its address."""
        uri = str(node["uri"])
        if "://" in uri:
            return uri, {}
        sources = {name: source for source, name in self._builder.images.items()}
        path = self._root / sources.get(Path(uri).name, uri)
        kind = mimetypes.guess_type(path.name)[0]
        if kind is None or not path.is_file():
            return "", {}
        return path.name, {kind: base64.b64encode(path.read_bytes()).decode("ascii")}

    def label(self, node: nodes.Element, form: str | None = None) -> str:
        """Return the number under which others refer to a figure, a table or an exercise: ``Fig. 1``; or nothing."""
        for kind, numbers in self._numbers.items():
            for name in node["ids"]:
                if name in numbers:
                    number = ".".join(map(str, numbers[name]))
                    return (form or self._formats.get(kind, "%s")).replace("%s", number)
        return ""
