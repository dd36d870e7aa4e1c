"""HTML that a browser reads, as XHTML that a reading system for books reads, too."""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
NAMESPACES = {"svg": "http://www.w3.org/2000/svg", "math": "http://www.w3.org/1998/Math/MathML"}
"""What HTML knows by the element's name alone."""
ATTRIBUTE = re.compile(r"""\s+([^\s=/>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self.open: list[str] = []
        """The names of the elements that are open, in the case in which they were written: XML tells it apart."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        whole = self.get_starttag_text() or ""
        name = re.match(r"<([^\s/>]+)", whole)
        told = [(found[1], next((it for it in found.groups()[1:] if it is not None), ""))
                for found in ATTRIBUTE.finditer(whole)]  # fmt: skip
        inside = "".join(f' {key}="{escape(unescape(value))}"' for key, value in dict(told).items())
        closed = " /" if tag in VOID or whole.endswith("/>") else ""
        if tag in NAMESPACES and "xmlns" not in dict(told):
            inside += f' xmlns="{NAMESPACES[tag]}"'
        written = name[1] if name else tag
        if not closed:
            self.open.append(written)
        self.parts.append(f"<{written}{inside}{closed}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        last = next((at for at in range(len(self.open) - 1, -1, -1) if self.open[at].lower() == tag), None)
        self.parts.append(f"</{tag if last is None else self.open.pop(last)}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(escape(data, quote=False))

    def handle_entityref(self, name: str) -> None:
        self.parts.append(escape(unescape(f"&{name};"), quote=False))

    def handle_charref(self, name: str) -> None:
        self.parts.append(escape(unescape(f"&#{name};"), quote=False))


def xhtml(text: str) -> str:
    """Return markup with every attribute quoted, every empty element closed, and no entity but XML's own.

    Names keep their case, and drawings and formulas say what they are.

    >>> xhtml('<p hidden data-n=1>a &eacute;&lt; b<br></p>')
    '<p hidden="" data-n="1">a é&lt; b<br /></p>'
    >>> xhtml('<svg viewBox="0 0 1 1"><clipPath id="a"></clipPath></svg>')
    '<svg viewBox="0 0 1 1" xmlns="http://www.w3.org/2000/svg"><clipPath id="a"></clipPath></svg>'
    """
    writer = _Writer()
    writer.feed(text)
    writer.close()
    return "".join(writer.parts)
