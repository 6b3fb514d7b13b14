// The table of a query's result at one time.
import { h } from "../../dom.js";
import { absoluteTime, clockTime } from "../../format.js";
import { emptyState, labelList } from "../../parts.js";

/** A browser grows slow with more rows. */
const rowsMax = 500;

export function resultTable(type, result) {
  if (type === "scalar" || type === "string") {
    return h("div", { class: "scalar" }, h("p", { class: "scalar-value" }, result[1]), h("p", { class: "muted" }, type));
  }
  if (result.length === 0) return emptyState("Empty result", "No series matches the expression at this time.");
  const shown = result.slice(0, rowsMax);
  return [
    h("div", { class: "scroll-x" }, h("table", { class: "table result-table" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Series"), h("th", { scope: "col", class: "numeric" }, "Value"))),
      h("tbody", {}, shown.map((item) => h("tr", {}, h("td", {}, series(item.metric)),
        h("td", { class: "numeric" }, type === "matrix" ? samples(item) : value(item))))))),
    result.length > rowsMax
      ? h("p", { class: "muted small pad" }, `The first ${rowsMax} of ${result.length.toLocaleString("en")} series are shown.`)
      : null,
  ];
}

function series(labels) {
  const name = labels.__name__;
  return [name ? h("span", { class: "mono metric-name" }, name) : null, labelList(labels, ["__name__"]) ?? (name ? null : "{}")];
}

function value({ value: sample, histogram }) {
  if (sample) return h("span", { title: absoluteTime(new Date(sample[0] * 1000)) }, sample[1]);
  return histogram ? histogramText(histogram[1]) : "–";
}

function histogramText({ count, sum, buckets }) {
  return h("details", {}, h("summary", {}, `count ${count}, sum ${sum}`),
    h("ul", { class: "buckets mono" }, (buckets ?? []).map(([bounds, lower, upper, amount]) => {
      const open = bounds === 1 || bounds === 3 ? "[" : "(";
      const close = bounds === 0 || bounds === 3 ? "]" : ")";
      return h("li", {}, `${open}${lower}, ${upper}${close}  ${amount}`);
    })));
}

function samples({ values = [], histograms = [] }) {
  const rows = [
    ...values.map(([time, text]) => [time, text]),
    ...histograms.map(([time, histogram]) => [time, histogramText(histogram)]),
  ];
  return h("ul", { class: "samples" }, rows.map(([time, text]) => {
    const date = new Date(time * 1000);
    return h("li", {}, text, h("span", { class: "muted", title: absoluteTime(date) }, ` @ ${clockTime(date)}`));
  }));
}
