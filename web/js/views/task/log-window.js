// Which lines of an attempt's log are at hand: a stretch of it, that grows at its ends and forgets at the other.

/** A browser grows slow with more lines. */
export const linesMax = 5000;
export const pageMax = 1000;

/** Lines with growing sequence numbers. Pure: whoever asks the server adds what came. */
export class LogWindow {
  constructor() { this.clear(); }

  clear() {
    this.lines = [];
    /** Whether lines before the first were forgotten, or never asked for. */
    this.hasOlder = false;
    /** Whether lines after the last were forgotten. */
    this.hasNewer = false;
  }

  get first() { return this.lines[0]?.sequence ?? 1; }
  get last() { return this.lines.at(-1)?.sequence ?? 0; }

  /** Adds lines at the end; returns { added, dropped }: the lines, and how many went at the beginning. */
  append(lines) {
    const added = lines.filter(({ sequence }) => sequence > this.last);
    this.lines.push(...added);
    const dropped = Math.max(0, this.lines.length - linesMax);
    if (dropped > 0) {
      this.lines.splice(0, dropped);
      this.hasOlder = true;
    }
    return { added: added.slice(Math.max(0, added.length - linesMax)), dropped };
  }

  /** Adds lines at the beginning; returns { added, dropped }: the lines, and how many went at the end. */
  prepend(lines) {
    const { first } = this;
    const added = lines.filter(({ sequence }) => sequence < first);
    this.lines.unshift(...added);
    const dropped = Math.max(0, this.lines.length - linesMax);
    if (dropped > 0) {
      this.lines.splice(this.lines.length - dropped, dropped);
      this.hasNewer = true;
    }
    this.hasOlder = added.length > 0 && this.first > 1;
    return { added, dropped };
  }
}

/**
 * The sequence number after which the last `linesMax` lines of a log begin, found with few short questions:
 * `hasAfter(sequence)` says whether there is a line behind it.
 */
export async function tailStart(hasAfter, known) {
  let low = known;
  let high = known * 2;
  while (await hasAfter(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > pageMax) {
    const middle = Math.floor((low + high) / 2);
    if (await hasAfter(middle)) low = middle;
    else high = middle;
  }
  return Math.max(0, high - linesMax);
}
