// Reads what JAX logged about cache misses, where the page has the table of causes: each cause that `causesOf` names is
// a section of the page, and its row in the table says what it is called and which page has more. Nothing is sent.
"use strict";

(() => {
  const LOGGED = /TRACING CACHE MISS at|PERSISTENT COMPILATION CACHE MISS for/g;
  const TYPE = /^(\S+?)\[([^\]]*)\]/;
  const NOTHING =
    "No message of JAX in this text. One begins with TRACING CACHE MISS or PERSISTENT COMPILATION CACHE MISS.";

  const withoutAxes = (dimensions) => dimensions.replace(/@[^,]*/g, "");

  function causeOfType(now, before) {
    const [one, other] = [now, before].map((type) => TYPE.exec(type));
    if (!one || !other || one[1] !== other[1]) return "another-dtype";
    if (withoutAxes(one[2]) !== withoutAxes(other[2])) return "another-shape";
    return now.includes("weak_type=") ? "a-python-number-then-an-array" : "another-sharding";
  }

  function causeOfStructure(path, now, before) {
    const fixed = [now, before].filter((side) => side.includes("tree_util.Static"));
    if (fixed.length === 2) return "another-static-value";
    if (fixed.length === 1) return "jitted-again-with-other-options";
    if (/^\[[01]\]$/.test(path)) return "the-call-was-written-another-way";
    const ours = now.includes("pytree metadata") && !/^<class '(dict|collections\.)/.test(now);
    return ours ? "another-static-field" : "another-container";
  }

  // Pairs of a cause, named by its section, and the words of the message that show it.
  function causesOf(message) {
    if (message.startsWith("PERSISTENT")) {
      const reason = /Not writing persistent cache entry.*?((?:because|since) .*)|(Writing \S+ to persistent)/.exec(message);
      const kept = reason?.[2] ? "written now" : reason ? `not written ${reason[1]}` : "";
      return [["nothing-in-the-persistent-cache", kept]];
    }
    if (message.includes("never seen function")) {
      const again = message.includes("defined on the same line");
      return [[again ? "a-new-function-in-each-iteration" : "a-first-call", ""]];
    }
    if (/tracing context/i.test(message)) {
      return [["another-setting", (message.match(/^ *\* (.* differs: .*)$/m) ?? ["", ""])[1]]];
    }
    if (message.includes("Debug info doesn't match")) return [["jitted-again-with-other-options", ""]];
    if (/explanation unavailable|value of static args/.test(message)) return [["another-static-value", ""]];
    const structures = [...message.matchAll(/^.*\* at input path (\S+), now (.*) and before (.*), so (.*)$/gm)];
    if (structures.length) {
      const [, path, now, before, so] = structures[0];
      return [[causeOfStructure(path, now, before), `${path}: ${so}`]];
    }
    const types = [...message.matchAll(/^.*\* at (\S+), now (.*) and before (.*?)(?:https:.*)?$/gm)];
    if (!types.length) return [["", ""]];
    return types.map(([, name, now, before]) => [causeOfType(now, before), `${name}: now ${now}, before ${before}`]);
  }

  function read(text) {
    const starts = [...text.matchAll(LOGGED)].map((match) => match.index);
    const found = new Map();
    starts.forEach((start, i) => {
      const message = text.slice(start, starts[i + 1] ?? text.length);
      const name = (/^\s+(?:for )?(\S+)(?: id=\d+)? defined at/m.exec(message) ?? /MISS for '(?:jit_)?([^']+)'/.exec(message))?.[1];
      const place = /MISS at (.+?):\s*$/m.exec(message)?.[1];
      for (const [cause, words] of causesOf(message)) {
        const key = [name, place, cause, words].join("\n");
        found.set(key, { name, place, cause, words, times: (found.get(key)?.times ?? 0) + 1 });
      }
    });
    return [...found.values()];
  }

  function line({ name, place, cause, words, times }, rows) {
    const item = document.createElement("li");
    const part = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
    item.append(part("code", name ?? "a function"), place ? ` at ${place}` : "", times > 1 ? `, ${times} times: ` : ": ");
    const row = rows.get(cause);
    if (!row) {
      item.append("this page does not know the message; compare its last lines with the table.");
      return item;
    }
    item.append(row.cause.cloneNode(true), words ? ` (${words})` : "", ". More: ", row.more.cloneNode(true));
    return item;
  }

  const table = document.querySelector("#what-jax-logs-and-what-it-means table");
  if (!table) return;
  const rows = new Map();
  for (const row of table.tBodies[0].rows) {
    const [cause, more] = [row.cells[1], row.cells[2]].map((cell) => cell.querySelector("a"));
    rows.set(cause.hash.slice(1), { cause, more });
  }
  const box = document.createElement("div");
  box.className = "recompile-box";
  box.innerHTML = `<label for="recompile-log">Paste what JAX logged. It is read here, in this page, and nothing is sent.</label>
    <textarea id="recompile-log" rows="6" spellcheck="false" autocomplete="off"></textarea>
    <button type="button">Try it with the first message of this page</button>
    <ul aria-live="polite" aria-label="What the messages mean"></ul>`;
  const [area, button, list] = ["textarea", "button", "ul"].map((tag) => box.querySelector(tag));
  const show = () => {
    const lines = read(area.value).map((found) => line(found, rows));
    const nothing = Object.assign(document.createElement("li"), { textContent: NOTHING });
    list.replaceChildren(...(lines.length || !area.value.trim() ? lines : [nothing]));
  };
  area.addEventListener("input", show);
  button.addEventListener("click", () => {
    area.value = document.querySelector(".cell_output pre").textContent;
    show();
  });
  (table.closest(".scrolls") ?? table).before(box);
})();
