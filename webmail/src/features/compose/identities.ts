/** As whom one writes: Identity/set of RFC 8621 section 6.3. Each change is shown at once, sent behind, and can be undone. */
import { signal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { Batch } from '../../jmap/batch.ts';
import type { Id, Identity, SetError } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { done, forget, newest, say, type Undoable } from '../../model/undo.ts';
import { isOffline } from './composer.ts';

export type Changes = Partial<Pick<Identity, 'name' | 'replyTo' | 'bcc' | 'textSignature' | 'htmlSignature'>>;

interface SetAnswer {
  created?: Record<string, Partial<Identity> & { id: Id }> | null;
  notCreated?: Record<string, SetError> | null;
  notUpdated?: Record<Id, SetError> | null;
  notDestroyed?: Record<Id, SetError> | null;
}

async function set(accountId: Id, args: Record<string, unknown>): Promise<SetAnswer> {
  const request = new Batch(mail().layer);
  const call = request.call<SetAnswer>('Identity/set', { accountId, ...args });
  await request.send();
  return call.answer;
}

/** How often a change was undone: fields that were typed into show it only when they are made anew. */
export const undone = signal(0);

/** The change that Ctrl-Z would take, if it is of an identity: what is typed on into the same field is the same change. */
let last: { entry: Undoable; id: Id; old: Changes } | undefined;

function noteChange(id: Id, old: Changes): void {
  const same = last !== undefined && last.entry === newest() && last.id === id && Object.keys(last.old).join() === Object.keys(old).join();
  const first = same ? last!.old : old;
  if (same) forget(last!.entry);
  const entry: Undoable = {
    words: t('settings.identities.changed', { address: mail().identities.peek(id)?.email ?? '' }),
    async undo() {
      if (await put(id, first)) undone.value++;
    },
  };
  last = { entry, id, old: first };
  done(entry);
}

/** False: it was not taken, and what is shown is as before. */
export async function changeIdentity(id: Id, changes: Changes): Promise<boolean> {
  const before = mail().identities.peek(id);
  if (!before) return false;
  const old = Object.fromEntries(Object.keys(changes).map((name) => [name, before[name as keyof Identity]])) as Changes;
  if (JSON.stringify(old) === JSON.stringify(changes)) return true;
  if (!(await put(id, changes))) return false;
  noteChange(id, old);
  return true;
}

async function put(id: Id, changes: Changes): Promise<boolean> {
  const { identities } = mail();
  const before = identities.peek(id);
  if (!before) return false;
  const old = Object.fromEntries(Object.keys(changes).map((name) => [name, before[name as keyof Identity]])) as Changes;
  identities.patch(id, changes);
  let why = '';
  try {
    const answer = await set(identities.accountOf(id), { update: { [id]: changes } });
    const error = answer.notUpdated?.[id];
    if (!error) return true;
    why = error.description ?? error.type;
  } catch (error) {
    if (!isOffline(error)) reportError(error);
  }
  identities.patch(id, old);
  say(why ? t('settings.identities.refused', { why }) : t('settings.identities.notChanged'), true);
  return false;
}

/** Why it was not made: a sentence; null: it was. */
export async function newIdentity(accountId: Id, email: string, name: string): Promise<string | null> {
  try {
    const answer = await set(accountId, { create: { made: { email, name } } });
    const made = answer.created?.['made'];
    if (made) {
      mail().identities.put(accountId, [{ replyTo: null, bcc: null, textSignature: '', htmlSignature: '', mayDelete: true, ...made, email, name }]);
      done({ words: t('settings.identities.added', { address: email }), undo: () => takeAway(accountId, made.id) });
      return null;
    }
    return answer.notCreated?.['made']?.type === 'forbiddenFrom' ? t('settings.identities.notYours') : t('settings.identities.refused', { why: answer.notCreated?.['made']?.description ?? '' });
  } catch (error) {
    if (!isOffline(error)) reportError(error);
    return t('settings.identities.notChanged');
  }
}

/** As if it had never been added. */
async function takeAway(accountId: Id, id: Id): Promise<void> {
  const identity = mail().identities.peek(id);
  mail().identities.remove([id]);
  const gone = await set(accountId, { destroy: [id] }).then(({ notDestroyed }) => !notDestroyed?.[id], () => false);
  if (gone || !identity) return;
  mail().identities.put(accountId, [identity]);
  say(t('settings.identities.notChanged'), true);
}

export async function removeIdentity(identity: Identity): Promise<void> {
  const { identities } = mail();
  const accountId = identities.accountOf(identity.id);
  identities.remove([identity.id]);
  try {
    const answer = await set(accountId, { destroy: [identity.id] });
    if (!answer.notDestroyed?.[identity.id]) {
      done({
        words: t('settings.identities.removed', { address: identity.email }),
        async undo() {
          const { id: _, mayDelete: __, ...whole } = identity;
          const again = await set(accountId, { create: { made: whole } });
          const made = again.created?.['made'];
          if (made) identities.put(accountId, [{ ...identity, ...made }]);
        },
      });
      return;
    }
  } catch (error) {
    if (!isOffline(error)) reportError(error);
  }
  identities.put(accountId, [identity]);
  say(t('settings.identities.notChanged'), true);
}
