// Builds elements. Text always becomes a text node, so nothing that the server sends is ever read as HTML.

/**
 * h("button", { class: "button", onclick: save }, "Save")
 *
 * Attributes: "on…" functions are listeners, true and false are boolean attributes, null and undefined are left out.
 * "value" and "checked" are set as properties. Children may be nodes, texts, numbers, lists of those, or null.
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(parent, child);
    else parent.append(child instanceof Node ? child : String(child));
  }
}

/** Replaces everything inside an element. */
export function fill(parent, ...children) {
  const fragment = document.createDocumentFragment();
  append(fragment, children);
  parent.replaceChildren(fragment);
}

let lastID = 0;

/** An identifier that no other element has, for labels and descriptions. */
export function uniqueID(stem) {
  lastID += 1;
  return `${stem}-${lastID}`;
}

/** Replaces content and keeps the focus on the element with the same data-key, when there is one. */
export function fillKeepingFocus(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  fill(parent, ...children);
  if (focused) parent.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
