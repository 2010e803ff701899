/**
 * Which labels there are. JMAP has no list of keywords: they are those that were used in this browser, and those of the mail that is loaded.
 * Rows tell them as they are drawn. A label is renamed or deleted on all mail of the own account at once.
 */
import { batch, computed } from '@preact/signals';
import { colourOfLabel, labelOfKeyword } from '../base/labels.ts';
import { compareNames, t } from '../base/words.ts';
import { changeEverything } from './bulk.ts';
import { applied, patchOf } from './change.ts';
import type { Keywords } from '../jmap/types.ts';
import { mail } from './current.ts';
import { MailList, NEWEST_FIRST } from './list.ts';
import { setting } from './settings.ts';

/** By their names, as the reader's language has it, and "10" behind "9". */
export function sortLabels(keywords: readonly string[]): string[] {
  if (keywords.length < 2) return [...keywords];
  return [...keywords].sort((a, b) => compareNames(labelOfKeyword(a), labelOfKeyword(b)));
}

export const knownLabels = computed(() => sortLabels(Object.keys(setting('labelColours').value)));

/** Labels that went in this page: mail that still looks as if it had one does not bring it back. */
const gone = new Set<string>();

/** Keywords that were seen. The empty colour stands for the label's own one. */
export function noteLabels(keywords: readonly string[]): void {
  const known = setting('labelColours').peek();
  const fresh = keywords.filter((one) => !(one in known) && !gone.has(one));
  if (fresh.length > 0) setting('labelColours').value = { ...known, ...Object.fromEntries(fresh.map((one) => [one, ''])) };
}

/** Somebody wants it, whether or not there is mail that has it. */
export function makeLabel(keyword: string): void {
  gone.delete(keyword);
  noteLabels([keyword]);
}

/** The colour that somebody chose, or its own. */
export function labelColour(keyword: string): string {
  return setting('labelColours').value[keyword] || colourOfLabel(keyword);
}

function put(changes: Record<string, string | undefined>): void {
  const next: Record<string, string | undefined> = { ...setting('labelColours').peek(), ...changes };
  setting('labelColours').value = Object.fromEntries(Object.entries(next).filter((one): one is [string, string] => one[1] !== undefined));
}

export function setLabelColour(keyword: string, colour: string): void {
  put({ [keyword]: colour });
}

/** Its mail gets the other label, with its colour; where there is a label of that name, the two become one. */
export function renameLabel(keyword: string, to: string): Promise<boolean> {
  const before = setting('labelColours').peek();
  const isThere = to in before;
  const words = t(isThere ? 'labels.joined' : 'labels.renamed', { from: labelOfKeyword(keyword), to: labelOfKeyword(to) });
  const colour = before[keyword] || colourOfLabel(keyword);
  return changeLabelled(keyword, { [keyword]: false, [to]: true }, { [keyword]: undefined, ...(!isThere && { [to]: colour }) }, words);
}

/** Off all mail; the mail stays. */
export function deleteLabel(keyword: string): Promise<boolean> {
  return changeLabelled(keyword, { [keyword]: false }, { [keyword]: undefined }, t('labels.deleted', { name: labelOfKeyword(keyword) }));
}

/** Shown at once; false: the server did not do it, and all is as it was. */
async function changeLabelled(keyword: string, keywords: Record<string, boolean>, labels: Record<string, string | undefined>, words: string): Promise<boolean> {
  const store = mail();
  const known = setting('labelColours').peek();
  const before = Object.fromEntries(Object.keys(labels).map((one) => [one, known[one]]));
  const emails = store.emails.ids(store.mainAccount).flatMap((id) => store.emails.peek(id) ?? []).filter((email) => keyword in email.keywords);
  const show = (wanted: Record<string, string | undefined>, look: (email: (typeof emails)[number]) => Keywords): void => {
    for (const [one, colour] of Object.entries(wanted)) {
      if (colour === undefined) gone.add(one);
      else gone.delete(one);
    }
    batch(() => {
      put(wanted);
      for (const email of emails) store.emails.patch(email.id, { keywords: look(email) });
    });
  };
  const back = (): void => show(before, (email) => email.keywords);
  show(labels, (email) => applied(email, patchOf(email, { keywords })).keywords);
  const list = new MailList(store, { accountId: store.mainAccount, filter: { hasKeyword: keyword }, sort: NEWEST_FIRST, collapseThreads: false });
  try {
    const isDone = await changeEverything(store, list, { keywords }, () => words, back);
    if (!isDone) back();
    return isDone;
  } finally {
    list.close();
  }
}
