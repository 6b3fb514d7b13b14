// What projects and tasks are called, where only their identifiers are at hand. Each is asked for once, and named when it is known.
import { get } from "./api.js";
import { h } from "./dom.js";

const known = new Map();

/** The name of a project or task, for example name("projects", id); null when it is not there any more. */
export function nameOf(kind, id) {
  const path = `/api/v1/${kind}/${encodeURIComponent(id)}`;
  if (!known.has(path)) {
    const asked = get(path).then((body) => body.name, (error) => {
      // Only an answer is remembered; whoever could not be asked is asked again.
      if (error.status !== 404) known.delete(path);
      return null;
    });
    known.set(path, asked);
  }
  return known.get(path);
}

/** A link to a project or task, which bears the identifier's beginning until its name is known. */
export function namedLink(kind, id, attributes = {}) {
  const element = h("a", { ...attributes, href: `#/${kind}/${encodeURIComponent(id)}` }, shortID(id));
  nameOf(kind, id).then((name) => {
    if (name !== null) element.textContent = name;
  });
  return element;
}

export const shortID = (id) => `${id.slice(0, 8)}…${id.slice(-4)}`;
