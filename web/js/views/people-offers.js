// Names of people beneath a field while one types: a combobox with a listbox, as in the ARIA Authoring Practices Guide.
import { get } from "../api.js";
import { fill, h, uniqueID } from "../dom.js";

/** How long one does not type before the server is asked. */
const pause = 150;
const offersMax = 8;

/** Wraps an input, which offers users, and agents too where `many` names stand in it, separated by commas. */
export function offerPeople(input, label, { many = false } = {}) {
  const list = h("ul", { id: uniqueID("offers"), class: "offers", role: "listbox", "aria-label": label, hidden: true });
  let chosen = -1;
  let timer = null;
  let question = null;
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) {
    input.setAttribute(name, value);
  }
  input.addEventListener("input", () => {
    close();
    timer = setTimeout(() => ask().catch(() => {}), pause);
  });
  input.addEventListener("keydown", onkey);
  input.addEventListener("blur", close);
  return h("div", { class: "offers-place" }, input, list);

  /** Where the name begins that is being typed. */
  function start() { return many ? input.value.lastIndexOf(",") + 1 : 0; }

  async function ask() {
    const text = input.value.slice(start()).trim();
    if (!text) return;
    question = new AbortController();
    const { signal } = question;
    // Without an answer the field still takes what is typed.
    const { items } = await get(`/api/v1/people?${new URLSearchParams({ q: text, limit: "20" })}`, { signal });
    if (!signal.aborted) show(items.filter(({ kind }) => many || kind === "user").slice(0, offersMax));
  }

  function show(people) {
    fill(list, people.map((one) => h("li", {
      id: uniqueID("offer"),
      role: "option",
      "aria-selected": "false",
      "data-name": one.name,
      // The focus stays in the field.
      onpointerdown: (event) => event.preventDefault(),
      onclick: () => accept(one.name),
    }, one.name, one.display_name === one.name ? null : h("span", { class: "muted small" }, ` ${one.display_name}`))));
    list.hidden = people.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (!list.hidden) list.scrollIntoView({ block: "nearest" });
  }

  function close() {
    clearTimeout(timer);
    question?.abort();
    chosen = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    const options = [...list.children];
    chosen = (index + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    options[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[chosen].id);
  }

  function accept(name) {
    const before = input.value.slice(0, start());
    input.value = many ? `${before}${before ? " " : ""}${name}, ` : name;
    close();
  }

  function onkey(event) {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Enter" && chosen >= 0) accept(list.children[chosen].dataset.name);
    else if (event.key === "Escape") close();
    else return;
    // Neither is the form sent, nor its window closed.
    event.preventDefault();
  }
}
