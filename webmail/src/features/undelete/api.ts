/** What was deleted and can be brought back (doc/jmap.md, What was deleted): looked for, restored, and put away again by undo. */
import { t } from '../../base/words.ts';
import { Batch, ask, pieces } from '../../jmap/batch.ts';
import type { EmailAddress, Id, SetError, UtcDate } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { done, say } from '../../model/undo.ts';

export const HISTORY = 'urn:postrider:params:jmap:history';

export interface DeletedEmail {
  id: Id;
  mailboxId: Id;
  deletedAt: UtcDate;
  expiresAt: UtcDate;
  receivedAt: UtcDate;
  size: number;
  subject: string | null;
  from: EmailAddress[] | null;
  preview: string;
  hasAttachment: boolean;
}

/** A folder that was removed, whose mail is still kept. */
export interface DeletedMailbox {
  id: Id;
  path: string;
}

export interface Sight {
  /** Undefined: all folders. */
  mailbox: Id | undefined;
  /** The moment to look back to: what lay there then and was deleted since. Undefined: whatever was deleted. */
  at: Date | undefined;
}

export interface Found {
  list: DeletedEmail[];
  total: number;
  /** How much of what lay there at that moment lies there still; undefined: no moment was asked for. */
  stays: number | undefined;
}

export const ROWS_AT_ONCE = 50;
/** What one call restores: the server's maxObjectsInSet is not below it. */
const RESTORED_AT_ONCE = 500;
/** The layer learns of an email that was brought back by a push; an undo that comes before waits so long, so often. */
const UNDO_WAIT_MS = 300;
const UNDO_TRIES = 20;

const utc = (date: Date): UtcDate => date.toISOString().replace(/\.\d+Z$/, 'Z');

export function filterOf({ mailbox, at }: Sight): Record<string, unknown> | null {
  const filter = { ...(mailbox && { inMailbox: mailbox }), ...(at && { receivedBefore: utc(at), deletedAfter: utc(at) }) };
  return Object.keys(filter).length ? filter : null;
}

export async function look(sight: Sight, position: number): Promise<Found> {
  const accountId = mail().mainAccount;
  const request = new Batch(mail().layer);
  const query = request.call<{ ids: Id[]; total?: number }>('DeletedEmail/query', { accountId, filter: filterOf(sight), position, limit: ROWS_AT_ONCE, calculateTotal: true });
  const get = request.call<{ list: DeletedEmail[] }>('DeletedEmail/get', { accountId, '#ids': query.result('/ids') });
  const { mailbox, at } = sight;
  const stays = at && request.call<{ total?: number }>('Email/query', { accountId, filter: { ...(mailbox && { inMailbox: mailbox }), before: utc(at) }, limit: 1, calculateTotal: true }, { mayFail: true });
  await request.send();
  const order = new Map(query.answer.ids.map((id, index) => [id, index]));
  const list = [...get.answer.list].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  // Of a folder that is gone nothing stays.
  return { list, total: query.answer.total ?? list.length, stays: stays && (stays.error ? 0 : (stays.answer.total ?? 0)) };
}

export async function removedMailboxes(): Promise<DeletedMailbox[]> {
  return (await ask<{ list: DeletedMailbox[] }>(mail().layer, 'DeletedMailbox/get', { accountId: mail().mainAccount, ids: null })).list;
}

interface Restored {
  restored: Record<Id, { emailId: Id }> | null;
  notRestored: Record<Id, SetError> | null;
}

/** Brings these back to where they lay; says so, and can be undone. */
export async function restore(ids: readonly Id[]): Promise<void> {
  const back: Id[] = [];
  const refused: SetError[] = [];
  for (const piece of pieces(ids, RESTORED_AT_ONCE)) await restorePiece(piece, back, refused);
  tell(back, refused);
}

/** All that a sight shows, what was never loaded, too. `progress`: how many are back. False from it: stop. */
export async function restoreAll(sight: Sight, progress: (count: number) => boolean): Promise<void> {
  const back: Id[] = [];
  const refused: SetError[] = [];
  for (;;) {
    // Those that do not come back stay at the top of the list.
    const { ids } = await ask<{ ids: Id[] }>(mail().layer, 'DeletedEmail/query', { accountId: mail().mainAccount, filter: filterOf(sight), position: refused.length, limit: RESTORED_AT_ONCE });
    if (ids.length === 0) break;
    const before = back.length + refused.length;
    await restorePiece(ids, back, refused);
    if (!progress(back.length) || back.length + refused.length === before) break;
  }
  tell(back, refused);
}

async function restorePiece(ids: readonly Id[], back: Id[], refused: SetError[]): Promise<void> {
  const answer = await ask<Restored>(mail().layer, 'DeletedEmail/restore', { accountId: mail().mainAccount, ids });
  back.push(...Object.values(answer.restored ?? {}).map(({ emailId }) => emailId));
  refused.push(...Object.values(answer.notRestored ?? {}));
}

function tell(back: readonly Id[], refused: readonly SetError[]): void {
  if (back.length > 0) done({ words: t('deleted.restored', { count: back.length }), undo: () => putAway(back) });
  if (refused.length === 0) return;
  const full = refused.some((error) => error.type === 'overQuota');
  say(t(full ? 'deleted.noRoom' : 'deleted.notRestored', { count: refused.length }), true);
}

async function putAway(emails: readonly Id[]): Promise<void> {
  for (const piece of pieces(emails, RESTORED_AT_ONCE)) {
    let left = piece;
    for (let tries = 0; left.length > 0 && tries < UNDO_TRIES; tries++) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, UNDO_WAIT_MS));
      const { notDestroyed } = await ask<{ notDestroyed: Record<Id, SetError> | null }>(mail().layer, 'Email/set', { accountId: mail().mainAccount, destroy: left });
      left = Object.keys(notDestroyed ?? {});
    }
  }
}
