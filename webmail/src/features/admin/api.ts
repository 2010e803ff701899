/** Administration by JMAP (doc/administration.md): asked like everything else, and opened by a fresh proof of who one is. */
import { useSignal, type Signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { doProved } from '../../frame/prove.tsx';
import { Batch, MethodError, type Call } from '../../jmap/batch.ts';
import type { Id, SetError } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { say } from '../../model/undo.ts';

export const ADMINISTRATION = 'urn:postrider:params:jmap:administration';

export function isAdministrator(): boolean {
  return ADMINISTRATION in mail().layer.session.capabilities;
}

export function accountId(): Id {
  return mail().layer.session.primaryAccounts[ADMINISTRATION] ?? mail().mainAccount;
}

/** One request; where administration is not open it is opened, and asked again. Rejects when it stays closed. */
export async function asked<T>(build: (batch: Batch) => T): Promise<T> {
  for (let opened = false; ; opened = true) {
    const batch = new Batch(mail().layer);
    const calls = build(batch);
    try {
      await batch.send();
      return calls;
    } catch (error) {
      const closed = error instanceof MethodError && error.type === 'forbidden';
      if (!closed || opened || (await doProved('/auth/administration', {})) === undefined) throw error;
    }
  }
}

/** Foo/query and Foo/get in one. */
export async function listOf<T>(type: string, filter: Record<string, unknown> | null, limit = 200): Promise<{ list: T[]; total: number; command: string }> {
  const { query, get } = await asked((batch) => {
    const found = batch.call<{ ids: Id[]; total?: number; command: string }>(`${type}/query`, { accountId: accountId(), filter, limit, calculateTotal: true });
    return { query: found, get: batch.call<{ list: (T & { id: Id })[] }>(`${type}/get`, { accountId: accountId(), '#ids': found.result('/ids') }) };
  });
  const order = new Map(query.answer.ids.map((id, at) => [id, at]));
  const list = [...get.answer.list].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
  return { list, total: query.answer.total ?? list.length, command: query.answer.command };
}

type SetAnswer = { created: Record<string, unknown> | null; notCreated: Record<string, SetError> | null; notUpdated: Record<Id, SetError> | null; notDestroyed: Record<Id, SetError> | null; commands?: Record<string, string> };

/** Foo/set of one object. words: what was done. False: it was not, and why is said. */
export async function put(type: string, change: { create?: object; update?: [Id, object]; destroy?: Id } & Record<string, unknown>, words: string): Promise<boolean> {
  const { create, update, destroy, ...more } = change;
  try {
    const call: Call<SetAnswer> = await asked((batch) =>
      batch.call<SetAnswer>(`${type}/set`, {
        accountId: accountId(),
        ...(create && { create: { new: create } }),
        ...(update && { update: { [update[0]]: update[1] } }),
        ...(destroy && { destroy: [destroy] }),
        ...more,
      }),
    );
    const error = [call.answer.notCreated, call.answer.notUpdated, call.answer.notDestroyed].flatMap((refused) => Object.values(refused ?? {}))[0];
    if (error) {
      say(t('admin.refused', { why: error.description ?? error.type }), true);
      return false;
    }
    // What does the same on the command line: of a change, not of the page.
    const [command] = Object.values(call.answer.commands ?? {});
    say(command ? `${words} ${t('admin.command')} ${command}` : words);
    return true;
  } catch (error) {
    say(t('admin.refused', { why: error instanceof Error ? error.message : '' }), true);
    return false;
  }
}

export interface Loaded<T> {
  value: Signal<T | undefined>;
  failed: Signal<boolean>;
  again(): Promise<void>;
}

/** What a page shows: loaded when it is opened, and again when `key` changes. */
export function useLoaded<T>(load: () => Promise<T>, key: string): Loaded<T> {
  const value = useSignal<T | undefined>(undefined);
  const failed = useSignal(false);
  const again = async () => {
    try {
      value.value = await load();
      failed.value = false;
    } catch {
      failed.value = true;
    }
  };
  useEffect(() => void again(), [key]);
  return { value, failed, again };
}
