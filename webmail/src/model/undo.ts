/** One stack for all that can be undone, in all places of the program. The frame shows the newest as a toast, and Ctrl-Z takes it. */
import { signal } from '@preact/signals';

export interface Undoable {
  /** What was done, as a sentence: "3 conversations archived". */
  words: string;
  undo(): Promise<void> | void;
  /** How long the toast stays, in ms. */
  shownFor?: number;
}

/** Older ones are forgotten: nobody presses Ctrl-Z more often. */
const DEPTH = 100;

/** What the toast shows; undefined: nothing. A problem has no `undo`. */
export const shown = signal<{ words: string; undo?: () => void; shownFor: number; isProblem: boolean } | undefined>(undefined);
const stack: Undoable[] = [];

export function done(entry: Undoable): void {
  stack.push(entry);
  if (stack.length > DEPTH) stack.shift();
  shown.value = { words: entry.words, undo: () => void undo(entry), shownFor: entry.shownFor ?? 8_000, isProblem: false };
}

/** The newest, or a certain one. Answers with its words; undefined: there was nothing. */
export async function undo(entry: Undoable | undefined = stack.at(-1)): Promise<string | undefined> {
  const at = entry ? stack.indexOf(entry) : -1;
  if (!entry || at < 0) return undefined;
  stack.splice(at, 1);
  if (shown.peek()?.words === entry.words) shown.value = undefined;
  await entry.undo();
  return entry.words;
}

/** What Ctrl-Z would take. */
export function newest(): Undoable | undefined {
  return stack.at(-1);
}

/** What cannot be done any more, as the message has been sent: nothing is shown of it, and Ctrl-Z passes it over. */
export function forget(entry: Undoable): void {
  const at = stack.indexOf(entry);
  if (at >= 0) stack.splice(at, 1);
}

/** Something to be said, with nothing to undo. */
export function say(words: string, isProblem = false): void {
  shown.value = { words, shownFor: isProblem ? 12_000 : 5_000, isProblem };
}
