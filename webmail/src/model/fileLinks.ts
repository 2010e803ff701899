/**
 * Files behind links (doc/jmap.md, Files behind links): what is too large for mail stays at the server, and whoever has the link fetches it
 * there, until its time is over or its owner takes it back.
 */
import { type Signal, signal } from '@preact/signals';
import { t } from '../base/words.ts';
import { ask } from '../jmap/batch.ts';
import type { Id, SetError, UtcDate } from '../jmap/types.ts';
import { mail } from './current.ts';
import { done, say } from './undo.ts';

export const FILE_LINK = 'urn:postrider:params:jmap:filelink';

export interface FileLink {
  id: Id;
  url: string;
  name: string;
  type: string;
  size: number;
  created: UtcDate;
  expires: UtcDate;
  downloads: number;
  lastDownload: UtcDate | null;
}

export interface FileLinkLimits {
  /** A file is kept for so long at most. */
  maxDays: number;
  /** Octets that all files of the account may take together. */
  space: number;
  /** Octets of the largest message that the server takes. */
  attachMax: number;
}

/** Why a link was not made, in words. */
export class FileLinkRefused extends Error {}

/** Of the person's own account; undefined: nobody has asked for them yet. */
export const fileLinks = signal<readonly FileLink[] | undefined>(undefined);

/** Undefined: no files go behind links in this account. */
export function fileLinkLimits(accountId: Id = mail().mainAccount): FileLinkLimits | undefined {
  return mail().layer.session.accounts[accountId]?.accountCapabilities[FILE_LINK] as FileLinkLimits | undefined;
}

export function hasFileLinks(): boolean {
  return fileLinkLimits() !== undefined;
}

/** Megabytes from which a file goes as a link by itself; 0: never. */
export const LINK_ABOVE = [10, 25, 50, 0] as const;
const USUALLY_ABOVE = 25;

export function linkAbove(): Signal<number> {
  return mail().preferences.of<number>('compose.link-above', USUALLY_ABOVE);
}

export function setLinkAbove(megabytes: number): void {
  mail().preferences.set('compose.link-above', megabytes);
}

const isIn = (list: readonly FileLink[] | undefined, { id }: FileLink): boolean => list?.some((one) => one.id === id) ?? false;
const newestFirst = (list: FileLink[]): FileLink[] => list.sort((a, b) => b.created.localeCompare(a.created));

/** What was made and removed here while the server answered is newer than what it says. */
export async function loadFileLinks(): Promise<void> {
  const before = fileLinks.peek();
  const { list } = await ask<{ list: FileLink[] }>(mail().layer, 'FileLink/get', { accountId: mail().mainAccount, ids: null });
  const now = fileLinks.peek();
  const made = (now ?? []).filter((one) => !isIn(before, one) && !isIn(list, one));
  const left = list.filter((one) => !isIn(before, one) || isIn(now, one));
  fileLinks.value = newestFirst([...made, ...left]);
}

interface SetAnswer {
  created: Record<string, Partial<FileLink> & Pick<FileLink, 'id' | 'url' | 'expires'>> | null;
  notCreated: Record<string, SetError> | null;
  notUpdated: Record<Id, SetError> | null;
  notDestroyed: Record<Id, SetError> | null;
}

async function set(args: Record<string, unknown>): Promise<SetAnswer> {
  const answer = await ask<SetAnswer>(mail().layer, 'FileLink/set', { accountId: mail().mainAccount, ...args });
  // Without a network, the layer shows what the server listed last.
  void loadFileLinks().catch(() => undefined);
  return answer;
}

function wordsOf(error: SetError | undefined): string {
  const key = { overQuota: 'fileLink.full', rateLimit: 'fileLink.tooFast', blobNotFound: 'fileLink.gone', notFound: 'fileLink.gone' }[error?.type ?? ''];
  return key ? t(key) : t('fileLink.refused', { why: error?.description ?? error?.type ?? '' });
}

/** The link's name may have so many octets. */
const NAME_MAX = 255;

/** As the server takes it: without what leads to other folders, or turns a text round; with its ending. */
export function linkName(name: string): string {
  const octets = (text: string): number => new TextEncoder().encode(text).length;
  const clean = name.replace(/[\u0000-\u001f\u007f-\u009f/\\]/g, '_').replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '').trim() || 'file';
  if (octets(clean) <= NAME_MAX) return clean;
  const ending = /\.[^.]{1,16}$/.exec(clean)?.[0] ?? '';
  const letters = [...clean.slice(0, clean.length - ending.length)];
  while (octets(letters.join('')) + octets(ending) > NAME_MAX) letters.pop();
  return letters.join('') + ending;
}

/** Of an upload. Rejects with a FileLinkRefused where the server says no, and a LayerError where it says nothing. */
export async function makeFileLink(file: { blobId: Id; name: string; type: string; size: number }): Promise<FileLink> {
  const wanted = { blobId: file.blobId, name: linkName(file.name), type: file.type };
  const answer = await set({ create: { made: wanted } });
  const made = answer.created?.['made'];
  if (!made) throw new FileLinkRefused(wordsOf(answer.notCreated?.['made']));
  const link: FileLink = { name: wanted.name, type: file.type, size: file.size, created: new Date().toISOString(), downloads: 0, lastDownload: null, ...made };
  fileLinks.value = [link, ...(fileLinks.peek() ?? [])];
  return link;
}

/** Shown at once, and put back when the server refuses. words: what was done, with an undo; undefined: it is one. */
export async function changeFileLink(id: Id, changes: Partial<Pick<FileLink, 'expires' | 'name'>>, words?: string): Promise<void> {
  const before = fileLinks.peek()?.find((one) => one.id === id);
  if (!before) return;
  const show = (part: Partial<FileLink>) => (fileLinks.value = fileLinks.peek()?.map((one) => (one.id === id ? { ...one, ...part } : one)));
  const back = Object.fromEntries(Object.keys(changes).map((key) => [key, before[key as keyof FileLink]])) as typeof changes;
  show(changes);
  try {
    const { notUpdated } = await set({ update: { [id]: changes } });
    if (!notUpdated?.[id]) {
      if (words !== undefined) done({ words, undo: () => changeFileLink(id, back) });
      return;
    }
    say(wordsOf(notUpdated[id]), true);
  } catch {
    say(t('fileLink.failed'), true);
  }
  show(back);
}

/**
 * From now on nobody can fetch it. It cannot be had back: who calls it has asked, or has waited. words: what was done. True: it is gone.
 * isAsked: somebody waits for it, and is told when it does not go.
 */
export async function removeFileLink(id: Id, words?: string, isAsked = true): Promise<boolean> {
  const before = fileLinks.peek();
  fileLinks.value = before?.filter((one) => one.id !== id);
  try {
    const error = (await set({ destroy: [id] })).notDestroyed?.[id];
    // What is gone already is as it should be.
    if (!error || error.type === 'notFound') {
      if (words !== undefined) say(words);
      return true;
    }
    if (isAsked) say(wordsOf(error), true);
  } catch {
    if (isAsked) say(t('fileLink.notRemoved'), true);
  }
  const link = before?.find((one) => one.id === id);
  if (link) fileLinks.value = newestFirst([link, ...(fileLinks.peek() ?? [])]);
  return false;
}
