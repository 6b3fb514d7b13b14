// Pieces that several views show: badges, empty states, faults, controls.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { words } from "./format.js";

const tones = {
  healthy: "good", running: "good", completed: "good", inactive: "neutral", active: "accent", ok: "good",
  degraded: "warn", pending: "warn", paused: "neutral", starting: "warn", restarting: "warn", waiting: "neutral",
  draining: "warn", unhealthy: "bad", firing: "bad", quarantined: "bad", cancelled: "neutral", ended: "neutral", err: "bad",
  critical: "bad", warning: "warn", info: "accent",
};

/** A word in a coloured capsule; the dot's shape and the word say it too, never the colour alone. */
export function badge(word, tone = tones[word] ?? "neutral", text = words(word)) {
  return h("span", { class: `badge tone-${tone}` }, h("span", { class: "dot", "aria-hidden": "true" }), text);
}

/** A project's status. A pending project waits for nothing bad, so it is no warning. */
export function projectBadge(status) {
  return badge(status, status === "pending" ? "neutral" : tones[status]);
}

export function emptyState(title, text, action) {
  return h("div", { class: "empty" }, h("h3", {}, title), h("p", {}, text), action);
}

export function loading(text = "Loading…") {
  return h("div", { class: "loading", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), text);
}

/** What went wrong, with a way to try again. */
export function fault(error, retry) {
  return h("div", { class: "fault", role: "alert" },
    icon("warning"),
    h("div", {}, h("strong", {}, "This could not be loaded."), h("p", {}, error.message)),
    retry ? h("button", { type: "button", class: "button", onclick: retry }, "Try again") : null);
}

/** A number beside a button's word; nothing when it is not known. */
export function amount(value) {
  return value === null ? null : h("span", { class: "amount" }, value.toLocaleString("en"));
}

/** A row of buttons of which one is chosen: [[value, text], …]. */
export function segments({ label, options, value, onchange }) {
  return h("div", { class: "segments", role: "group", "aria-label": label },
    options.map(([option, text]) => h("button", {
      type: "button",
      "data-key": `${label}-${option}`,
      "aria-pressed": String(option === value),
      onclick: () => onchange(option),
    }, text)));
}

export function card(attributes, title, tools, ...content) {
  return h("section", { ...attributes, class: `card ${attributes?.class ?? ""}` },
    h("header", { class: "card-header" }, h("h2", {}, title), tools),
    content);
}

export function pageHeader(title, ...tools) {
  return h("header", { class: "page-header" }, h("h1", { tabindex: "-1" }, title), h("div", { class: "page-tools" }, tools));
}

/** A name in CamelCase or snake_case that may break between its words, and nowhere else while there is room. */
export function breakable(name) {
  return name.split(/(?<=[a-z])(?=[A-Z])|(?<=[_:])/).flatMap((part, index) => index ? [h("wbr"), part] : [part]);
}

/** Labels as small tokens. */
export function labelList(labels, without = []) {
  const pairs = Object.entries(labels).filter(([name]) => !without.includes(name));
  if (pairs.length === 0) return null;
  return h("ul", { class: "labels" }, pairs.map(([name, value]) =>
    h("li", {}, h("span", { class: "label-name" }, name), h("span", {}, value))));
}
