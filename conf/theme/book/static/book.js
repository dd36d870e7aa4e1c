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
    ["Formula", "div.math"],
    ["Code", "pre"],
  ];
  const counts = {};
  const mark = (part) => {
    if (part.scrollWidth > part.clientWidth + 1) {
      part.tabIndex = 0;
      part.setAttribute("role", "region");
      part.setAttribute("aria-label", part.dataset.label);
    } else {
      for (const name of ["role", "aria-label", "tabindex"]) part.removeAttribute(name);
    }
  };
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
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
  find();
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
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    const hits = [...text.data.matchAll(pattern)].filter((hit) => hit[0]);
    for (const hit of hits.reverse()) {
      const range = document.createRange();
      range.setStart(text, hit.index);
      range.setEnd(text, hit.index + hit[0].length);
      range.surroundContents(document.createElement("mark"));
    }
  }
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

for (const part of [colours, copies, regions, here, marks, keys]) part();
