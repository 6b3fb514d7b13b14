// The colour theme: the system's, unless the user chose one.
import { read, write } from "./storage.js";

const key = "theme";
const listeners = new Set();
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

systemIsDark.addEventListener("change", notify);

function notify() {
  for (const listener of listeners) listener();
}

/** "system", "light" or "dark". */
export function chosenTheme() {
  const value = read(key);
  return value === "light" || value === "dark" ? value : "system";
}

export function chooseTheme(theme) {
  if (theme === "system") {
    write(key, null);
    delete document.documentElement.dataset.theme;
  } else {
    write(key, theme);
    document.documentElement.dataset.theme = theme;
  }
  notify();
}

/** Calls back when the colours change, until the signal aborts. */
export function onThemeChange(listener, signal) {
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener), { once: true });
}

const probe = document.createElement("span");
probe.hidden = true;
document.documentElement.append(probe);

/** The present colour of a custom property such as "--series-1", as a canvas understands it. */
export function themeColour(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
