// What a person may do with a task: buttons, each for the version that is on the page.
import { confirmAction } from "../../dialog.js";
import { h } from "../../dom.js";
import { words } from "../../format.js";
import { icon } from "../../icons.js";
import { go } from "../../router.js";
import { may } from "../../session.js";
import { deleteTask, isEnded, readTask, stepTask, steps } from "../../tasks.js";
import { toast } from "../../toast.js";

const icons = { approve: "check", reject: "cross", pause: "pause", resume: "play", retry: "retry", cancel: "close" };
const questions = {
  cancel: {
    title: "Cancel this task?", dismiss: "Keep it", tone: "danger",
    text: (task) => task.status === "running"
      ? " ends now: its agent loses the lease, and whatever it hands in later is refused. Tasks that need its success are skipped."
      : " ends without being done. Tasks that need its success are skipped. It can be retried later.",
  },
  approve: {
    title: "Approve this task?", dismiss: "Not yet", tone: "primary",
    text: () => " may be begun by the next agent that can do it.",
  },
  reject: {
    title: "Reject this task?", dismiss: "Keep it", tone: "danger",
    text: () => " is dead then, and is not begun. Tasks that need its success are skipped.",
  },
  retry: {
    title: "Retry this task?", dismiss: "Leave it", tone: "primary",
    text: () => " is queued again, with all its attempts anew. What was skipped because of it waits for it again.",
  },
};

/** The buttons for a task and the tag of its version; `onchanged` is called after a change, and when there turns out to be another version. */
export function taskActions(task, tag, onchanged) {
  if (!may("tasks.write")) return [];
  const buttons = (steps[task.status] ?? []).map(([step, verb]) => h("button", {
    type: "button", class: step === "cancel" || step === "reject" ? "button danger-text" : step === "pause" ? "button" : "button primary", "data-step": step,
    onclick: () => act(task, tag, step, verb, onchanged),
  }, icon(icons[step]), verb));
  if (isEnded(task.status)) {
    buttons.push(h("button", {
      type: "button", class: "button danger-text", "data-step": "delete", onclick: () => confirmAction({
        title: "Delete this task?", verb: "Delete task",
        text: [h("strong", {}, task.name), " will disappear from every list. Its history stays in the activity log."],
        action: async () => {
          await guarded(task.id, onchanged, () => deleteTask(task.id, tag));
          toast(`${task.name} was deleted.`);
          go(["tasks"]);
        },
      }),
    }, icon("trash"), "Delete"));
  }
  return buttons;
}

async function act(task, tag, step, verb, onchanged) {
  const change = async () => {
    const changed = await guarded(task.id, onchanged, () => stepTask(task.id, step, tag));
    toast(`${task.name} is ${words(changed.status).toLowerCase()} now.`);
    onchanged();
  };
  const question = questions[step];
  if (question) {
    confirmAction({ ...question, verb, text: [h("strong", {}, task.name), question.text(task)], action: change });
    return;
  }
  // Pausing and resuming undo each other: no question.
  try {
    await change();
  } catch (error) {
    toast(error.message, "fault");
  }
}

/** Says what the task has become where the change was meant for another version; nothing was done then. */
async function guarded(id, onchanged, work) {
  try {
    return await work();
  } catch (error) {
    if (error.status !== 412 && error.status !== 409) throw error;
    onchanged();
    throw new Error(await readTask(id).then(
      ({ task }) => `Nothing was done: the task changed meanwhile and is ${words(task.status).toLowerCase()} now. Look again, then decide.`,
      () => "Nothing was done: the task changed meanwhile. Look again, then decide."));
  }
}
