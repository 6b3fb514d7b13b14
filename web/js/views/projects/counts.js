// How many projects or tasks there are by status: the platform's own metrics, which are some seconds old at most.
import { parseNumber } from "../../format.js";
import { instant } from "../../prometheus.js";

/** A map from status to number; null when the metric has no value yet. */
export const projectCounts = (signal) => countsOf("kaskman_projects", signal);
export const taskCounts = (signal) => countsOf("kaskman_tasks", signal);

async function countsOf(metric, signal) {
  const { result } = await instant(`sum by (status) (${metric})`, { signal });
  if (result.length === 0) return null;
  return new Map(result.map((item) => [item.metric.status, parseNumber(item.value[1])]));
}

/** Counted from the rows of a list that is whole. */
export function countRows(rows) {
  const counts = new Map();
  for (const { dataset: { status } } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** Of one status, or of all for "". */
export function countOf(counts, status) {
  if (!counts) return null;
  return status ? counts.get(status) ?? 0 : [...counts.values()].reduce((sum, value) => sum + value, 0);
}
