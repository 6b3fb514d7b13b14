// The Prometheus query API of the server, with numbers and dates in place of its texts.
import { call, get } from "./api.js";
import { parseNumber } from "./format.js";

const base = "/prometheus/api/v1";

/** How many points a chart asks for, at most. */
const pointsMax = 240;

/** The step in seconds that shows a range without drowning the chart. */
export function stepFor(rangeSeconds, points = pointsMax) {
  const wanted = rangeSeconds / points;
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];
  return steps.find((step) => step >= wanted) ?? Math.ceil(wanted / 86400) * 86400;
}

/** { resultType, result, warnings } at one time. */
export async function instant(query, { time, signal } = {}) {
  const form = { query };
  if (time) form.time = String(time.getTime() / 1000);
  return answer(await call("POST", `${base}/query`, { form, signal }));
}

/** The series of an expression: { series: [{ labels, points: [[ms, value], …] }], warnings }. */
export async function range(query, { start, end, step, signal }) {
  const form = { query, start: String(start), end: String(end), step: String(step) };
  const { result, warnings } = answer(await call("POST", `${base}/query_range`, { form, signal }));
  return {
    warnings,
    series: result.map((item) => ({
      labels: item.metric,
      points: (item.values ?? []).map(([time, value]) => [Math.round(time * 1000), parseNumber(value)]),
      histograms: item.histograms ?? [],
    })),
  };
}

function answer({ body }) {
  const { resultType, result } = body.data;
  return { resultType, result, warnings: [...(body.warnings ?? []), ...(body.infos ?? [])] };
}

export async function ruleGroups(signal) {
  return (await get(`${base}/rules`, { signal })).data.groups;
}

export async function activeAlerts(signal) {
  return (await get(`${base}/alerts`, { signal })).data.alerts;
}

export async function metricNames(signal) {
  return (await get(`${base}/label/__name__/values`, { signal })).data;
}

/** { name: [{ type, help, unit }] } */
export async function metadata(signal) {
  return (await get(`${base}/metadata`, { signal })).data;
}

/** name{label="value"} as PromQL writes it; only the labels when there is no name. */
export function seriesName(labels) {
  const { __name__: name = "", ...rest } = labels;
  const pairs = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  if (pairs.length === 0) return name || "{}";
  return `${name}{${pairs.join(", ")}}`;
}
