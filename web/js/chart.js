// Time-series charts, drawn by dygraphs. Nothing else in the page knows of it. Without the library a table takes the chart's place.
import { h, fill } from "./dom.js";
import { clockTime, dayOf } from "./format.js";
import { onThemeChange, themeColour } from "./theme.js";

const script = "/vendor/dygraphs.js";
const style = "/vendor/dygraphs.css";
/** How many colours the theme has for series; further series begin again. */
const coloursMax = 8;
const day = 86_400_000;

let library = null;

/** Loads dygraphs once: its constructor, or null when the server does not have it. */
function loadLibrary() {
  library ??= new Promise((resolve) => {
    const link = h("link", { rel: "stylesheet", href: style });
    const element = h("script", {
      src: script,
      onload: () => resolve(window.Dygraph ?? null),
      onerror: () => resolve(null),
    });
    document.head.append(link, element);
  });
  return library;
}

/** A series' own colour (the name of a custom property), or the theme's next. */
const colourOf = (series, index) => themeColour(series.colour ?? `--series-${(index % coloursMax) + 1}`);

/**
 * A chart in an element of its own: `new TimeChart({ label, format, signal })`, then `show(series, { start, end, step })`.
 *
 * A series is { name, points: [[ms, value], …], colour? }; times without a value stay empty. `includesZero` begins the axis at zero, `fills` colours what is below the lines;
 * `shownFrom` in the window leaves out what lies before it.
 */
