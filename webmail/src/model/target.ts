/**
 * The one message that an act is about, where it is about one: to answer it, to block its sender, to show its original. A message's own menu
 * says which; else it is the one that is read in the open conversation; else the one that the row stands for.
 */
import type { EmailRow, Id } from '../jmap/types.ts';
import { mail, pane } from './current.ts';
import { openMessage } from './reading.ts';
import type { Key } from './pane.ts';
import type { Store } from './store.ts';

let named: Id | undefined;

/** Runs an act of a message's own menu: it is about this message, whatever is selected. Acts look at their target before they wait for anything. */
export function aboutMessage<T>(id: Id, run: () => T): T {
  const before = named;
  named = id;
  try {
    return run();
  } finally {
    named = before;
  }
}

/** The message whose own menu an act was chosen from. */
export function namedMessage(): EmailRow | undefined {
  return named === undefined ? undefined : mail().emails.peek(named);
}

/** The targets of now, for what is done later: after a question, say. */
export function holdTargets(): <T>(run: () => T) => T {
  const one = named;
  if (one !== undefined) return (run) => aboutMessage(one, run);
  if (pane.isOnEverything()) return (run) => run();
  const keys = pane.targets();
  return (run) => pane.withTargets(keys, run);
}

/** Addresses of the reader, in lower case. */
export function ownAddresses(store: Store): ReadonlySet<string> {
  return new Set([store.layer.session.username, ...store.identities.all().map((one) => one.email)].map((one) => one.toLowerCase()));
}

/** The message that is read, if the open conversation is this one. */
function readIn(key: Key): EmailRow | undefined {
  const id = openMessage.peek();
  const email = id === undefined || pane.open.peek() !== key ? undefined : mail().emails.peek(id);
  return email?.threadId === key ? email : undefined;
}

/** Of the emails that a row stands for, and then of its whole conversation, the newest that suits. */
function newestOf(key: Key, suits: (email: EmailRow) => boolean): EmailRow | undefined {
  const list = pane.list.peek();
  const thread = mail().threads.peek(key)?.emailIds ?? [];
  const ids = [...thread, ...(list?.wholeThread(key) ?? []), ...(list?.emailsOf(key) ?? [])];
  return ids
    .flatMap((id) => mail().emails.peek(id) ?? [])
    .reverse()
    .find(suits);
}

/** One row that was given, else the open conversation, else the row with the focus: what is selected beside it does not matter. */
function currentKey(): Key | undefined {
  const given = pane.given();
  if (given) return given.length === 1 ? given[0] : undefined;
  const open = pane.open.peek();
  if (open !== undefined) return open;
  const at = pane.focusPosition();
  return at < 0 ? pane.focused.peek() : pane.list.peek()?.keyAt(at);
}

/** The message that is to be answered, shown or saved. `suits`: what cannot be meant is passed over. */
export function targetMessage(suits: (email: EmailRow) => boolean = () => true): EmailRow | undefined {
  const one = namedMessage();
  if (one) return suits(one) ? one : undefined;
  const key = currentKey();
  if (key === undefined) return undefined;
  const read = readIn(key);
  return read && suits(read) ? read : newestOf(key, suits);
}

/** Who wrote what an act works on: one address for each conversation, and never the reader's own. */
export function targetSenders(): string[] {
  const own = ownAddresses(mail());
  const sender = (email: EmailRow) => email.from?.[0]?.email;
  const isOther = (email: EmailRow) => !own.has((sender(email) ?? '').toLowerCase()) && sender(email) !== undefined && !('$draft' in email.keywords);
  const one = namedMessage();
  if (!one && pane.isOnEverything()) return [];
  const messages = one ? [one].filter(isOther) : pane.targets().flatMap((key) => [readIn(key)].find((read) => read && isOther(read)) ?? newestOf(key, isOther) ?? []);
  const found = new Map(messages.map((email) => [sender(email)!.toLowerCase(), sender(email)!]));
  return [...found.values()];
}
