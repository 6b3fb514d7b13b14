// Asks before a project is deleted.
import { confirmAction } from "../dialog.js";
import { h } from "../dom.js";
import { deleteProject } from "../projects.js";

export function confirmDeletion(project, tag, ondeleted) {
  confirmAction({
    title: "Delete this project?",
    text: [h("strong", {}, project.name), " will disappear from every list, its open tasks are cancelled, and its schedules end. Its history stays in the activity log."],
    verb: "Delete project",
    async action() {
      try {
        await deleteProject(project.id, tag);
      } catch (error) {
        if (error.status === 412) throw new Error("Someone changed the project meanwhile. Close this, look again, then decide.");
        if (error.status !== 404) throw error;
      }
      ondeleted();
    },
  });
}
