// The search: sections of the book, best first, with the words in their sentence; each result leads to its section.
"use strict";

// What readers say, and what the book says.
const SYNONYMS = {
  recompile: ["retrace", "retraces", "retraced", "cache miss"],
  recompiles: ["recompile", "retrace", "retraces", "cache miss"],
  recompiled: ["recompile", "retraced", "cache miss"],
  recompilation: ["retrace", "retracing", "cache miss"],
  recompiling: ["retrace", "retracing", "cache miss"],
  retrace: ["recompile", "cache miss"],
  compiles: ["retrace", "recompile", "cache miss"],
  compiled: ["retrace", "recompile", "cache miss"],
  warmup: ["first call", "first calls"],
  benchmark: ["timeit", "benchmarking", "measure", "measuring"],
  benchmarking: ["timeit", "benchmark", "measuring"],
  profile: ["profiler", "timeit", "measuring"],
  profiling: ["profiler", "timeit", "measuring"],
  speed: ["time", "faster"],
  slow: ["time", "cost", "costs"],
  gpu: ["device", "accelerator"],
  tpu: ["device", "accelerator"],
  cuda: ["device", "accelerator", "gpu"],
  nan: ["debug_nans", "not a number", "debugging"],
  inf: ["debug_nans", "debugging"],
  donate: ["memory donation", "donation", "donated", "donate_argnums"],
  donating: ["memory donation", "donation", "donated", "donate_argnums"],
  sharding: ["sharded jit", "sharded"],
  jit: ["what jit does"],
  "jax.jit": ["what jit does"],
  "lax.scan": ["scan", "loops"],
  "jax.lax.scan": ["scan", "loops"],
  print: ["jax.debug.print", "side effects"],
  printing: ["prints", "jax.debug.print"],
  gradients: ["gradient", "grad"],
  if: ["lax.cond", "control flow"],
  else: ["lax.cond", "control flow"],
  for: ["fori_loop", "scan", "loops"],
  loop: ["fori_loop", "scan", "while_loop", "loops"],
  jaxpr: ["reading jaxpr"],
  aot: ["ahead of time", "lower"],
  hlo: ["stablehlo", "lowered"],
  unhashable: ["hashable", "static"],
  memory: ["bytes", "donation"],
  async: ["dispatch", "block_until_ready"],
  asynchronous: ["dispatch", "block_until_ready"],
  multi: ["sharded", "devices"],
  distributed: ["sharding", "sharded"],
  parallel: ["sharding", "sharded"],
  multicore: ["cores"],
  multithreading: ["threads"],
  threading: ["threads"],
  thread: ["threads"],
  closure: ["captured"],
  string: ["text"],
  callable: ["function"],
  nested: ["inside", "inner"],
  prng: ["random key"],
  prngkey: ["random key"],
  leak: ["clear_caches", "leaked"],
  options: ["arguments"],
  numpy: ["jnp"],
  dtype: ["type", "float32", "weak"],
  float64: ["numerics", "enable_x64"],
  x64: ["numerics", "enable_x64", "float64"],
  fori_loop: ["loops"],
  while_loop: ["loops"],
  scan: ["loops"],
  donate_argnums: ["donation"],
  static_argnums: ["static arguments"],
  static_argnames: ["static arguments"],
};
const EMPTY = new Set("a an and are as at be by can do does how i in is it my of on or that the this to was what when where which why with".split(" "));
const FIELDS = ["title", "page", "slug", "text", "names", "errors"];
const WEIGHTS = { title: 5, page: 3, slug: 3, errors: 3, text: 1, names: 0.4, shown: 0.4 };

const split = (text) => text.toLowerCase().match(/[a-z_][\w.]*\w|\w+/g) ?? [];
// A dotted name is found by itself, by its parts, by its end, and by the parts of a name in one word.
const pieces = (text) =>
  (text.match(/[A-Za-z_][\w.]*\w|\w+/g) ?? []).flatMap((name) => {
    const parts = name.split(".");
    const humps = parts.flatMap((part) => part.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? []);
    const ends = parts.map((_, i) => parts.slice(i).join("."));
    const all = [name, ...(parts.length > 1 ? [...ends, ...parts] : []), ...(humps.length > 1 ? humps : [])];
    return [...new Set(all.map((part) => part.toLowerCase()))];
  });

// The words of a text that say something, one blank between them.
const telling = (text) => split(text).filter((word) => !EMPTY.has(word)).join(" ");

let index;
let documents;

function build(withOutputs) {
  documents = sections.map(([address, at, page, title, text, names, errors], id) => ({
    id, address, at, page, title, text, names, errors,
    slug: at ? "" : address.replace(/.*\/|\.html$/g, "").replaceAll("-", " "),
    named: `${title.toLowerCase()} ${telling(title)}`,
    said: `${text.toLowerCase()} ${telling(text)}`,
    shown: withOutputs ? outputs[id] : "",
  }));
  index = new MiniSearch({
    fields: withOutputs ? [...FIELDS, "shown"] : FIELDS,
    tokenize: pieces,
    searchOptions: { tokenize: split, boost: WEIGHTS },
  });
  index.addAll(documents);
}

