// <time> elements that keep their relative text up to date.
import { absoluteTime, parseTime, relativeTime } from "./format.js";
import { h } from "./dom.js";

const every = 10_000;

/** "3 minutes ago", with the absolute time as its title; a dash for no time. */
export function timeElement(value) {
  const date = value instanceof Date ? value : parseTime(value);
  if (!date) return h("span", { class: "muted" }, "–");
  return h(
    "time",
    { datetime: date.toISOString(), title: absoluteTime(date), "data-relative": true },
    relativeTime(date),
  );
}

setInterval(() => {
  if (document.hidden) return;
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-relative]")) {
    const text = relativeTime(new Date(element.dateTime), now);
    if (element.textContent !== text) element.textContent = text;
  }
}, every);
