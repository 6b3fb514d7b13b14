// The tasks of the API.
import { call, get, ProblemError } from "./api.js";
import { address } from "./router.js";

const base = "/api/v1/tasks";
const path = (id, suffix = "") => `${base}/${encodeURIComponent(id)}${suffix}`;

export const statuses = ["waiting", "awaiting_approval", "paused", "queued", "running", "succeeded", "dead", "cancelled", "skipped"];
export const conditions = ["success", "failure", "always"];
const ended = new Set(["succeeded", "dead", "cancelled", "skipped"]);

export const isEnded = (status) => ended.has(status);

export const taskAddress = (id, ...rest) => address(["tasks", id, ...rest]);

/** What a person may have happen to a task of a status, as [step, verb], the likeliest first. */
export const steps = {
  waiting: [["pause", "Pause"], ["cancel", "Cancel task"]],
  awaiting_approval: [["approve", "Approve"], ["reject", "Reject"], ["cancel", "Cancel task"]],
  queued: [["pause", "Pause"], ["cancel", "Cancel task"]],
  paused: [["resume", "Resume"], ["cancel", "Cancel task"]],
  running: [["cancel", "Cancel task"]],
  dead: [["retry", "Retry"]],
  cancelled: [["retry", "Retry"]],
};

/** The parameters of a list; `status` is one, or several with commas between. */
function parameters({ limit, cursor, status, kind, project, agent, q, sort }) {
  const result = new URLSearchParams();
  for (const [name, value] of Object.entries({ limit, cursor, kind, project, agent, q, sort })) {
    if (value) result.set(name, String(value));
  }
  for (const one of (status ?? "").split(",").filter(Boolean)) result.append("status", one);
  return result;
}

/** A page: { items, next_cursor }. */
export const listTasks = (query, signal) => get(`${base}?${parameters(query)}`, { signal });

/** A map from status to how many tasks the filters admit; null where there are more than the server counts. */
export async function countTasks({ kind, project, agent, q }, signal) {
  const { statuses: counts, complete } = await get(`${base}/counts?${parameters({ kind, project, agent, q })}`, { signal });
  return complete ? new Map(Object.entries(counts)) : null;
}

/** { task, tag }: the tag names this version of it. */
export async function readTask(id, signal) {
  const { body, headers } = await call("GET", path(id), { signal });
  return { task: body, tag: headers.get("ETag") };
}

/** { status, reasons: [{ kind, detail, task_id }] } */
export const readWhy = (id, signal) => get(path(id, "/why"), { signal });

/** { nodes, edges, complete }: what is connected with a task, the nearest first. */
export const readGraph = (id, limit, signal) => get(path(id, `/graph?limit=${limit}`), { signal });

/** Creates once, however often it is sent with the same key. */
export async function createTask(fields, key) {
  return (await call("POST", base, { json: fields, headers: { "Idempotency-Key": key } })).body;
}

/** Has a step happen to the version of the tag; fails with status 412 when the task is another one by now. */
export async function stepTask(id, step, tag) {
  return (await call("POST", path(id, `/${step}`), { headers: { "If-Match": tag } })).body;
}

export async function deleteTask(id, tag) {
  await call("DELETE", path(id), { headers: { "If-Match": tag } });
}

/** A page of an attempt's log: { items, next_after, ended, dropped }; null where the server keeps none. */
export async function readLog(id, { attempt, after, limit, wait = 0 }, signal) {
  const query = new URLSearchParams({ attempt, after, limit, ...(wait ? { wait_seconds: wait } : {}) });
  return orNull(get(path(id, `/logs?${query}`), { signal, timeout: (wait + 20) * 1000 }));
}

/** The files that attempts left; null where the server keeps none. */
export async function listArtefacts(id, signal) {
  return (await orNull(get(path(id, "/artefacts"), { signal })))?.items ?? null;
}

export const artefactPath = (id, artefact) => path(id, `/artefacts/${encodeURIComponent(artefact)}/content`);

/** A server without this part of the API answers 404. */
async function orNull(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProblemError && (error.status === 404 || error.status === 405)) return null;
    throw error;
  }
}
