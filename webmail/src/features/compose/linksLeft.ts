/**
 * Links that shall go from the server once that cannot be undone any more. They are noted in this browser until they are gone: a page that is
 * closed meanwhile, or has no network, leaves them to the next one.
 */
import { ownKey } from '../../base/seat.ts';
import type { Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';

const KEY = ownKey('compose.links-left');

/** More than anybody leaves; then the oldest are removed in the settings. */
const NOTES_MAX = 200;

/** A page that has noted a link, and has done nothing about it for so long, has ended without a word. Browsers hold timers back for a minute. */
const SILENT_MS = 5 * 60_000;

export interface LeftLink {
  id: Id;
  /** The key of the draft that does without it; undefined: the draft was thrown away. */
  own?: string;
  /** Another one may sign in in this seat. */
  person: string;
  /** When it was noted: ms. */
  at: number;
  /** It cannot be undone any more. */
  isFinal?: boolean;
}

function notes(): LeftLink[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? (found as LeftLink[]) : [];
  } catch {
    // A browser that keeps nothing leaves nothing to the next page.
    return [];
  }
}

function change(ids: readonly Id[], noted: (id: Id) => LeftLink[]): void {
  const { username: person } = mail().layer.session;
  const others = notes().filter((one) => one.person !== person || !ids.includes(one.id));
  const all = [...others, ...ids.flatMap(noted)].slice(-NOTES_MAX);
  try {
    if (all.length) localStorage.setItem(KEY, JSON.stringify(all));
    else localStorage.removeItem(KEY);
  } catch {
    // See notes().
  }
}

/** They shall go. `isFinal`: at once; else they can be had back for a while. */
export function noteLinks(ids: readonly Id[], own: string | undefined, isFinal = false): void {
  const { username: person } = mail().layer.session;
  change(ids, (id) => [{ id, own, person, at: Date.now(), isFinal }]);
}

/** They are gone, or shall stay. */
export function forgetLinks(ids: readonly Id[]): void {
  change(ids, () => []);
}

/** Those that a page has left. `all`: of pages that are there, too. */
export function linksLeft(all = false): LeftLink[] {
  const { username } = mail().layer.session;
  return notes().filter(({ person, isFinal, at }) => person === username && (all || isFinal || Date.now() - at > SILENT_MS));
}
