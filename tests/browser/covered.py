"""What of a page is covered: text below the name of its kind, or below the mark of what JAX did."""

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
