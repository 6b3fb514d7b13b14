// The agents of the API.
import { call, get } from "./api.js";
import { address } from "./router.js";

const base = "/api/v1/agents";
const path = (id, suffix = "") => `${base}/${encodeURIComponent(id)}${suffix}`;

export const statuses = ["online", "draining", "quarantined", "late", "offline", "stopped", "never_seen"];
export const types = ["researcher", "coder", "analyst", "tester", "designer", "coordinator", "optimizer"];
/** Of how many agents the server tells the work at a time, and so how many a page has. */
export const pageMax = 50;

export const agentAddress = (id) => address(["agents", id]);

/** A page: { items, next_cursor }. */
export function listAgents({ limit = pageMax, cursor, status, q, sort }, signal) {
  const parameters = new URLSearchParams({ limit: String(limit) });
  for (const [name, value] of Object.entries({ cursor, status, q, sort })) if (value) parameters.set(name, value);
  return get(`${base}?${parameters}`, { signal });
}

/** By identifier: what agents do now, and how their newest attempts ended. */
export async function readWork(ids, signal) {
  if (ids.length === 0) return new Map();
  const { items } = await get(`${base}/work?${new URLSearchParams(ids.map((id) => ["id", id]))}`, { signal });
  return new Map(items.map((item) => [item.agent_id, item]));
}

/** { agent, tag }: the tag names this version of it. */
export async function readAgent(id, signal) {
  const { body, headers } = await call("GET", path(id), { signal });
  return { agent: body, tag: headers.get("ETag") };
}

/** The newest attempts, newest first. */
export async function listAttempts(id, limit, signal) {
  return (await get(path(id, `/attempts?limit=${limit}`), { signal })).items;
}

/** The new agent, with its token. */
export async function registerAgent(fields) {
  return (await call("POST", base, { json: fields })).body;
}

/** A new token; the old ones are good no more. */
export async function renewToken(id, tag) {
  return (await call("POST", path(id, "/token"), { headers: { "If-Match": tag } })).body;
}

export async function setDraining(id, isDraining, tag) {
  return (await call("POST", path(id, isDraining ? "/drain" : "/undrain"), { headers: { "If-Match": tag } })).body;
}

export async function deleteAgent(id, tag) {
  await call("DELETE", path(id), { headers: { "If-Match": tag } });
}
