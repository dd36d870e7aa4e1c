"""Each page in light and dark, on a desk and a telephone: what scrolls sideways, what is covered, what axe finds."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chromium import AXE, divided, opened
from tests.browser.figures import Figure

WIDE, NARROW = 1280, 390
SETTINGS = [(scheme, width) for scheme in ("light", "dark") for width in (WIDE, NARROW)]
"""Words of code, which take axe most of its time, are looked at in one width: they have the same colours in both."""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN = "document.querySelectorAll('details').forEach(part => { part.open = true })"

COVERED = r"""async () => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    await frame(); // what scrolls sideways is known once a frame has been laid out
    const across = (a, b) => a.left < b.right - 1 && b.left < a.right - 1;
    const meets = (a, b) => across(a, b) && a.top < b.bottom - 2 && b.top < a.bottom - 2;
    const texts = (cell) => [...cell.querySelectorAll("pre, p, td, th")]
        .filter((part) => !part.closest("details"))
        .flatMap((part) => {
            const { right } = part.getBoundingClientRect();
            const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
            const range = document.createRange();
            const found = [];
            while (walker.nextNode()) {
                const said = walker.currentNode.textContent.trim();
                range.selectNodeContents(walker.currentNode);
                if (said) for (const box of range.getClientRects()) {
                    const { left, top, bottom } = box;
                    if (left < right) found.push([{ left, top, bottom, right: Math.min(box.right, right) }, said]);
                }
            }
            return found;
        });
    const name = (part) => {
        const style = getComputedStyle(part, "::before");
        const box = part.getBoundingClientRect();
        const right = box.right - parseFloat(style.right);
        const top = box.top + parseFloat(style.top);
        return style.content === "none" || style.position !== "absolute" ? null
            : { right, top, left: right - parseFloat(style.width), bottom: top + parseFloat(style.height) };
    };
    return [...document.querySelectorAll("div.cell")].flatMap((cell) => {
        const marks = [...cell.querySelectorAll(":scope > details.witness-quiet > summary")]
            .map((part) => part.getBoundingClientRect());
        const names = [...cell.querySelectorAll(".cell_output > *")].map(name).filter(Boolean);
        const over = [...marks, ...names];
        return texts(cell).filter(([box]) => over.some((it) => meets(it, box))).map(([, said]) => said.slice(0, 60));
    });
}"""
"""Returns the beginnings of the texts, as the page is laid out now."""


def looked(site: Path, pages: list[str], browser: Browser, setting: tuple[str, int]) -> tuple[list[str], ...]:
    """Look at each page in one setting; return what is too wide, what is covered, and what axe finds."""
    wide, hidden, faults = [], [], []
    scheme, width = setting
    with opened(browser, scheme, width) as context:
        page = context.new_page()
        for name in pages:
            page.goto((site / name).as_uri())
            where = f"{name}, {scheme}, {width}"
            hidden += [f"{where}: {text}" for text in page.evaluate(COVERED) if scheme == "light"]
            page.evaluate(OPEN)
            if page.evaluate(SIDEWAYS):
                wide.append(where)
            if AXE:
                page.wait_for_timeout(300)
                page.add_script_tag(content=Path(AXE).read_text("utf-8"))
                parts = "document" if width == WIDE else "{exclude: [['pre span']]}"
                found = page.evaluate(f"axe.run({parts}, {{resultTypes: ['violations']}})")["violations"]
                faults += [
                    f"{where}: {it['impact']} {it['id']}: {it['nodes'][0]['html'][:100]}"
                    for it in found
                    if it["impact"] in ("moderate", "serious", "critical")
                ]
    return wide, hidden, faults


def settings(site: Path, pages: list[str]) -> Iterator[Figure]:
    """Look at each page in four settings, from the file system: sideways scroll, covered texts, axe where it is."""
    found = divided(functools.partial(looked, site, pages), SETTINGS)
    wide, hidden, faults = ([*chain.from_iterable(part)] for part in zip(*found, strict=True))
    yield Figure("pages that scroll sideways", str(len(wide)), not wide, wide)
    yield Figure("texts that a name or a mark covers", str(len(hidden)), not hidden, hidden)
    if AXE:
        yield Figure("axe, moderate and worse, in four settings", str(len(faults)), not faults, faults)
