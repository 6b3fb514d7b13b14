// Where the reader left the tasks, so that coming back from one of them leads there again.
import { address } from "../../router.js";

let place = null;

/** Remembers view and filters, how many rows there were, and how far the page was scrolled. */
export function leaveAt(state, count, top) { place = { state, count, top }; }

/** The address of the tasks as they were left. */
export const tasksAddress = () => address(["tasks"], place?.state ?? {});

/** { id, count, top } when the reader comes from a task of the list with these filters; null otherwise. */
export function returnTo(state, from) {
  const [view, id] = (from ?? "").split("/");
  if (view !== "tasks" || !id || !place || JSON.stringify(place.state) !== JSON.stringify(state)) return null;
  return { id, count: place.count, top: place.top };
}
