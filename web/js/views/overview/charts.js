// The four live charts of the overview.
import { TimeChart } from "../../chart.js";
import { fill, h } from "../../dom.js";
import { bytes, percent, rate, seconds } from "../../format.js";
import { card, emptyState, fault, loading } from "../../parts.js";
import { range, stepFor } from "../../prometheus.js";
import { address } from "../../router.js";
import { icon } from "../../icons.js";

const latency = (quantile) => (window) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(kaskman_http_request_duration_seconds_bucket[${window}])))`;

/** The shortest time in milliseconds that is shown. */
const spanMin = 60_000;

/** Zero for as long as there are figures at all, so that "no errors" and "not known" look different. */
const noRequests = (window) => `0 * sum(rate(kaskman_http_requests_total[${window}]))`;

/** Each chart: its title, its number format, and its lines as [name, (window) => expression, colour]. */
const definitions = [
  {
    title: "Requests",
    note: "answered per second",
    format: rate,
    lines: [
      ["2xx and 3xx", (window) => `sum(rate(kaskman_http_requests_total{code=~"[23].."}[${window}]))`, "--series-1"],
      ["4xx", (window) => `sum(rate(kaskman_http_requests_total{code=~"4.."}[${window}])) or ${noRequests(window)}`, "--series-3"],
      ["5xx", (window) => `sum(rate(kaskman_http_requests_total{code=~"5.."}[${window}])) or ${noRequests(window)}`, "--series-5"],
    ],
  },
  {
    title: "Latency",
    note: "of requests, by quantile",
    format: seconds,
    fills: false,
    lines: [
      ["p50", latency(0.5), "--series-2"],
      ["p95", latency(0.95), "--series-1"],
      ["p99", latency(0.99), "--series-4"],
    ],
  },
  {
    title: "Memory",
    note: "resident",
    format: bytes,
    lines: [["Resident memory", () => "sum(process_resident_memory_bytes{job=\"kaskman\"})", "--series-4"]],
  },
  {
    title: "CPU",
    note: "of one core",
    format: percent,
    lines: [["CPU", (window) => `sum(rate(process_cpu_seconds_total{job="kaskman"}[${window}]))`, "--series-2"]],
  },
];

export class ChartCards {
  constructor(signal) {
    this.cards = definitions.map((definition) => new ChartCard(definition, signal));
    this.element = h("section", { class: "charts", "aria-label": "Live charts" }, this.cards.map((card) => card.element));
  }

  async refresh(rangeSeconds, signal) {
    const step = stepFor(rangeSeconds);
    // On multiples of the step, so that a line does not change its shape while it moves.
    const end = Math.floor(Date.now() / 1000 / step) * step;
    const window = `${Math.max(60, step * 4)}s`;
    const times = { start: end - rangeSeconds, end, step };
    const answers = await Promise.all(this.cards.map((card) => card.ask(times, window, signal)));
    if (signal.aborted) return;
    // All four show the same time, without what lies before the first sample of a server that has just started.
    const first = answers.flat().reduce((least, { points }) => Math.min(least, points[0]?.[0] ?? Infinity), Infinity);
    const until = times.end * 1000;
    const shownFrom = Math.min(Math.max(times.start * 1000, Number.isFinite(first) ? first : 0), until - spanMin);
    await Promise.all(this.cards.map((card, index) => card.show(answers[index], {
      start: times.start * 1000, end: until, step: times.step * 1000, shownFrom,
    })));
  }
}

class ChartCard {
  constructor(definition, signal) {
    this.definition = definition;
    this.chart = new TimeChart({
      label: `${definition.title}, ${definition.note}`, format: definition.format, fills: definition.fills ?? true, signal,
    });
    this.body = h("div", { class: "chart-body" }, loading());
    const [, expression] = definition.lines[definition.lines.length > 1 ? 1 : 0];
    this.element = card({ class: "chart-card" },
      [definition.title, h("span", { class: "card-note" }, definition.note)],
      h("a", {
        class: "icon-button", title: "Open in Query", "aria-label": `Open ${definition.title} in Query`,
        href: address(["query"], { expr: definition.lines.length > 1 && definition.title === "Requests"
          ? "sum by (code) (rate(kaskman_http_requests_total[1m]))" : expression("1m"), tab: "chart" }),
      }, icon("query")),
      this.body);
  }

  /** The series of the chart; none after a failure, which the card shows unless it has a chart to keep. */
  async ask(times, window, signal) {
    try {
      const answers = await Promise.all(this.definition.lines.map(([, expression]) =>
        range(expression(window), { ...times, signal })));
      return this.definition.lines.map(([name, , colour], index) => ({
        name,
        colour,
        points: answers[index].series[0]?.points ?? [],
      }));
    } catch (error) {
      if (!signal.aborted && !this.isShown) fill(this.body, fault(error));
      return [];
    }
  }

  async show(series, window) {
    // After a failure what was drawn stays: the banner says that it is stale.
    if (series.length === 0) return;
    if (series.every(({ points }) => points.length === 0)) {
      if (!this.isShown) fill(this.body, emptyState("No samples yet", "The first ones come within seconds of the server's start."));
      return;
    }
    if (!this.isShown) fill(this.body, this.chart.element);
    this.isShown = true;
    await this.chart.show(series, window);
  }
}
