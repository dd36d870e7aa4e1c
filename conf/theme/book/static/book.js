// What a page can do besides being read: its colours, its chapters by keyboard, copies of code, words that were searched.
"use strict";

const root = document.documentElement;

function colours() {
  const button = document.querySelector("button.scheme");
  const next = { auto: "light", light: "dark", dark: "auto" };
  let now = root.dataset.theme ?? "auto";
  const tell = () => {
    const says = now === "auto" ? "as your system's" : now;
    button.title = `Colours: ${says}`;
    button.setAttribute("aria-label", `Colours: ${says}. Change to ${next[now] === "auto" ? "your system's" : next[now]}`);
  };
  button.hidden = false;
  tell();
  button.addEventListener("click", () => {
    now = next[now];
    if (now === "auto") delete root.dataset.theme;
    else root.dataset.theme = now;
    try {
      localStorage.setItem("theme", now);
    } catch {
      // no storage: for this page only
    }
    tell();
  });
}

function copies() {
  for (const block of document.querySelectorAll("div.cell_input")) {
    const code = block.querySelector(":scope > div > div.highlight > pre, :scope > div.highlight > pre");
    if (!code) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const text = [...block.querySelectorAll("pre")].map((part) => part.textContent.trimEnd()).join("\n") + "\n";
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Press Ctrl+C";
      }
      button.classList.add("done");
      setTimeout(() => {
        button.textContent = "Copy";
        button.classList.remove("done");
      }, 1500);
    });
    block.append(button);
  }
}

// What scrolls sideways can be reached by keyboard and says what it is; what does not scroll stays out of the way.
function regions() {
  const kinds = [
    ["Code", ".cell_input pre"],
    ["Output", ".cell_output pre"],
    ["Table", ".scrolls"],
    ["Figure", ".witness-figure"],
    ["Formula", "div.math"],
    ["Code", "pre"],
  ];
  const counts = {};
  const mark = (part, wide) => {
    if (wide) {
      part.tabIndex = 0;
      part.setAttribute("role", "region");
      part.setAttribute("aria-label", part.dataset.label);
    } else {
      for (const name of ["role", "aria-label", "tabindex"]) part.removeAttribute(name);
    }
  };
  const watch = new ResizeObserver((entries) => {
    const parts = entries.map(({ target }) => [target, target.scrollWidth > target.clientWidth + 1]);
    for (const [part, wide] of parts) mark(part, wide); // all is measured before anything is changed
  });
  for (const [kind, selector] of kinds) {
    for (const part of document.querySelectorAll(`.bd-article :is(${selector})`)) {
      if (part.dataset.label || part.closest(".witness-scroll, .witness-lens")) continue;
      counts[kind] = (counts[kind] ?? 0) + 1;
      part.dataset.label = `${kind} ${counts[kind]}, scrolls sideways`;
      watch.observe(part);
    }
  }
}

// The section that is being read, in the list of sections.
function here() {
  const links = new Map([...document.querySelectorAll("nav.here a")].map((link) => [link.hash.slice(1), link]));
  const sections = [...document.querySelectorAll("article section[id]")].filter((section) => links.has(section.id));
  if (!sections.length) return;
  let current = null;
  const find = () => {
    const read = sections.findLast((section) => section.getBoundingClientRect().top < innerHeight / 3);
    const link = links.get(read?.id);
    if (link === current) return;
    current?.removeAttribute("aria-current");
    link?.setAttribute("aria-current", "true");
    current = link;
  };
  addEventListener("scroll", () => requestAnimationFrame(find), { passive: true });
  requestAnimationFrame(() => setTimeout(find));
}

// Words that were searched for, marked where they stand: in the section that was found, or on the whole page.
function marks() {
  const query = new URLSearchParams(location.search).get("highlight");
  if (!query) return;
  const words = query.split(/\s+/).filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!words.length) return;
  const pattern = new RegExp(words.join("|"), "gi");
  const found = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const whole = found?.closest("dt, section") ?? found ?? document.querySelector("article");
  const places = whole.matches("dt") ? [whole, whole.nextElementSibling] : [whole];
  for (const place of places) markIn(place, pattern);
  const seen = places.some((place) => [...place.querySelectorAll("mark")].some((mark) => mark.checkVisibility()));
  if (!seen) whole.querySelector("details:has(mark)")?.setAttribute("open", "");
  addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const mark of document.querySelectorAll("mark")) mark.replaceWith(mark.textContent);
    history.replaceState(null, "", location.pathname + location.hash);
  });
}

