// One project: what it is about, where it stands, and what can be done with it.
import { connection } from "../connection.js";
import { fill, h } from "../dom.js";
import { absoluteTime, number, parseTime, words } from "../format.js";
import { icon } from "../icons.js";
import { markdown } from "../markdown.js";
import { card, emptyState, fault, loading, projectBadge } from "../parts.js";
import { changeProject, readProject, transitions } from "../projects.js";
import { people, person } from "../people.js";
import { go } from "../router.js";
import { may } from "../session.js";
import { timeElement } from "../time-element.js";
import { toast } from "../toast.js";
import { confirmAction } from "../dialog.js";
import { confirmDeletion } from "./project-deletion.js";
import { openProjectForm } from "./project-form.js";
import { listAddress } from "./projects/place.js";
import { ProjectTasks } from "./projects/tasks.js";

export function show(content, { id, signal }) {
  const heading = h("h1", { tabindex: "-1" }, "Project");
  const place = h("div", {}, loading());
  let tasks = null;
  const tools = h("div", { class: "page-tools" });
  fill(content,
    h("a", { href: listAddress(), class: "back" }, icon("back"), "Projects"),
    h("header", { class: "page-header" }, heading, tools), place);
  connection.addEventListener("restored", () => place.querySelector(".fault") && load(), { signal });
  load();

  async function load() {
    try {
      const present = await readProject(id, signal);
      if (!signal.aborted) draw(present);
    } catch (error) {
      if (signal.aborted) return;
      fill(tools);
      fill(place, error.status === 404
        ? emptyState("This project is not there", "It was deleted, or the address is wrong.",
          h("a", { class: "button", href: "#/projects" }, "All projects"))
        : fault(error, load));
    }
  }

  function draw({ project, tag }) {
    heading.textContent = project.name;
    document.title = `${project.name} · KaskManager`;
    fill(tools,
      may("projects.write") ? transitions[project.status]?.map(([status, verb], index) => h("button", {
        type: "button", class: index === 0 && project.status !== "active" ? "button primary" : "button", onclick: () => move(project, tag, status, verb),
      }, verb)) : null,
      may("projects.write") ? h("button", {
        type: "button", class: "button", onclick: () => openProjectForm({ project, tag, onsaved: saved }),
      }, icon("edit"), "Edit") : null,
      may("projects.delete") ? h("button", {
        type: "button", class: "button danger-text", onclick: () => confirmDeletion(project, tag, () => {
          toast(`${project.name} was deleted.`);
          go(["projects"]);
        }),
      }, icon("trash"), "Delete") : null);
    // Kept over what is drawn anew, so that the list stays as it was.
    if (may("tasks.read")) tasks ??= new ProjectTasks(project.id, signal);
    fill(place, h("div", { class: "columns detail" }, about(project, tasks?.element), facts(project)));
  }

  function saved(project) {
    toast(`${project.name} was saved.`);
    load();
  }

  async function move(project, tag, status, verb) {
    const change = async () => {
      await changeProject(project.id, tag, { status });
      toast(`${project.name} is ${status} now.`);
      load();
    };
    if (status === "cancelled") {
      confirmAction({
        title: "Cancel this project?", verb: "Cancel project",
        text: [h("strong", {}, project.name), " ends without a result. It can be reopened later."],
        action: change,
      });
      return;
    }
    try {
      await change();
    } catch (error) {
      const isOutdated = error.status === 412;
      toast(isOutdated ? "Someone changed the project meanwhile; here is how it stands." : `${verb}: ${error.message}`, "fault");
      load();
    }
  }
}

function about(project, tasks) {
  return h("div", { class: "column" },
    card({}, "Description", null, project.description
      ? markdown(project.description)
      : h("p", { class: "muted pad" }, "Nobody has described this project yet.")),
    list("Objectives", project.objectives),
    list("Success criteria", project.success_criteria),
    tasks);
}

function list(title, items) {
  if (!items?.length) return null;
  return card({}, title, null, h("ol", { class: "plain-list" }, items.map((item) => h("li", {}, item))));
}

function facts(project) {
  const rows = [
    ["Status", projectBadge(project.status)],
    ["Type", words(project.type)],
    ["Priority", `${project.priority} of 10`],
    ["Owner", person(project.owner)],
    ["Assignees", project.assignees?.length ? people(project.assignees) : null],
    ["Estimate", Number.isFinite(project.estimated_hours) ? `${number(project.estimated_hours)} h` : null],
    ["Due", absolute(project.due_at)],
    ["Started", project.started_at ? timeElement(project.started_at) : null],
    ["Completed", project.completed_at ? timeElement(project.completed_at) : null],
    ["Created", timeElement(project.created_at)],
    ["Changed", timeElement(project.updated_at)],
    ["Version", String(project.version)],
  ];
  return h("div", { class: "column" },
    card({}, "Details", null, h("dl", { class: "facts" }, rows.filter(([, value]) => value !== null).map(([name, value]) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, value))))),
    project.tags?.length
      ? card({}, "Tags", null, h("ul", { class: "tags pad" }, project.tags.map((tag) => h("li", {}, tag))))
      : null,
    object("Resources", project.resources),
    object("Metadata", project.metadata));
}

function absolute(text) {
  const date = parseTime(text);
  return date ? h("span", {}, absoluteTime(date), h("span", { class: "muted small" }, " (", timeElement(date), ")")) : "–";
}

function object(title, value) {
  if (!value || Object.keys(value).length === 0) return null;
  return card({}, title, null, h("pre", { class: "code" }, JSON.stringify(value, null, 2)));
}
