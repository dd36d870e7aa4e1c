// What scrolls sideways can be reached by keyboard and says what it is; what does not scroll stays out of the way.
"use strict";

// Opened from a folder, a page may not fetch another one: the search then shows titles only.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

const here = document.currentScript.src;

document.addEventListener("DOMContentLoaded", () => {
  // The one page with something to type into has a script of its own.
  if (document.getElementById("what-jax-logs-and-what-it-means")) {
    document.head.append(Object.assign(document.createElement("script"), { src: new URL("recompile.js", here).href }));
  }

  const kinds = [
    ["Code", ".cell_input pre"],
    ["Output", ".cell_output pre"],
    ["Table", ".pst-scrollable-table-container"],
    ["Formula", "div.math"],
    ["Code", "pre"],
  ];
  const counts = {};
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));

  function mark(part) {
    if (part.scrollWidth > part.clientWidth + 1) {
      part.tabIndex = 0;
      part.setAttribute("role", "region");
      part.setAttribute("aria-label", part.dataset.label);
    } else {
      part.removeAttribute("role");
      part.removeAttribute("aria-label");
    }
  }

  for (const [kind, selector] of kinds) {
    for (const part of document.querySelectorAll(`.bd-article :is(${selector})`)) {
      if (part.dataset.label || part.closest(".witness-scroll")) continue;
      counts[kind] = (counts[kind] ?? 0) + 1;
      part.dataset.label = `${kind} ${counts[kind]}, scrolls sideways`;
      watch.observe(part);
    }
  }
});
