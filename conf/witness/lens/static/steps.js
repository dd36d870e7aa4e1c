// A trace step by step: the list drives the panes. What is written later is not on the screen yet.
"use strict";
(() => {
  function start(root) {
    const steps = JSON.parse(root.querySelector(":scope > script").textContent);
    const list = root.querySelector(".steps-list");
    const items = [...list.children];
    const parts = (name) => {
      const found = new Map();
      root.querySelectorAll(`[data-${name}]`).forEach((e) =>
        e.dataset[name].split(" ").forEach((n) => found.set(+n, [...(found.get(+n) ?? []), e]))
      );
      return found;
    };
    const [places, equations] = [parts("p"), parts("o")];
    const later = (k, hidden) => equations.get(steps[k][1])?.forEach((e) => e.classList.toggle("steps-later", hidden));
    const ending = []; // what the jaxpr returns is known at the end
    let row = [...root.querySelectorAll("[data-o]")].pop()?.closest("[data-n]");
    while ((row = row?.nextElementSibling)) ending.push(row);
    const bar = root.querySelector(".steps-bar");
    const status = document.createElement("span");
    let now = steps.length - 1;
    let marked = [];

    function view(element) {
      const box = element?.closest(".lens-text, .steps-list");
      if (!box) return;
      const [inside, there] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
      if (there.top < inside.top || there.bottom > inside.bottom)
        box.scrollTop += there.top - inside.top - inside.height / 3;
    }

    function go(to, focus) {
      to = Math.max(0, Math.min(steps.length - 1, to));
      for (let k = now; k > to; k--) later(k, true);
      for (let k = now; k <= to; k++) later(k, false);
      ending.forEach((e) => e.classList.toggle("steps-later", to < steps.length - 1));
      marked.forEach((e) => e.classList.remove("lens-same"));
      items[now].tabIndex = -1;
      items[now].setAttribute("aria-selected", "false");
      now = to;
      items[now].tabIndex = 0;
      items[now].setAttribute("aria-selected", "true");
      marked = [...(places.get(steps[now][0]) ?? []), ...(equations.get(steps[now][1]) ?? [])];
      marked.forEach((e) => e.classList.add("lens-same"));
      [places.get(steps[now][0])?.[0], equations.get(steps[now][1])?.[0], items[now]].forEach(view);
      if (focus) items[now].focus({ preventScroll: true });
      status.textContent = `Step ${now + 1} of ${steps.length}`;
    }

    const moves = { First: () => 0, Back: () => now - 1, Next: () => now + 1, Last: () => steps.length - 1 };
    for (const [name, to] of Object.entries(moves)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.onclick = () => go(to());
      bar.append(button);
    }
    status.setAttribute("role", "status");
    bar.append(status);
    list.setAttribute("role", "listbox");
    list.removeAttribute("tabindex");
    items.forEach((item, k) => {
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.tabIndex = -1;
      item.onclick = () => go(k, true);
      later(k, true);
    });
    const keys = { ArrowDown: "Next", ArrowRight: "Next", ArrowUp: "Back", ArrowLeft: "Back", Home: "First", End: "Last" };
    list.addEventListener("keydown", (event) => {
      const move = moves[keys[event.key]];
      if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
      go(move(), true);
      event.preventDefault();
    });
    now = 0;
    go(0);
    root.classList.add("lens-ready");
  }

  const all = () => document.querySelectorAll(".witness-steps:not(.lens-ready)").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
})();
