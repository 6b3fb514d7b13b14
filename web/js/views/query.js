// The query page: an expression, its values in a table, its course in a chart. The address holds them all.
import { fill, h } from "../dom.js";
import { absoluteTime, count } from "../format.js";
import { icon } from "../icons.js";
import { emptyState, loading, pageHeader, segments } from "../parts.js";
import { instant, range, stepFor } from "../prometheus.js";
import { currentRoute, replaceQuery } from "../router.js";
import { openMetricBrowser } from "./query/metrics.js";
import { QueryChart } from "./query/chart.js";
import { resultTable } from "./query/table.js";

const ranges = [["300", "5 min"], ["900", "15 min"], ["3600", "1 h"], ["7200", "2 h"], ["21600", "6 h"], ["86400", "1 d"]];
const rangeDefault = "900";
const examples = [
  ["Requests a second, by route", "sum by (route) (rate(kaskman_http_requests_total[1m]))"],
  ["Latency, 95th percentile", "histogram_quantile(0.95, sum by (le) (rate(kaskman_http_request_duration_seconds_bucket[5m])))"],
  ["Memory of the process", "process_resident_memory_bytes"],
  ["Components that are not well", "kaskman_component_health < 1"],
];

export function show(content, { query, signal }) {
  return new QueryView(content, query, signal);
}

