// The projects of the API.
import { call, get } from "./api.js";

const base = "/api/v1/projects";
const path = (id) => `${base}/${encodeURIComponent(id)}`;

export const types = ["research", "development", "analysis", "maintenance"];
export const statuses = ["active", "pending", "paused", "completed", "cancelled"];

/** The changes of status that a project's life allows, as [status, verb]. */
export const transitions = {
  pending: [["active", "Start"], ["cancelled", "Cancel project"]],
  active: [["paused", "Pause"], ["completed", "Complete"], ["cancelled", "Cancel project"]],
  paused: [["active", "Resume"], ["completed", "Complete"], ["cancelled", "Cancel project"]],
  completed: [["active", "Reopen"]],
  cancelled: [["active", "Reopen"]],
};

/** A page: { items, next_cursor }. */
export function listProjects({ limit, cursor, status, type, q, sort }, signal) {
  const parameters = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries({ cursor, status, type, q, sort })) {
    if (value) parameters.set(name, value);
  }
  return get(`${base}?${parameters}`, { signal });
}

/** { project, tag }: the tag names this version of it. */
export async function readProject(id, signal) {
  const { body, headers } = await call("GET", path(id), { signal });
  return { project: body, tag: headers.get("ETag") };
}

/** Creates once, however often it is sent with the same key. */
export async function createProject(fields, key) {
  return (await call("POST", base, { json: fields, headers: { "Idempotency-Key": key } })).body;
}

/** Changes the given fields; fails with status 412 when the project is no longer the version of the tag. */
export async function changeProject(id, tag, fields) {
  const { body, headers } = await call("PATCH", path(id), {
    json: fields,
    headers: { "Content-Type": "application/merge-patch+json", "If-Match": tag },
  });
  return { project: body, tag: headers.get("ETag") };
}

export async function deleteProject(id, tag) {
  await call("DELETE", path(id), { headers: { "If-Match": tag } });
}

/** A key for one creation, also where the page is not served over TLS. */
export function idempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
