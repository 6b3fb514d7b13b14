// What a person may do with an agent: drain, take back, a new token, remove.
import { deleteAgent, readAgent, renewToken, setDraining } from "../../agents.js";
import { confirmAction } from "../../dialog.js";
import { h } from "../../dom.js";
import { toast } from "../../toast.js";
import { showToken } from "./token.js";

const outdated = "Nothing was done: the agent was changed meanwhile. Look again, then decide.";

/** Every change is for the version that is there when one asks; the question says what it means. */
export async function withPresent(id, work) {
  try {
    await work(await readAgent(id));
  } catch (error) {
    toast(error.message, "fault");
  }
}

export function drain(id, running, onchanged) {
  return withPresent(id, ({ agent, tag }) => confirmAction({
    title: "Drain this agent?", verb: "Drain", tone: "primary", dismiss: "Leave it",
    text: [h("strong", {}, agent.name), " gets no new tasks.", running > 0
      ? ` What it does now (${running}) goes on until it is done.` : "", " It can be taken back at any time."],
    action: async () => {
      await guarded(() => setDraining(id, true, tag));
      toast(`${agent.name} gets no new tasks.`);
      onchanged();
    },
  }));
}

export function undrain(id, onchanged) {
  return withPresent(id, async ({ agent, tag }) => {
    await guarded(() => setDraining(id, false, tag));
    toast(`${agent.name} gets tasks again.`);
    onchanged();
  });
}

export function remove(id, running, onremoved) {
  return withPresent(id, ({ agent, tag }) => confirmAction({
    title: "Remove this agent?", verb: "Remove agent",
    text: [h("strong", {}, agent.name), " loses its token at once, and its name becomes free.", running > 0
      ? ` It runs ${running} now: their leases run out, and they are tried again by others.` : "", " What it did stays on record."],
    action: async () => {
      await guarded(() => deleteAgent(id, tag));
      toast(`${agent.name} was removed.`);
      onremoved();
    },
  }));
}

export function replaceToken(id, onchanged) {
  return withPresent(id, ({ agent, tag }) => confirmAction({
    title: "Give it a new token?", verb: "New token", dismiss: "Keep the old one",
    text: ["The present token of ", h("strong", {}, agent.name), " is good no more as soon as there is a new one: its worker has to be started with that."],
    action: async () => {
      const registration = await guarded(() => renewToken(id, tag));
      // After the question's window has closed, or it would take the focus back from this one.
      setTimeout(() => showToken(registration, "New token"));
      onchanged();
    },
  }));
}

async function guarded(work) {
  try {
    return await work();
  } catch (error) {
    throw error.status === 412 ? new Error(outdated) : error;
  }
}