// Where a thing is shown comes before where it is only defined or summed up.
function boostDocument(id) {
  const { at } = documents[id];
  return at.startsWith("term-") ? 0.4 : at === "takeaway" ? 0.6 : 1;
}

// Words that stand beside one another count for more, most of all in a title.
function byPhrase(results, phrases) {
  for (const result of results) {
    const { named, said } = documents[result.id];
    for (const phrase of phrases) {
      if (named.includes(phrase)) result.score *= 2;
      else if (said.includes(phrase)) result.score *= 1.3;
    }
  }
  return results.sort((one, other) => other.score - one.score);
}

// All of the words, each as it is or as the book says it; if no section has them all, as many as possible.
function search(query) {
  const words = split(query.replace(/warm-?\s?up/gi, "warmup").replace(/(\w)-(\w)/g, "$1 $2"));
  const meant = words.filter((word) => !EMPTY.has(word));
  const terms = meant.length ? meant : words;
  const asked = terms.map((word) => ({
    combineWith: "OR",
    queries: [
      { queries: [word], prefix: word.length > 2, fuzzy: word.length > 5 ? 0.15 : 0, boost: WEIGHTS },
      ...(SYNONYMS[word] ?? []).map((other) => ({
        queries: [other], combineWith: "AND", boost: Object.fromEntries(Object.entries(WEIGHTS).map(([k, v]) => [k, v * 0.5])),
      })),
    ],
  }));
  const all = index.search({ combineWith: "AND", queries: asked }, { boostDocument });
  const found = all.length || terms.length === 1 ? all : index.search({ combineWith: "OR", queries: asked }, { boostDocument });
  const phrases = [...terms.slice(1).map((word, i) => `${terms[i]} ${word}`), ...terms.flatMap((word) => SYNONYMS[word] ?? [])];
  return byPhrase(found, phrases.filter((phrase) => phrase.includes(" ")));
}

// The words of the page that answered, longest first, for the marks here and there.
function hits(result) {
  const long = result.terms.filter((term) => term.length > 1);
  return [...new Set(long)].sort((one, other) => other.length - one.length);
}

function excerpt(text, words) {
  const pattern = new RegExp(`(?:${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
  const first = words.length ? text.search(pattern) : -1;
  let start = Math.max(0, first - 90);
  if (start) {
    const sentence = text.slice(start, first).search(/[.?!] /);
    start = sentence >= 0 ? start + sentence + 2 : text.indexOf(" ", start) + 1;
  }
  let end = Math.min(text.length, start + 220);
  if (end < text.length) end = text.lastIndexOf(" ", end);
  const paragraph = document.createElement("p");
  paragraph.append(start ? "… " : "");
  let last = start;
  if (words.length) {
    for (const hit of text.slice(start, end).matchAll(pattern)) {
      const mark = document.createElement("mark");
      mark.textContent = hit[0];
      paragraph.append(text.slice(last, start + hit.index), mark);
      last = start + hit.index + hit[0].length;
    }
  }
  paragraph.append(text.slice(last, end), end < text.length ? " …" : "");
  return paragraph;
}

function item(result) {
  const { address, at, page, title, text, errors, names, shown } = documents[result.id];
  const words = hits(result);
  const link = document.createElement("a");
  link.href = `${address}?highlight=${encodeURIComponent(words.join(" "))}${at ? `#${at}` : ""}`;
  link.textContent = title;
  const where = document.createElement("span");
  where.className = "where";
  where.textContent = at ? ` ${page}` : "";
  const has = (field) => words.some((word) => field.toLowerCase().includes(word));
  const best = [text, errors, shown].find(has) ?? (has(names) ? `In the code: ${names.replaceAll(" ", ", ")}` : text);
  const entry = document.createElement("li");
  entry.append(link, where, excerpt(best, words));
  return entry;
}

function show(query) {
  const told = document.querySelector("#told");
  const list = document.querySelector("#found");
  const results = query.trim() ? search(query) : [];
  list.replaceChildren(...results.slice(0, 30).map(item));
  const count = results.length > 30 ? "The best 30 of " + results.length : results.length;
  told.textContent = !query.trim() ? "" : results.length ? `${count} section${results.length > 1 ? "s" : ""}` : "No section has these words.";
}

function outputsLoaded() {
  return new Promise((resolve, reject) => {
    if (self.outputs) return resolve();
    const script = document.createElement("script");
    script.src = document.querySelector('script[src*="search-data.js"]').src.replace("search-data.js", "search-outputs.js");
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

async function start() {
  const form = document.querySelector(".find");
  const asked = new URLSearchParams(location.search);
  const update = async () => {
    const also = form.outputs.checked;
    if (also) await outputsLoaded();
    build(also);
    show(form.q.value);
  };
  form.hidden = false;
  form.q.value = asked.get("q") ?? "";
  form.outputs.checked = asked.has("outputs");
  form.outputs.addEventListener("change", update);
  form.q.addEventListener("input", () => {
    show(form.q.value);
    history.replaceState(null, "", `?${new URLSearchParams(new FormData(form))}`);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  await update();
  if (!form.q.value) form.q.focus();
}

addEventListener("DOMContentLoaded", start);