export class TimeChart {
  constructor({ label, format, signal, includesZero = true, fills = false, height = "" }) {
    this.label = label;
    this.format = format;
    this.includesZero = includesZero;
    this.fills = fills;
    this.signal = signal;
    this.canvas = h("div", { class: "chart-canvas" });
    this.cursor = h("div", { class: "chart-cursor", hidden: true });
    this.frame = h("div", { class: "chart-frame", role: "img", "aria-label": label }, this.canvas, this.cursor);
    if (height) this.frame.style.height = height;
    this.legend = h("ul", { class: "chart-legend" });
    this.element = h("div", { class: "chart" }, this.frame, this.legend);
    this.series = [];
    this.hidden = new Set();
    onThemeChange(() => this.redraw(), signal);
    const observer = new ResizeObserver(() => this.graph?.resize());
    observer.observe(this.canvas);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      this.graph?.destroy();
      this.graph = null;
    }, { once: true });
  }

  async show(series, window) {
    this.series = series;
    this.window = window;
    this.rows = align(series, window);
    const Dygraph = await loadLibrary();
    if (this.signal.aborted) return;
    if (Dygraph) this.draw(Dygraph);
    else this.tabulate();
    this.describe();
  }

  draw(Dygraph) {
    const names = this.series.map((_, index) => `s${index}`);
    const options = {
      ...this.appearance(),
      file: this.rows,
      labels: ["time", ...names],
      visibility: this.series.map((series) => !this.hidden.has(series.name)),
      dateWindow: [this.window.shownFrom ?? this.window.start, this.window.end],
    };
    if (this.graph && this.graph.numColumns() === names.length + 1) {
      this.graph.updateOptions(options);
    } else {
      this.graph?.destroy();
      const { file, ...rest } = options;
      this.graph = new Dygraph(this.canvas, file, {
        ...rest,
        ...this.behaviour(),
      });
    }
    this.showLegend(null);
  }

  appearance() {
    return {
      colors: this.series.map(colourOf),
      gridLineColor: themeColour("--chart-grid"),
      axisLineColor: "transparent",
      strokeWidth: 1.75,
      fillGraph: this.fills,
      fillAlpha: 0.1,
      includeZero: this.includesZero,
    };
  }

  behaviour() {
    const span = () => this.window.end - (this.window.shownFrom ?? this.window.start);
    return {
      legend: "never",
      showLabelsOnHighlight: false,
      highlightCircleSize: 3.5,
      rightGap: 4,
      xRangePad: 0,
      yRangePad: 8,
      gridLineWidth: 1,
      axisLabelFontSize: 11,
      interactionModel: {
        // Looking at values is all: no zoom that a poll would undo, and touches go on scrolling the page.
      },
      axes: {
        x: {
          drawGrid: false,
          axisLabelWidth: 56,
          pixelsPerLabel: 64,
          axisLabelFormatter: (date) => axisTime(new Date(date), span()),
        },
        y: {
          axisLabelWidth: 54,
          pixelsPerLabel: 28,
          axisLabelFormatter: (value) => this.format(value),
        },
      },
      highlightCallback: (event, x, points, row) => this.showCursor(row, points),
      unhighlightCallback: () => this.hideCursor(),
    };
  }

  showCursor(row, points) {
    if (points.length > 0) {
      this.cursor.hidden = false;
      this.cursor.style.transform = `translateX(${points[0].canvasx}px)`;
    }
    this.showLegend(row);
  }

  hideCursor() {
    this.cursor.hidden = true;
    this.showLegend(null);
  }

  /** The legend with the values of a row, or each series' latest. */
  showLegend(row) {
    const items = this.series.map((series, index) => {
      const value = row === null ? latest(this.rows, index) : this.rows[row]?.[index + 1];
      const key = h("span", { class: "chart-key" });
      key.style.backgroundColor = colourOf(series, index);
      const isShown = !this.hidden.has(series.name);
      const content = [
        key,
        h("span", { class: "chart-name" }, series.name),
        h("span", { class: "chart-value" }, Number.isFinite(value) ? this.format(value) : "–"),
      ];
      if (this.series.length === 1) return h("li", { class: "chart-entry" }, content);
      const button = h("button", {
        type: "button",
        class: "chart-entry",
        "aria-pressed": String(isShown),
        title: isShown ? `Hide ${series.name}` : `Show ${series.name}`,
        onclick: () => this.toggle(series.name),
      }, content);
      return h("li", {}, button);
    });
    const time = row === null ? null : this.rows[row]?.[0];
    const key = document.activeElement?.closest?.(".chart-legend") === this.legend
      ? [...this.legend.querySelectorAll("button")].indexOf(document.activeElement)
      : -1;
    fill(this.legend, items, h("li", { class: "chart-time" }, time ? clockTime(time) : "Latest"));
    if (key >= 0) this.legend.querySelectorAll("button")[key]?.focus({ preventScroll: true });
  }

  toggle(name) {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    this.redraw();
  }

  redraw() {
    if (!this.graph || !this.window) return;
    this.graph.updateOptions({
      ...this.appearance(),
      visibility: this.series.map((series) => !this.hidden.has(series.name)),
    });
    this.showLegend(null);
  }

  /** The chart in words, for those who do not see it. */
  describe() {
    const parts = this.series.map((series, index) => {
      const value = latest(this.rows, index);
      return `${series.name} ${Number.isFinite(value) ? this.format(value) : "without a value"}`;
    });
    this.frame.setAttribute("aria-label", `${this.label}. Latest: ${parts.join(", ") || "no data"}.`);
  }

  tabulate() {
    const row = (series) => {
      const values = series.points.map(([, value]) => value).filter(Number.isFinite);
      const text = (value) => Number.isFinite(value) ? this.format(value) : "–";
      return h("tr", {},
        h("th", { scope: "row" }, series.name),
        h("td", {}, text(values.at(-1))),
        h("td", {}, text(values.length ? values.reduce((a, b) => Math.min(a, b)) : NaN)),
        h("td", {}, text(values.length ? values.reduce((a, b) => Math.max(a, b)) : NaN)));
    };
    this.element.classList.add("chart-as-table");
    this.frame.removeAttribute("role");
    this.frame.style.height = "auto";
    fill(this.frame,
      h("table", { class: "table compact" },
        h("thead", {}, h("tr", {}, ["Series", "Latest", "Least", "Greatest"].map((name) => h("th", { scope: "col" }, name)))),
        h("tbody", {}, this.series.map(row))),
      h("p", { class: "muted small" },
        "The server has no chart library (setting web.dygraphs_dir), so this is a table instead of a chart."));
    fill(this.legend);
  }
}

/** One row a time: [Date, value or null, …], with a row for every step so that gaps show. */
function align(series, { start, end, step }) {
  const indices = new Map();
  const rows = [];
  for (let time = start; time <= end; time += step) {
    indices.set(time, rows.length);
    rows.push([new Date(time), ...series.map(() => null)]);
  }
  series.forEach(({ points }, column) => {
    for (const [time, value] of points) {
      const row = rows[indices.get(time)];
      if (row && Number.isFinite(value)) row[column + 1] = value;
    }
  });
  return rows;
}

/** A series' last value, unless it ended long ago. */
function latest(rows, index) {
  for (let row = rows.length - 1; row >= Math.max(0, rows.length - 3); row -= 1) {
    if (rows[row][index + 1] !== null) return rows[row][index + 1];
  }
  return NaN;
}

const hoursAndMinutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function axisTime(date, span) {
  if (span <= 180_000) return clockTime(date);
  if (span <= 1.5 * day) return hoursAndMinutes.format(date);
  return dayOf(date);
}

