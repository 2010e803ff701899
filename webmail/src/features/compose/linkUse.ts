/**
 * Whether a link may go when a mail does without it. People copy text: a copy of the mail may have been sent, and whoever got that has the
 * link for good; or somebody still writes on one.
 */
import { effect } from '@preact/signals';
import { Batch } from '../../jmap/batch.ts';
import type { Filter, Id } from '../../jmap/types.ts';
import { LayerError } from '../../layer/layer.ts';
import { mail } from '../../model/current.ts';
import type { Local } from './local.ts';

/** How the address of a link's file begins, but for the server's: doc/jmap.md, Files behind links. */
export const pathOf = (id: Id): string => `/file/${id}-`;

/** What was done here and is not at the server is found nowhere: it is waited for, however long that takes. */
async function allIsAtServer(): Promise<void> {
  const { status } = mail();
  await new Promise<void>((resolve) => {
    const end = effect(() => {
      if (status.value.waiting !== 0) return;
      resolve();
      queueMicrotask(() => end());
    });
  });
}

/** Mails with the link: all but drafts in the trash, and versions of the draft `own`. */
export function filterOf(id: Id, trash: Id | undefined, own: string | undefined): Filter {
  return {
    operator: 'AND',
    conditions: [
      { body: pathOf(id) },
      ...(trash ? [{ operator: 'OR' as const, conditions: [{ inMailboxOtherThan: [trash] }, { notKeyword: '$draft' }] }] : []),
      ...(own ? [{ operator: 'OR' as const, conditions: [{ operator: 'NOT' as const, conditions: [{ header: ['Message-ID', own] }] }, { notKeyword: '$draft' }] }] : []),
    ],
  };
}

/** `own`: the key of the draft that does without it, if that is not thrown away. Rejects when it cannot be known. */
export async function isUsed(id: Id, local: Local, own?: string): Promise<boolean> {
  await allIsAtServer();
  const store = mail();
  const accounts = store.accounts.peek();
  for (const account of accounts)
    for (const { draft } of await local.all(account.id)) if (draft.key !== own && JSON.stringify(draft).includes(pathOf(id))) return true;
  // Without a network the layer answers from what is here, which may not be all.
  if (store.status.peek().connection === 'offline') throw new LayerError('offline', 'There is no connection.');
  const request = new Batch(store.layer);
  const found = accounts.map((account) => request.call<{ ids: Id[] }>('Email/query', { accountId: account.id, filter: filterOf(id, store.mailboxWithRole('trash', account.id)?.id, own), limit: 1 }));
  await request.send();
  return found.some(({ answer }) => answer.ids.length > 0);
}
