// Numbers and times for people. Every function takes what the API gives and returns a text.

const none = "–";

function digits(value, places) {
  return value.toLocaleString("en", { maximumFractionDigits: places, minimumFractionDigits: 0 });
}

/** About three significant digits: 0.0123, 1.23, 12.3, 1,234. */
export function number(value) {
  if (!Number.isFinite(value)) return nonFinite(value);
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e15 || size < 1e-4) return value.toExponential(2);
  if (size >= 100) return digits(value, 0);
  if (size >= 10) return digits(value, 1);
  if (size >= 1) return digits(value, 2);
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

function nonFinite(value) {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "−Inf";
}

/** A large count, short: 12.3 k, 4.5 M. */
export function compact(value) {
  if (!Number.isFinite(value)) return nonFinite(value);
  const size = Math.abs(value);
  for (const [limit, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (size >= limit) return `${number(value / (unit === "k" ? 1e3 : limit))} ${unit}`;
  }
  return number(value);
}

/** Bytes in decimal units, as disks and networks are sold. */
export function bytes(value) {
  if (!Number.isFinite(value)) return nonFinite(value);
  const size = Math.abs(value);
  for (const [limit, unit] of [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    if (size >= limit) return `${number(value / limit)} ${unit}`;
  }
  return `${number(value)} B`;
}

/** A ratio of one as percent. */
export function percent(value) {
  if (!Number.isFinite(value)) return nonFinite(value);
  return `${number(value * 100)} %`;
}

/** A short time given in seconds: 850 µs, 12 ms, 1.2 s, 5 min. */
export function seconds(value) {
  if (!Number.isFinite(value)) return nonFinite(value);
  const size = Math.abs(value);
  if (size === 0) return "0 s";
  if (size < 1e-3) return `${number(value * 1e6)} µs`;
  if (size < 1) return `${number(value * 1e3)} ms`;
  if (size < 120) return `${number(value)} s`;
  return span(value);
}

/** Per second. */
export function rate(value) {
  return Number.isFinite(value) ? `${compact(value)}/s` : nonFinite(value);
}

/** A long time given in seconds, in its two largest units: 3 d 4 h. */
export function span(value) {
  if (!Number.isFinite(value)) return none;
  let rest = Math.max(0, Math.round(value));
  const parts = [];
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]]) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });

/** "3 minutes ago", "in 2 days". */
export function relativeTime(date, now = Date.now()) {
  const distance = (date.getTime() - now) / 1000;
  const size = Math.abs(distance);
  if (size < 5) return "just now";
  for (const [limit, unit, length] of [
    [60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [86400 * 30, "day", 86400],
    [86400 * 365, "month", 86400 * 30.44],
  ]) {
    if (size < limit) return relative.format(Math.round(distance / length), unit);
  }
  return relative.format(Math.round(distance / (86400 * 365.25)), "year");
}

const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** Date, time and zone. */
export function absoluteTime(date) { return absolute.format(date); }

/** The time of the day. */
export function clockTime(date) { return clock.format(date); }

/** The day alone. */
export function dayOf(date) { return day.format(date); }

/** A date from the API; null for nothing, for what is none, and for the zero time that Prometheus writes for "never". */
export function parseTime(text) {
  if (!text) return null;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1970 ? null : date;
}

/** A number as Prometheus writes it: also NaN, +Inf and -Inf. */
export function parseNumber(text) {
  if (text === "+Inf" || text === "Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return Number(text);
}

const acronyms = new Set(["http"]);

/** time_series → Time series */
export function words(name) {
  if (acronyms.has(name)) return name.toUpperCase();
  const text = name.replaceAll(/[_.]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "1 project", "2 projects" */
export function count(amount, singular, plural = `${singular}s`) {
  return `${amount.toLocaleString("en")} ${amount === 1 ? singular : plural}`;
}
