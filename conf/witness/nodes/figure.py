"""A figure of matplotlib's as a part of its page: transparent, in the page's own colours, whichever these are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from xml.etree import ElementTree

PAPER = "var(--pst-color-background, Canvas)"
CYCLE = {
    "#0a58b5": "#86bcff",
    "#c2321f": "#f0796a",
    "#0b8068": "#3fc0a0",
    "#5b3fc4": "#b5a4ff",
    "#8a4300": "#f2b880",
    "#8a2a9c": "#d9a2f3",
}
"""The colours that lines take in turn, as `capture/matplotlibrc` has them, and what they are on a dark ground."""

MANY = 24
"""Colours up to which they are names for things; more are a scale, in which each has its place."""

TAGS = re.compile("svg|g|path|rect|circle|ellipse|line|polyline|polygon|text|tspan|defs|clipPath|use|image")
ATTRIBUTES = re.compile(
    "id|d|[xyr]|[xy][12]|[cr][xy]|width|height|viewBox|transform|points|clip-path|style|href|preserveAspectRatio"
)
STYLES = re.compile("(?:fill|stroke)(?:-[a-z]+)?|opacity|font(?:-(?:size|style|weight))?|text-anchor|image-rendering")
FONT = re.compile(r"(?P<style>(?:(?:italic|oblique|bold|\d{3})\s+)*)(?P<size>[\d.]+px)")
LENGTH = re.compile(r"[\d.]+(?:pt|px)")
"""How wide a drawing is when it is not made to fit; a theme finds it as `--wide`."""

HEX = re.compile(r"#[0-9a-f]{6}")
NAMESPACE = re.compile(r"\{[^}]*\}")
POINTING = re.compile(r"url\(#([^)]*)\)|^#(.*)")


def inline(text: str, name: str, alternative: str) -> str | None:
    """Return the SVG of a figure as HTML, or None where it is not matplotlib's; equal ones give equal text.

    Args:
        text: What was displayed.
        name: What no other figure on the page is called.
        alternative: What it shows, in words.
    """
    if "Matplotlib v" not in text or "<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return None
    pointed = {
        found[1] or found[2]
        for node in root.iter()
        for value in node.attrib.values()
        for found in POINTING.finditer(value)
    }
    chromatic = {
        colour for node in root.iter() for colour in HEX.findall(node.get("style", "")) if not _is_grey(colour)
    }
    writer = _Writer(name, pointed, set(_grounds(root)), coloured=len(chromatic) <= MANY)
    title, _, rest = alternative.partition(". ")
    told = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(rest)}</desc>'
    size = "".join(f' {key}="{escape(root.get(key, ""))}"' for key in ("width", "height", "viewBox"))
    size += f' style="--wide: {escape(width)}"' if LENGTH.fullmatch(width := root.get("width", "")) else ""
    parts = "".join(part for child in root for part in writer.written(child))
    labels = f'role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc"'
    drawing = 'fill="currentColor" stroke-linejoin="round" stroke-linecap="butt"'
    return f'<div class="witness-figure"><svg{size} {labels} {drawing}>{told}{parts}</svg></div>\n'


def _grounds(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield what is below all that a figure draws, and what is below all that a panel draws."""
    for group in root.iter():
        if (
            group.get("id", "").startswith(("figure_", "axes_"))
            and len(group)
            and group[0].get("id", "").startswith("patch_")
        ):
            yield from group[0]


class _Writer:
    """Writes what draws, and nothing that runs, loads or styles another part of the page."""

    def __init__(self, name: str, pointed: set[str], grounds: set[ElementTree.Element], *, coloured: bool) -> None:
        self._name = name
        self._pointed = pointed
        self._grounds = grounds
        self._coloured = coloured

    def written(self, node: ElementTree.Element) -> Iterator[str]:
        """Yield an element and what is in it."""
        tag = NAMESPACE.sub("", node.tag)
        if not TAGS.fullmatch(tag):
            return
        attributes = "".join(f' {key}="{escape(value)}"' for key, value in self._attributes(node))
        yield f"<{tag}{attributes}>"
        if tag in ("text", "tspan"):
            yield escape(node.text or "")
        for child in node:
            yield from self.written(child)
        yield f"</{tag}>"

    def _attributes(self, node: ElementTree.Element) -> Iterator[tuple[str, str]]:
        for key, value in node.attrib.items():
            key = NAMESPACE.sub("", key)
            if not ATTRIBUTES.fullmatch(key) or (key == "id" and value not in self._pointed):
                continue
            if key == "href" and not value.startswith(("#", "data:image/png;base64,")):
                continue
            if key == "id":
                value = f"{self._name}-{value}"
            elif key == "style":
                value = "; ".join(self._styles(node, value))
            elif not value.startswith("data:"):
                value = POINTING.sub(self._pointer, value)
            yield key, value

    def _pointer(self, found: re.Match[str]) -> str:
        return f"url(#{self._name}-{found[1]})" if found[1] else f"#{self._name}-{found[2]}"

    def _styles(self, node: ElementTree.Element, style: str) -> Iterator[str]:
        for declaration in style.split(";"):
            key, _, value = (part.strip() for part in declaration.partition(":"))
            if not STYLES.fullmatch(key) or "url(" in value:
                continue
            if key == "font" and (font := FONT.match(value)):
                yield f"font: {font['style']}{font['size']} var(--pst-font-family-base, sans-serif)"
            elif key != "font":
                ground = key == "fill" and node in self._grounds and value == "#ffffff"
                yield f"{key}: {'none' if ground else HEX.sub(self._colour, value)}"

    def _colour(self, found: re.Match[str]) -> str:
        """Return a colour for either scheme: black is that of text, white that of paper, and greys lie between."""
        colour = found[0]
        if _is_grey(colour):
            share = round(100 * (1 - int(colour[3:5], 16) / 255))
            between = f"color-mix(in srgb, currentColor {share}%, {PAPER})"
            return {0: PAPER, 100: "currentColor"}.get(share, between)
        if not self._coloured:
            return colour
        if colour in CYCLE:
            number = [*CYCLE].index(colour) + 1
            return f"var(--witness-line-{number}, light-dark({colour}, {CYCLE[colour]}))"
        return f"light-dark({colour}, color-mix(in oklab, {colour} 60%, white))"


def _is_grey(colour: str) -> bool:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return max(red, green, blue) - min(red, green, blue) < 10
