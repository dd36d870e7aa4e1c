// Predictions: a choice or a typed answer, then the look. What a reader said stays in this browser.
"use strict";

const plain = (text) => text.toLowerCase().replace(/[\s`'"×,]/g, "");
const stored = (use) => {
  try {
    return use(localStorage);
  } catch {
    return null; // for this page only
  }
};

for (const box of document.querySelectorAll(".witness-predict")) {
  const { look, right, answer = "", within } = box.dataset;
  const fold = document.getElementById(look);
  const list = box.querySelector(".witness-choices");
  const key = `predict ${location.pathname} ${box.textContent}`;
  const form = document.createElement("form");
  form.innerHTML = `<label>Your answer <input name=say autocomplete=off required></label>
    <button>Check</button> <button type=reset>Forget</button> <output></output>`;
  const output = form.lastChild;
  const texts = [...(list?.children ?? [])].map((item) => {
    const label = document.createElement("label");
    const text = item.textContent.trim();
    label.innerHTML = "<input type=radio name=say required>";
    label.firstChild.value = text;
    label.append(...item.childNodes);
    item.append(label);
    return text;
  });
  if (list) form.firstChild.replaceWith(list);
  box.append(form);

  const tell = (say) => {
    const [one, other] = [say, answer].map((text) => parseFloat(plain(text)));
    const good = list ? texts[right] === say : plain(say) === plain(answer) || Math.abs(one - other) <= within * Math.abs(other);
    output.textContent = good ? "✓ Right: look below." : "✗ Not so: look below.";
    box.dataset.said = good;
    fold.open = true;
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const say = form.elements.say.value.trim();
    tell(say);
    stored((store) => store.setItem(key, say));
  };
  form.onreset = () => {
    output.textContent = "";
    delete box.dataset.said;
    fold.open = false;
    stored((store) => store.removeItem(key));
  };
  const before = stored((store) => store.getItem(key));
  if (before) {
    form.elements.say.value = before;
    tell(before);
  }
}
