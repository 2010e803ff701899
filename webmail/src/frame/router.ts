/** Where one is: each place has a path, so that reload, back, forward and links work. */
import { computed, signal } from '@preact/signals';
import { at, withoutSeat } from '../base/seat.ts';
import type { Id } from '../jmap/types.ts';
import { afterPaint } from '../ui/paint.ts';

export type Place =
  /** mailbox: a role ("inbox") of the own account, or an id; "all": the inboxes of all accounts. */
  | { kind: 'folder'; mailbox: string; thread?: Id }
  | { kind: 'search'; text: string; thread?: Id }
  | { kind: 'compose'; id: string }
  /** of: what the page is about, such as a folder's id. */
  | { kind: 'settings'; page?: string; of?: string }
  | { kind: 'admin'; page?: string };

export const HOME: Place = { kind: 'folder', mailbox: 'inbox' };
export const ALL_INBOXES: Place = { kind: 'folder', mailbox: 'all' };

export function pathOf(place: Place): string {
  const parts = (list: (string | undefined)[]): string => at('/') + list.filter((part) => part !== undefined).map((part) => encodeURIComponent(part!)).join('/');
  if (place.kind === 'folder') return parts(['mail', place.mailbox, place.thread]);
  if (place.kind === 'search') return parts(['search', place.text, place.thread]);
  if (place.kind === 'compose') return parts(['compose', place.id]);
  return parts([place.kind, place.page, place.kind === 'settings' && place.page ? place.of : undefined]);
}

const HOME_PATH = pathOf(HOME);

/** What is no place of ours leads home. */
export function placeOf(path: string): Place {
  let parts: string[];
  try {
    parts = withoutSeat(path).split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return HOME;
  }
  const [kind, first, second] = parts;
  if (kind === 'mail' && first) return { kind: 'folder', mailbox: first, thread: second };
  if (kind === 'search' && first) return { kind: 'search', text: first, thread: second };
  if (kind === 'compose' && first) return { kind: 'compose', id: first };
  if (kind === 'settings') return { kind, page: first, of: second };
  if (kind === 'admin') return { kind, page: first };
  return HOME;
}

/** Where one signs in; who was somewhere else than at home comes back there (src/role/web/web_next.h). */
export function signInPath(path: string = HOME_PATH): string {
  const next = pathOf(placeOf(path));
  return at(next === HOME_PATH ? '/?sign-in' : `/?sign-in&next=${encodeURIComponent(withoutSeat(next))}`);
}

/** The server's page that says how a phone and other programs are set up, with codes for this address. */
export function setupPath(address: string): string {
  return at(`/setup?address=${encodeURIComponent(address)}`);
}

const current = signal<Place>(typeof location === 'undefined' ? HOME : placeOf(location.pathname));
export const place = computed(() => current.value);

/** The step of the browser's history that is still to be written: it takes some milliseconds, and the place itself is painted before. */
let due: { path: string; replaces: boolean; callOff: () => void } | undefined;

function writeHistory(): void {
  if (!due) return;
  const { path, replaces, callOff } = due;
  due = undefined;
  callOff();
  if (replaces) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
}

/** replace: back does not come here again, as with the next message in a list. */
export function go(to: Place, options: { replace?: boolean } = {}): void {
  const path = pathOf(to);
  if (path === pathOf(current.peek())) return;
  if (!options.replace) writeHistory();
  // What takes the place of a step that is not written yet is written as that step.
  const replaces = due ? due.replaces : Boolean(options.replace);
  due?.callOff();
  due = { path, replaces, callOff: () => undefined };
  // Nothing is painted of a page that nobody sees.
  if (document.hidden) writeHistory();
  else due.callOff = afterPaint(writeHistory);
  current.value = to;
}

/** To where one was before. */
export function goBack(): void {
  writeHistory();
  history.back();
}

/** The email that is to be answered once its conversation is shown: a notification's "Reply" leads to a place with "#reply=ID". */
export const answerWanted = signal<{ emailId: Id; threadId: Id } | undefined>(undefined);

function takeAnswer(hash: string): void {
  const emailId = new URLSearchParams(hash.replace(/^#/, '')).get('reply');
  const here = current.peek();
  if (emailId && (here.kind === 'folder' || here.kind === 'search') && here.thread !== undefined) answerWanted.value = { emailId, threadId: here.thread };
}

/** A path from outside, with what is to be done there. */
export function goTo(path: string): void {
  const [pathname = '', hash = ''] = path.split('#', 2);
  go(placeOf(pathname));
  takeAnswer(hash);
}

export function startRouter(): void {
  takeAnswer(location.hash);
  addEventListener('popstate', () => {
    // The browser has gone elsewhere before the step was written.
    due?.callOff();
    due = undefined;
    current.value = placeOf(location.pathname);
  });
  addEventListener('pagehide', writeHistory);
  // A reload does not answer once more.
  if (answerWanted.peek() || location.pathname !== pathOf(current.peek())) history.replaceState(null, '', pathOf(current.peek()));
}