class QueryView {
  constructor(content, query, signal) {
    this.signal = signal;
    this.input = h("textarea", {
      id: "expression", class: "expression-input", rows: "2", spellcheck: "false", autocapitalize: "none", autocomplete: "off",
      "aria-label": "PromQL expression", placeholder: "PromQL, for example  rate(kaskman_http_requests_total[1m])",
      "data-shortcut": "search",
      onkeydown: (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          this.submit();
        }
      },
    });
    this.end = h("input", {
      type: "datetime-local", "aria-label": "End of the time range; empty for now", title: "End; empty for now",
      onchange: () => this.change({ end: this.end.value }),
    });
    this.tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Result" });
    this.times = h("div", { class: "query-times" });
    this.panel = h("div", { role: "tabpanel", id: "result-panel", "aria-labelledby": "tab-chart", tabindex: "0" });
    this.notes = h("p", { class: "muted small query-notes", role: "status" });
    this.run = h("button", { type: "submit", class: "button primary" }, icon("play"), "Run");
    fill(content,
      pageHeader("Query"),
      h("form", { class: "card query-form", onsubmit: (event) => { event.preventDefault(); this.submit(); } },
        this.input,
        h("div", { class: "query-actions" },
          h("button", { type: "button", class: "button", onclick: () => openMetricBrowser((name) => this.insert(name)) },
            icon("list"), "Metrics"),
          h("span", { class: "muted small wide-only" }, h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "Enter"), " runs it"),
          this.run)),
      h("div", { class: "query-bar" }, this.tabs, this.times),
      h("section", { class: "card flush", "aria-label": "Result" }, this.panel),
      this.notes);
    this.update(query);
  }

  update(query) {
    this.state = {
      expr: query.get("expr") ?? "",
      tab: query.get("tab") === "table" ? "table" : "chart",
      range: ranges.some(([value]) => value === query.get("range")) ? query.get("range") : rangeDefault,
      end: Number.isNaN(new Date(query.get("end") ?? "").getTime()) ? "" : query.get("end"),
    };
    if (this.input.value.trim() !== this.state.expr) this.input.value = this.state.expr;
    this.end.value = this.state.end;
    this.drawControls();
    this.evaluate();
  }

  change(part) {
    const state = { ...this.state, ...part };
    replaceQuery({
      expr: state.expr,
      tab: state.tab === "chart" ? "" : state.tab,
      range: state.range === rangeDefault ? "" : state.range,
      end: state.end,
    });
    this.update(currentRoute().query);
  }

  submit() { this.change({ expr: this.input.value.trim() }); }

  insert(name) {
    const { selectionStart: start, selectionEnd: end } = this.input;
    this.input.setRangeText(name, start, end, "end");
    this.input.focus();
  }

  drawControls() {
    const focused = document.activeElement?.id;
    fill(this.tabs, [["chart", "Chart"], ["table", "Table"]].map(([tab, text]) => h("button", {
      type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": "result-panel",
      "aria-selected": String(tab === this.state.tab), tabindex: tab === this.state.tab ? "0" : "-1",
      onclick: () => this.change({ tab }),
      onkeydown: (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        this.change({ tab: tab === "chart" ? "table" : "chart" });
        this.tabs.querySelector("[aria-selected='true']").focus();
      },
    }, text)));
    this.panel.setAttribute("aria-labelledby", `tab-${this.state.tab}`);
    const chooser = this.state.tab === "chart" ? segments({
      label: "Time range", options: ranges, value: this.state.range,
      onchange: (value) => {
        this.change({ range: value === rangeDefault ? "" : value });
        this.times.querySelector("[aria-pressed='true']")?.focus();
      },
    }) : null;
    fill(this.times, chooser, h("div", { class: "end-time" }, this.state.end || this.isChoosingEnd
      ? [h("span", { class: "muted small" }, "until"), this.end, h("button", {
        type: "button", class: "icon-button", title: "Until now", "aria-label": "Until now", onclick: () => this.change({ end: "" }),
      }, icon("close"))]
      : h("button", {
        type: "button", class: "button", title: "Choose another end of the time range", onclick: () => this.chooseEnd(),
      }, "Until now")));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  chooseEnd() {
    this.isChoosingEnd = true;
    this.end.value = localMinute(new Date());
    this.drawControls();
    this.isChoosingEnd = false;
    this.end.focus();
  }

  async evaluate() {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.signal.addEventListener("abort", () => running.abort(), { once: true });
    this.notes.textContent = "";
    if (!this.state.expr) {
      fill(this.panel, this.welcome());
      return;
    }
    if (!this.panel.querySelector(".chart, .table")) fill(this.panel, loading("Running…"));
    this.panel.setAttribute("aria-busy", "true");
    const begin = performance.now();
    try {
      const notes = this.state.tab === "chart" ? await this.showChart(running.signal) : await this.showTable(running.signal);
      if (running.signal.aborted) return;
      this.notes.textContent = [...notes, `took ${Math.round(performance.now() - begin)} ms`].join(" · ");
    } catch (error) {
      if (running.signal.aborted) return;
      fill(this.panel, h("div", { class: "fault", role: "alert" }, icon("warning"),
        h("div", {}, h("strong", {}, "The query failed."), h("p", { class: "mono" }, error.message))));
    } finally {
      if (!running.signal.aborted) this.panel.removeAttribute("aria-busy");
    }
  }

  welcome() {
    return emptyState("Ask the platform about itself", "Write an expression, choose a metric, or begin with one of these:",
      h("ul", { class: "examples" }, examples.map(([text, expr]) => h("li", {}, h("button", {
        type: "button", class: "example",
        onclick: () => { this.input.value = expr; this.submit(); },
      }, h("span", {}, text), h("code", {}, expr))))));
  }

  async showTable(signal) {
    const time = this.state.end ? new Date(this.state.end) : new Date();
    const { resultType, result, warnings } = await instant(this.state.expr, { time, signal });
    if (signal.aborted) return [];
    fill(this.panel, resultTable(resultType, result));
    const amount = resultType === "vector" || resultType === "matrix" ? [count(result.length, "series", "series")] : [];
    return [...amount, `at ${absoluteTime(time)}`, ...warnings];
  }

  async showChart(signal) {
    const span = Number(this.state.range);
    const step = stepFor(span);
    const until = (this.state.end ? new Date(this.state.end).getTime() : Date.now()) / 1000;
    const end = Math.floor(until / step) * step;
    const times = { start: end - span, end, step };
    const { series, warnings } = await range(this.state.expr, { ...times, signal });
    if (signal.aborted) return [];
    const chart = new QueryChart(signal);
    const notes = await chart.show(series, times, this.state.expr);
    if (signal.aborted) return [];
    fill(this.panel, chart.element);
    return [count(series.length, "series", "series"), `a point every ${step} s`, ...notes, ...warnings];
  }
}

/** What an input of type datetime-local shows. */
function localMinute(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
