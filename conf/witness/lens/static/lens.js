// The lens: what is pointed at in one pane lights up, by line and column, with all that belongs to it in every pane.
"use strict";
(() => {
  function start(root) {
    const [places, stages] = JSON.parse(root.querySelector(":scope > script").textContent);
    const panes = [...root.querySelectorAll(".lens-text")];
    const status = root.querySelector(".lens-status");
    const titles = panes.map((pane) => pane.parentNode.querySelector("b").textContent);
    // Pane 0 is the source: its units are places. Those of the others are operations. Last come the kernels' rows.
    const elements = panes.map(() => new Map());
    const units = panes.map(() => []);
    const rows = [...root.querySelectorAll("[data-kernel]")];
    const at = Array.from({ length: places }, () => stages.map(() => []));
    const members = rows.map(() => []);
    stages.forEach((stage, s) =>
      stage.forEach(([held, , kernel], o) => {
        held.forEach((place) => at[place][s].push(o));
        if (kernel !== undefined && members[kernel]) members[kernel].push([s + 1, o]);
      })
    );
    const add = (pane, unit, element) => {
      if (!elements[pane].has(unit)) elements[pane].set(unit, []);
      elements[pane].get(unit).push(element);
    };
    panes.forEach((pane, p) => {
      pane.querySelectorAll(p ? "[data-o]" : "[data-p]").forEach((element) => {
        if (p) add(p, +element.dataset.o, element);
        else element.dataset.p.split(" ").forEach((place) => add(0, +place, element));
      });
      const own = p ? (e) => +e.dataset.o : (e) => parseInt(e.dataset.p);
      const seen = new Set();
      pane.querySelectorAll("[data-o], [data-p]").forEach((element) => {
        if (seen.has(own(element))) return;
        seen.add(own(element));
        units[p].push(element);
        element.tabIndex = -1;
        element.setAttribute("role", "button");
      });
      if (units[p].length) {
        units[p][0].tabIndex = 0;
        pane.removeAttribute("tabindex"); // what scrolls is reached by what is in it
      }
    });
    rows.forEach((row) => (row.tabIndex = 0));

    let pinned = null;
    let shown = null;
    let marked = [];

    // What belongs to a unit: for each pane the same operation, and what else comes from the same place.
    function related(pane, unit) {
      const same = panes.map(() => new Set());
      const near = panes.map(() => new Set());
      if (pane === 0) {
        same[0].add(unit);
        at[unit].forEach((found, s) => found.forEach((o) => same[s + 1].add(o)));
      } else if (pane > 0) {
        const [held, names, kernel] = stages[pane - 1][unit];
        held.forEach((place) => {
          same[0].add(place);
          at[place].forEach((found, s) => {
            found.forEach((o) => (stages[s][o][1].some((n) => names.includes(n)) ? same : near)[s + 1].add(o));
          });
        });
        near.forEach((found, p) => {
          if (p && p !== pane && !same[p].size) [same[p], near[p]] = [found, same[p]];
        });
        // What is part of the same kernel says so, where a stage knows kernels.
        const parts = kernel === undefined ? [] : members[kernel] ?? [];
        new Set(parts.map(([p]) => p)).forEach((p) => {
          if (p === pane && !panes[pane].closest(".lens-code")) return;
          const own = parts.filter(([other]) => other === p).map(([, o]) => o);
          near[p] = new Set([...same[p], ...near[p]].filter((o) => !own.includes(o)));
          same[p] = new Set(own);
        });
        if (pane < panes.length) same[pane].add(unit);
      } else {
        members[unit].forEach(([p, o]) => {
          same[p].add(o);
          stages[p - 1][o][0].forEach((place) => {
            same[0].add(place);
            at[place].forEach((found, s) => s + 1 !== p && found.forEach((o) => near[s + 1].add(o)));
          });
          stages.forEach((stage, s) => {
            if (s + 1 === p) return;
            stages[p - 1][o][0].forEach((place) =>
              at[place][s].forEach((other) => {
                if (stage[other][1].some((n) => stages[p - 1][o][1].includes(n))) same[s + 1].add(other);
              })
            );
          });
        });
      }
      return [same, near];
    }

    function clear() {
      marked.forEach((element) => element.classList.remove("lens-same", "lens-near", "lens-here"));
      marked = [];
      shown = null;
      status.textContent = "";
    }

    function mark(element, name) {
      element.classList.add(name);
      marked.push(element);
    }

    function show(pane, unit, from) {
      if (shown && shown[0] === pane && shown[1] === unit) return;
      const [same, near] = related(pane, unit);
      const told = [];
      const firsts = [];
      panes.forEach((text, p) => {
        let first = null;
        same[p].forEach((o) => {
          const found = elements[p].get(o)?.[0];
          if (found && (!first || found.compareDocumentPosition(first) & 4)) first = found;
        });
        if (first && text !== from?.closest(".lens-text")) firsts.push([text, first]);
        if (p && p !== pane) told.push(`${titles[p]} ${same[p].size}`);
      });
      const moves = hidden(firsts); // asked before anything is written, so that nothing is laid out for it
      clear();
      shown = [pane, unit];
      panes.forEach((_, p) => {
        near[p].forEach((o) => same[p].has(o) || elements[p].get(o)?.forEach((e) => mark(e, "lens-near")));
        same[p].forEach((o) => elements[p].get(o)?.forEach((e) => mark(e, "lens-same")));
      });
      const kernel = pane > 0 ? stages[pane - 1][unit][2] : pane < 0 ? unit : undefined;
      if (kernel !== undefined && rows[kernel]) mark(rows[kernel], "lens-same");
      if (from) mark(from, "lens-here");
      move(moves);
      const now = shown;
      if (moves.length)
        requestAnimationFrame(() => now === shown && move(hidden(moves.map(([text, , first]) => [text, first]))));
      status.textContent = `${words(pane, unit, same)} Lit: ${told.join(", ")}.`;
    }

    // The panes whose first lit part is out of view, and where they are to be; what has been drawn has its true size.
    function hidden(firsts) {
      return firsts.flatMap(([text, first]) => {
        const inside = text.getBoundingClientRect();
        const there = first.getBoundingClientRect();
        const out = there.top < inside.top || there.bottom > inside.bottom;
        return out ? [[text, text.scrollTop + there.top - inside.top - inside.height / 3, first]] : [];
      });
    }

    function move(moves) {
      moves.forEach(([text, top]) => (text.scrollTop = top));
    }

    // The status in words: nothing is told by colour alone.
    function words(pane, unit, same) {
      const spots = [...same[0]].map(spot).filter(Boolean);
      const from = spots.length ? spots.slice(0, 4).join("; ") + (spots.length > 4 ? "; …" : "") : "no line of the source";
      if (pane === 0) return `Source, ${from}.`;
      if (pane < 0) return `Kernel ${rows[unit].querySelector("th").textContent}, from ${from}.`;
      const head = elements[pane].get(unit)[0].textContent.trim().split("\n")[0];
      return `${titles[pane]}, ${head.length > 60 ? head.slice(0, 59) + "…" : head}, from ${from}.`;
    }

    function spot(place) {
      const found = elements[0].get(place);
      if (!found) return "";
      const line = (e) => e.closest("[data-n]");
      const [first, last] = [found[0], found[found.length - 1]];
      const column = (e) => {
        const range = document.createRange();
        range.setStart(line(e), 0);
        range.setEndBefore(e);
        return range.toString().length + 1;
      };
      const end = column(last) + last.textContent.length - 1;
      return line(first) === line(last)
        ? `line ${line(first).dataset.n}, columns ${column(first)}–${end}`
        : `line ${line(first).dataset.n}, column ${column(first)} to line ${line(last).dataset.n}, column ${end}`;
    }

    function unitOf(target) {
      const element = target.closest?.("[data-o], [data-p], [data-kernel]");
      if (!element || !root.contains(element)) return null;
      const { o, p, kernel } = element.dataset;
      if (kernel !== undefined) return [-1, +kernel, element];
      const pane = panes.indexOf(element.closest(".lens-text"));
      return pane < 0 ? null : [pane, o === undefined ? parseInt(p) : +o, element];
    }

    function pin(found) {
      if (pinned) pinned.removeAttribute("aria-pressed");
      const again = !found || pinned === found[2];
      pinned = again ? null : found[2];
      if (again) return;
      if (found[0] >= 0) pinned.setAttribute("aria-pressed", "true");
      shown = null;
      show(...found);
    }

    function go(pane, unit) {
      const own = pane ? (e) => +e.dataset.o : (e) => parseInt(e.dataset.p);
      const element = units[pane].find((e) => own(e) === unit);
      element?.focus({ preventScroll: false });
      return Boolean(element);
    }

    root.addEventListener("pointerover", (event) => {
      if (pinned || event.pointerType === "touch") return;
      const found = unitOf(event.target);
      if (found) show(...found);
    });
    root.addEventListener("pointerleave", () => pinned || root.contains(document.activeElement) || clear());
    root.addEventListener("focusin", (event) => {
      const found = unitOf(event.target);
      if (!found) return;
      if (pinned && pinned !== found[2]) pin(null);
      if (found[0] >= 0) {
        units[found[0]].forEach((e) => e.tabIndex === 0 && (e.tabIndex = -1));
        found[2].tabIndex = 0;
      }
      show(...found);
    });
    root.addEventListener("focusout", (event) => pinned || root.contains(event.relatedTarget) || clear());
    root.addEventListener("click", (event) => {
      const found = unitOf(event.target);
      if (found && getSelection().isCollapsed) pin(found);
    });
    root.addEventListener("keydown", (event) => {
      const found = unitOf(event.target);
      if (!found || event.ctrlKey || event.metaKey || event.altKey) return;
      const [pane, unit, element] = found;
      const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Escape") {
        pin(null);
        clear();
      } else if (event.key === "Enter" || event.key === " ") pin(found);
      else if (pane >= 0 && (event.key === "Home" || event.key === "End"))
        units[pane].at(event.key === "Home" ? 0 : -1).focus();
      else if (pane >= 0 && step && event.key.match(/Up|Down/)) {
        const index = units[pane].indexOf(units[pane].find((e) => e === element) ?? element);
        units[pane][index + step]?.focus();
      } else if (step && event.key.match(/Left|Right/)) {
        const [same, near] = related(pane, unit);
        for (let p = pane + step; p >= 0 && p < panes.length; p += step) {
          if ([...same[p]].sort((a, b) => a - b).some((o) => go(p, o)) || [...near[p]].some((o) => go(p, o))) break;
        }
      } else if (pane < 0 && step) rows[unit + step]?.focus();
      else return;
      event.preventDefault();
    });
    root.classList.add("lens-ready");
  }

  const all = () => document.querySelectorAll(".witness-lens:not(.lens-ready, .witness-steps)").forEach(start);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", all);
  else all();
})();
