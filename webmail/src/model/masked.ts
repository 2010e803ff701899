/** Masked addresses (doc/jmap.md, Masked addresses): one for each whom one gives one to, turned off when unwanted mail comes to it. */
import { signal } from '@preact/signals';
import { t } from '../base/words.ts';
import { ask } from '../jmap/batch.ts';
import type { Id, SetError, UtcDate } from '../jmap/types.ts';
import { mail } from './current.ts';
import { done, say } from './undo.ts';

export const MASKED = 'urn:postrider:params:jmap:maskedemail';

export interface MaskedEmail {
  id: Id;
  email: string;
  state: 'enabled' | 'disabled' | 'deleted';
  forDomain: string;
  description: string;
  createdBy: string;
  createdAt: UtcDate;
  lastMessageAt: UtcDate | null;
}

export const maskedEmails = signal<readonly MaskedEmail[] | undefined>(undefined);

export function hasMasked(): boolean {
  return MASKED in mail().layer.session.capabilities;
}

export async function loadMasked(): Promise<void> {
  const { list } = await ask<{ list: MaskedEmail[] }>(mail().layer, 'MaskedEmail/get', { accountId: mail().mainAccount, ids: null });
  maskedEmails.value = list.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}

interface SetAnswer {
  created: Record<string, MaskedEmail> | null;
  notCreated: Record<string, SetError> | null;
  notUpdated: Record<Id, SetError> | null;
}

/** Undefined: it was not made, and why is said. */
export async function makeMasked(wanted: Partial<Pick<MaskedEmail, 'forDomain' | 'description'>>): Promise<MaskedEmail | undefined> {
  try {
    const answer = await ask<SetAnswer>(mail().layer, 'MaskedEmail/set', { accountId: mail().mainAccount, create: { made: { state: 'enabled', createdBy: 'Postrider', ...wanted } } });
    const made = answer.created?.['made'];
    if (made) {
      if (maskedEmails.peek()) maskedEmails.value = [made, ...maskedEmails.peek()!];
      return made;
    }
    refuse(answer.notCreated?.['made']);
  } catch {
    say(t('masked.failed'), true);
  }
  return undefined;
}

function refuse(error: SetError | undefined): void {
  const key = { overQuota: 'masked.tooMany', rateLimit: 'masked.tooFast' }[error?.type ?? ''];
  say(key ? t(key) : t('masked.refused', { why: error?.description ?? error?.type ?? '' }), true);
}

/** Shown at once, and put back when the server refuses. words: what was done, with an undo; undefined: it is one. */
export async function changeMasked(id: Id, changes: Partial<Pick<MaskedEmail, 'state' | 'forDomain' | 'description'>>, words?: string): Promise<void> {
  const before = maskedEmails.peek()?.find((one) => one.id === id);
  if (!before) return;
  const show = (part: Partial<MaskedEmail>) => (maskedEmails.value = maskedEmails.peek()?.map((one) => (one.id === id ? { ...one, ...part } : one)));
  const back = Object.fromEntries(Object.keys(changes).map((key) => [key, before[key as keyof MaskedEmail]])) as typeof changes;
  show(changes);
  try {
    const { notUpdated } = await ask<SetAnswer>(mail().layer, 'MaskedEmail/set', { accountId: mail().mainAccount, update: { [id]: changes } });
    if (!notUpdated?.[id]) {
      if (words !== undefined) done({ words, undo: () => changeMasked(id, back) });
      return;
    }
    refuse(notUpdated[id]);
  } catch {
    say(t('masked.failed'), true);
  }
  show(back);
}