function markIn(place, pattern) {
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement.closest("svg, script, style, math, [role=tooltip]") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const blocks = new Map(); // a name in code is in several parts, each in a colour of its own
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const block = text.parentElement.closest("pre, p, li, td, th, dt, dd, h1, h2, h3, summary, div");
    if (!blocks.has(block)) blocks.set(block, []);
    blocks.get(block).push(text);
  }
  for (const texts of blocks.values()) {
    let length = 0;
    const parts = texts.map((text) => ({ text, start: length, end: (length += text.length) })).reverse();
    const hits = [...texts.map((text) => text.data).join("").matchAll(pattern)].filter((hit) => hit[0]);
    for (const hit of hits.reverse()) {
      for (const { text, start, end } of parts) {
        const [from, to] = [Math.max(start, hit.index), Math.min(end, hit.index + hit[0].length)];
        if (from >= to) continue;
        const range = document.createRange();
        range.setStart(text, from - start);
        range.setEnd(text, to - start);
        range.surroundContents(document.createElement("mark"));
      }
    }
  }
}

// What a link within the book leads to, beside it: at a pointer that rests there, or where the keyboard is.
function glances() {
  const base = new URL(root.dataset.content_root, location.href);
  const box = document.createElement("div");
  box.className = "preview";
  box.id = "preview";
  box.role = "tooltip";
  box.hidden = true;
  document.body.append(box);
  let asked = null; // the link that a preview is wanted or shown for
  let timer = 0;
  const known = () =>
    new Promise((resolve) => {
      if (self.previews) return resolve();
      const script = document.createElement("script");
      script.src = new URL("previews.js", base);
      script.onload = script.onerror = resolve;
      document.head.append(script);
    });
  const close = () => {
    clearTimeout(timer);
    asked?.removeAttribute("aria-describedby");
    asked = null;
    box.hidden = true;
  };
  const show = async (link) => {
    await known();
    const { href } = link;
    const found = href.startsWith(base.href) && self.previews?.[href.slice(base.href.length).replace(/\?[^#]*/, "")];
    if (link !== asked || !found) return;
    const [title, words] = found.map((text, i) => Object.assign(document.createElement(i ? "p" : "strong"), { textContent: text }));
    box.replaceChildren(title, words);
    box.hidden = false;
    const place = link.getClientRects()[0];
    const below = place.bottom + box.offsetHeight + 8 < innerHeight;
    box.style.left = `${Math.max(8, Math.min(place.left, root.clientWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${below ? place.bottom + 4 : Math.max(8, place.top - box.offsetHeight - 4)}px`;
    link.setAttribute("aria-describedby", box.id);
  };
  const want = (link, after) => {
    if (link === asked) return clearTimeout(timer);
    close();
    asked = link;
    timer = setTimeout(show, after, link);
  };
  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(close, 200); // time to come to the preview itself
  };
  for (const link of document.querySelectorAll("article a[href]:not(.headerlink, [download], [href^='#witness-cell-'])")) {
    link.addEventListener("pointerenter", ({ pointerType }) => pointerType === "mouse" && want(link, 300));
    link.addEventListener("pointerleave", leave);
    link.addEventListener("focus", () => link.matches(":focus-visible") && want(link, 0));
    link.addEventListener("blur", close);
  }
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", leave);
  addEventListener("keydown", ({ key }) => key === "Escape" && close());
  addEventListener("scroll", close, { passive: true });
}

function keys() {
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if ((event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      (document.querySelector("#find") ?? document.querySelector("header .search input")).focus();
    }
    if (event.key === "Escape") document.activeElement?.closest?.(".live")?.blur();
  });
}

for (const part of [colours, copies, regions, here, marks, glances, keys]) part();
