// Whether the server answers. Every request reports here; the banner and the pollers listen.
export const connection = new EventTarget();

let lastAnswer = null;
let lostAt = null;

/** When the server last answered: a Date, or null. */
export function lastAnswerAt() { return lastAnswer; }

/** Since when it does not: a Date, or null while it does. */
export function unreachableSince() { return lostAt; }

export function noteAnswer() {
  lastAnswer = new Date();
  if (!lostAt) return;
  lostAt = null;
  connection.dispatchEvent(new Event("restored"));
}

export function noteSilence() {
  if (lostAt) return;
  lostAt = new Date();
  connection.dispatchEvent(new Event("lost"));
}
