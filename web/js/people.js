// Who stands behind the identifiers of users and agents. Names come when they are known; what is on the page already follows.
import { get } from "./api.js";
import { h } from "./dom.js";
import { currentUser } from "./session.js";

const isIdentifier = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** How many the server names at a time. */
const batchMax = 100;

/** By identifier: the person, or null for one who is not known. */
const known = new Map();
const wanted = new Set();
/** The elements that wait for a name, by identifier; weak, since pages go. */
const waiting = new Map();

/** A person or agent as an element; an identifier is shown short until its name is known, and when it has none. */
export function person(id) {
  if (!id) return h("span", {}, "–");
  const element = h("span", { title: id }, text(id));
  if (isIdentifier.test(id) && !known.has(id) && id !== currentUser()?.id) {
    if (!waiting.has(id)) waiting.set(id, []);
    waiting.get(id).push(new WeakRef(element));
    if (wanted.size === 0) queueMicrotask(() => ask().catch(() => {}));
    wanted.add(id);
  }
  return element;
}

/** People in a row, with commas between. */
export const people = (ids) => ids.flatMap((id, index) => index === 0 ? [person(id)] : [", ", person(id)]);

/** What one writes for a person or agent: the name where it is known. */
export function personToText(id) {
  if (id && id === currentUser()?.id) return currentUser().username;
  return known.get(id)?.name ?? id ?? "";
}

function text(id) {
  const me = currentUser();
  if (id === me?.id) return me.display_name || me.username;
  const found = known.get(id);
  if (found) return found.display_name || found.name;
  return isIdentifier.test(id) ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

async function ask() {
  const ids = [...wanted];
  wanted.clear();
  for (let at = 0; at < ids.length; at += batchMax) {
    const batch = ids.slice(at, at + batchMax);
    const { items } = await get(`/api/v1/people?${new URLSearchParams(batch.map((id) => ["id", id]))}`);
    for (const id of batch) known.set(id, null);
    for (const item of items) known.set(item.id, item);
    for (const id of batch) {
      for (const reference of waiting.get(id) ?? []) {
        const element = reference.deref();
        if (element) element.textContent = text(id);
      }
      waiting.delete(id);
    }
  }
}
