// What pickers of projects, tasks and agents offer.
import { listAgents } from "../../agents.js";
import { words } from "../../format.js";
import { listProjects } from "../../projects.js";
import { listTasks } from "../../tasks.js";

const offersMax = 8;

export async function findProjects(q, signal) {
  const { items } = await listProjects({ limit: offersMax, q, sort: "-updated_at" }, signal);
  return items.map(({ id, name, status }) => ({ id, name, note: status }));
}

export async function findAgents(q, signal) {
  const { items } = await listAgents({ limit: offersMax, q, sort: "name" }, signal);
  return items.map(({ id, name, status }) => ({ id, name, note: words(status).toLowerCase() }));
}

/** Tasks of a project, the newest first. */
export const findTasks = (project) => async (q, signal) => {
  const { items } = await listTasks({ limit: offersMax, q, project: project(), sort: "-created_at" }, signal);
  return items.map(({ id, name, status }) => ({ id, name, note: status }));
};
