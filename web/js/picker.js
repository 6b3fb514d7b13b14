// A field in which one of many things is chosen by typing: a combobox with a listbox, as in the ARIA Authoring Practices Guide.
import { fill, h, uniqueID } from "./dom.js";

/** How long one does not type before the server is asked. */
const pause = 150;

/**
 * A field that holds the identifier of what was chosen: { element, input, value, set(id, text) }.
 *
 * `find(text, signal)` gives [{ id, name, note? }]; `onchange(id)` is called after a choice, with "" when the field was emptied.
 */
export function picker({ label, placeholder, find, onchange = () => {}, input = null }) {
  const field = input ?? h("input", { type: "text", "aria-label": label });
  for (const [name, value] of Object.entries({
    placeholder, autocomplete: "off", autocapitalize: "none", spellcheck: "false", role: "combobox", "aria-autocomplete": "list",
    "aria-expanded": "false",
  })) field.setAttribute(name, value);
  const list = h("ul", { id: uniqueID("offers"), class: "offers", role: "listbox", "aria-label": label, hidden: true });
  field.setAttribute("aria-controls", list.id);
  const state = { id: "", text: "" };
  let offers = [];
  let chosen = -1;
  let timer = null;
  let question = null;

  field.addEventListener("input", () => {
    close();
    if (field.value === "" && state.id) clear();
    timer = setTimeout(ask, pause);
  });
  field.addEventListener("focus", () => {
    field.select();
    ask();
  });
  field.addEventListener("click", () => list.hidden && ask());
  field.addEventListener("keydown", onkey);
  field.addEventListener("blur", settle);
  return {
    element: h("div", { class: "offers-place picker" }, field, list),
    input: field,
    get value() { return state.id; },
    set,
  };

  /** Shows what is chosen; the text stays until another one is set. */
  function set(id, text) {
    state.id = id;
    state.text = id ? text : "";
    if (document.activeElement !== field || !id) field.value = state.text;
  }

  async function ask() {
    clearTimeout(timer);
    question?.abort();
    question = new AbortController();
    const { signal } = question;
    const text = field.value.trim();
    try {
      const found = await find(text === state.text ? "" : text, signal);
      if (!signal.aborted && document.activeElement === field) show(found);
    } catch {
      // Without an answer nothing is offered; what is chosen stays.
    }
  }

  function show(found) {
    offers = found;
    chosen = -1;
    fill(list, found.length === 0 ? h("li", { class: "muted", role: "option", "aria-disabled": "true" }, "Nothing matches")
      : found.map((one) => h("li", {
        id: uniqueID("offer"), role: "option", "aria-selected": "false", "data-id": one.id,
        // The focus stays in the field.
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => accept(one),
      }, one.name, one.note ? h("span", { class: "muted small" }, ` ${one.note}`) : null)));
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
  }

  function close() {
    clearTimeout(timer);
    question?.abort();
    chosen = -1;
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function accept(one) {
    close();
    state.id = one.id;
    state.text = one.name;
    field.value = one.name;
    onchange(one.id, one);
  }

  /** What was typed and not chosen is no choice: emptied it means none, otherwise the last one comes back. */
  function settle() {
    close();
    if (field.value.trim() === "" && state.id) clear();
    else field.value = state.text;
  }

  function clear() {
    state.id = "";
    state.text = "";
    onchange("", null);
  }

  function choose(index) {
    const options = [...list.children];
    chosen = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    options[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function onkey(event) {
    if (event.key === "ArrowDown" && list.hidden) ask();
    else if (list.hidden || offers.length === 0) return;
    else if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Enter" && (chosen >= 0 || offers.length === 1)) accept(offers[Math.max(chosen, 0)]);
    else if (event.key === "Escape") close();
    else return;
    // Neither is the form sent, nor its window closed.
    event.preventDefault();
  }
}
