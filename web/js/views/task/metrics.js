// The metrics that a task's attempts sent, as charts: asked for with PromQL like any others.
import { get } from "../../api.js";
import { TimeChart } from "../../chart.js";
import { fill, fillKeepingFocus, h } from "../../dom.js";
import { bytes, compact, parseTime, seconds } from "../../format.js";
import { icon } from "../../icons.js";
import { card, loading } from "../../parts.js";
import { range, seriesName, stepFor } from "../../prometheus.js";
import { address, currentRoute, replaceQuery } from "../../router.js";
import { may } from "../../session.js";
import { isEnded } from "../../tasks.js";

const interval = 5000;
/** How many metrics are drawn unless one chooses. */
const chosenMax = 2;
const seriesMax = 8;
/** The shortest time that is shown, in seconds. */
const spanMin = 60;

export class MetricsCard {
  constructor(id, signal) {
    this.selector = `task=${JSON.stringify(id)}`;
    this.signal = signal;
    this.names = [];
    this.charts = new Map();
    this.chooser = h("div", { class: "chips", role: "group", "aria-label": "Metrics" });
    this.place = h("div", { class: "task-charts" });
    this.element = card({ class: "metrics-card", hidden: true }, "Metrics", null, this.chooser, this.place);
  }

  async update(task) {
    if (!may("metrics.query") || task.attempts.length === 0) return;
    const moment = isEnded(task.status) ? task.ended_at : null;
    if (this.isBusy || (moment ? this.moment === moment : Date.now() - this.askedAt < interval)) return;
    this.isBusy = true;
    this.askedAt = Date.now();
    this.task = task;
    try {
      await this.refresh();
      this.moment = moment;
    } catch {
      // What is drawn stays; the banner says when the server is gone.
    } finally {
      this.isBusy = false;
    }
  }

  async refresh() {
    const { start, end } = this.window();
    const query = new URLSearchParams({ "match[]": `{${this.selector}}`, start: String(start), end: String(end) });
    this.names = (await get(`/prometheus/api/v1/label/__name__/values?${query}`, { signal: this.signal })).data;
    if (this.signal.aborted) return;
    this.element.hidden = this.names.length === 0;
    this.drawChooser();
    await this.drawCharts();
  }

  /** From the first attempt that is known to the end, or now, in seconds on multiples of the step. */
  window() {
    const { attempts, ended_at: ended } = this.task;
    const first = parseTime(attempts[0].started_at).getTime() / 1000;
    const last = (parseTime(ended)?.getTime() ?? Date.now()) / 1000;
    const step = stepFor(Math.max(last - first, spanMin));
    const end = Math.ceil(last / step) * step;
    return { start: Math.floor(Math.min(first, end - spanMin) / step) * step, end, step };
  }

  /** What the address names, or the first ones. */
  get chosen() {
    const text = currentRoute().query.get("metrics");
    if (text === null) return this.names.slice(0, chosenMax);
    return this.names.filter((name) => text.split(",").includes(name));
  }

  drawChooser() {
    const { chosen } = this;
    fillKeepingFocus(this.chooser, this.names.map((name) => h("button", {
      type: "button", class: "chip mono", "data-key": `metric-${name}`, "aria-pressed": String(chosen.includes(name)),
      onclick: () => this.toggle(name),
    }, name)));
  }

  toggle(name) {
    const { chosen } = this;
    const wanted = chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name];
    replaceQuery({ metrics: wanted.join(",") || "none" });
    this.drawChooser();
    this.drawCharts().catch(() => {});
  }

  async drawCharts() {
    const { chosen } = this;
    for (const [name, { element, controller }] of this.charts) {
      if (chosen.includes(name)) continue;
      controller.abort();
      element.remove();
      this.charts.delete(name);
    }
    for (const name of chosen) if (!this.charts.has(name)) this.charts.set(name, this.chart(name));
    chosen.forEach((name, index) => {
      const { element } = this.charts.get(name);
      if (this.place.children[index] !== element) this.place.insertBefore(element, this.place.children[index] ?? null);
    });
    const { start, end, step } = this.window();
    await Promise.all(chosen.map(async (name) => {
      const { chart, body } = this.charts.get(name);
      const { series } = await range(this.expression(name), { start, end, step, signal: this.signal });
      if (this.signal.aborted || !this.charts.has(name)) return;
      if (!chart.element.isConnected) fill(body, chart.element);
      await chart.show(lines(name, series), { start: start * 1000, end: end * 1000, step: step * 1000 });
    }));
  }

  expression(name) { return `{__name__=${JSON.stringify(name)}, ${this.selector}}`; }

  chart(name) {
    const controller = new AbortController();
    const signal = AbortSignal.any([this.signal, controller.signal]);
    const chart = new TimeChart({ label: name, format: formatFor(name), includesZero: false, signal });
    const body = h("div", { class: "chart-body" }, loading());
    const element = h("figure", { class: "task-chart" },
      h("figcaption", {}, h("span", { class: "mono" }, name),
        h("a", { class: "icon-button", title: "Open in Query", "aria-label": `Open ${name} in Query`,
          href: address(["query"], { expr: this.expression(name), tab: "chart" }) }, icon("query"))),
      body);
    return { element, chart, body, controller };
  }
}

/** Each series, named by the labels that tell it apart. */
function lines(name, series) {
  const own = new Set(["__name__", "task", "project", "agent", "job", "instance"]);
  const texts = series.map(({ labels }) => {
    const rest = Object.entries(labels).filter(([label]) => !own.has(label));
    return rest.length === 1 ? rest[0].join(" ") : seriesName(Object.fromEntries(rest));
  });
  const agents = new Set(series.map(({ labels }) => labels.agent));
  return series.slice(0, seriesMax).map(({ labels, points }, index) => ({
    name: [texts[index] === "{}" ? name : texts[index], agents.size > 1 ? `(agent ${(labels.agent ?? "").slice(0, 8)})` : ""].join(" ").trim(),
    points,
  }));
}

/** The unit by the naming guide. */
function formatFor(name) {
  if (/_bytes(_total)?$/.test(name)) return bytes;
  if (/_seconds(_total)?$/.test(name)) return seconds;
  return compact;
}
