// The chart of a query's result.
import { TimeChart } from "../../chart.js";
import { fill, h } from "../../dom.js";
import { bytes, compact, seconds } from "../../format.js";
import { emptyState } from "../../parts.js";
import { seriesName } from "../../prometheus.js";

/** Colours repeat after eight, and a legend of hundreds helps nobody. */
const seriesMax = 40;

export class QueryChart {
  constructor(signal) {
    this.signal = signal;
    this.element = h("div", { class: "query-chart" });
  }

  /** Draws the series; returns remarks for the reader. */
  async show(series, { start, end, step }, expression) {
    const drawable = series.filter((item) => item.points.length > 0);
    if (drawable.length === 0) {
      const isHistogram = series.some((item) => item.histograms.length > 0);
      fill(this.element, isHistogram
        ? emptyState("Histograms have no single value", "Ask for a quantile: histogram_quantile(0.95, …). The table shows them whole.")
        : emptyState("No data", "The expression has no values in this time range."));
      return [];
    }
    const shown = drawable.slice(0, seriesMax);
    const names = distinctNames(shown.map((item) => item.labels));
    const chart = new TimeChart({
      label: expression,
      format: formatFor(expression),
      signal: this.signal,
      includesZero: false,
      height: "clamp(260px, 48vh, 460px)",
    });
    fill(this.element, chart.element);
    // dygraphs measures its element, so the chart has to be in the page before it draws.
    requestAnimationFrame(() => chart.show(
      shown.map((item, index) => ({ name: names[index], points: item.points })),
      { start: start * 1000, end: end * 1000, step: step * 1000 },
    ));
    return drawable.length > seriesMax ? [`the first ${seriesMax} are drawn`] : [];
  }
}

/** Names without the labels that all series share, where that leaves something. */
function distinctNames(all) {
  if (all.length === 1) return [seriesName(all[0])];
  const shared = Object.entries(all[0]).filter(([name, value]) => all.every((labels) => labels[name] === value));
  return all.map((labels) => {
    const rest = { ...labels };
    for (const [name] of shared) delete rest[name];
    const names = Object.keys(rest);
    // One label that tells them apart needs no name beside each value.
    if (names.length === 1 && names[0] !== "__name__" && rest[names[0]] !== "") return rest[names[0]];
    return names.length > 0 ? seriesName(rest) : seriesName(labels);
  });
}

/** The unit by the naming guide: the expression's metric says bytes or seconds, unless it is a rate or a count of them. */
function formatFor(expression) {
  const isQuantile = /^\s*histogram_(quantile|avg)\b/.test(expression);
  if (isQuantile && /_seconds/.test(expression)) return seconds;
  if (/\b(count|rate|increase|irate|changes|time|timestamp)\b/.test(expression) || /[/*<>=]=?(?![^{]*})/.test(expression)) return compact;
  if (/_bytes\b/.test(expression)) return bytes;
  if (/_seconds\b/.test(expression) && !/_time_seconds\b|_timestamp_seconds\b/.test(expression)) return seconds;
  return compact;
}
