/** The account's rules: its active Sieve script, read and written as simple rules by the server (doc/jmap.md, SieveRules; RFC 9661). */
import { signal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { Batch, MethodError, ask } from '../../jmap/batch.ts';
import type { Id, SetError } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { done, say } from '../../model/undo.ts';

export const RULES = 'urn:postrider:params:jmap:rules';

export interface Condition {
  test: 'header' | 'address' | 'domain' | 'user' | 'exists' | 'envelope' | 'body' | 'size' | 'date' | 'spam' | 'virus' | 'attachment';
  how: string;
  not?: boolean;
  fields?: string[];
  part?: string;
  values?: string[];
  number?: number;
}

export interface Deed {
  do: 'file' | 'copy' | 'flags' | 'forward' | 'reject' | 'answer' | 'discard' | 'keep' | 'stop';
  mailbox?: string;
  create?: boolean;
  address?: string;
  copy?: boolean;
  flags?: string[];
  text?: string;
  subject?: string;
  days?: number;
}

export interface Rule {
  name: string;
  enabled: boolean;
  match: 'all' | 'any';
  conditions: Condition[];
  actions: Deed[];
}

/** A part of the script: a rule, or text that is none. */
export type Item = { number: number; line: number } & ({ rule: Rule; words: string; text?: undefined } | { rule?: undefined; text: string; hasCommands: boolean });

/** What is done to the script: a rule with its number (Item's) is changed, moved or removed; without a number it is added. */
export interface RuleChange {
  rule?: number;
  value?: Rule;
  before?: number;
}

interface Kept {
  /** None yet: the first rule makes it. */
  scriptId: Id | undefined;
  text: string;
  items: Item[];
}

const NAME = 'Rules';

export const kept = signal<Kept | undefined>(undefined);
export const failed = signal(false);

export function hasRules(): boolean {
  return RULES in mail().layer.session.capabilities;
}

export async function load(): Promise<void> {
  try {
    kept.value = await read();
    failed.value = false;
  } catch {
    failed.value = true;
  }
}

async function read(): Promise<Kept> {
  const { layer, mainAccount: accountId } = mail();
  const { list } = await ask<{ list: { id: Id; name: string; blobId: Id; isActive: boolean }[] }>(layer, 'SieveScript/get', { accountId, ids: null });
  const script = list.find((one) => one.isActive) ?? list.find((one) => one.name === NAME);
  let text = '';
  if (script) {
    const blob = await ask<{ list: { 'data:asText': string | null }[] }>(layer, 'Blob/get', { accountId, ids: [script.blobId], properties: ['data:asText'] });
    text = blob.list[0]?.['data:asText'] ?? '';
  }
  const { items } = await ask<{ items: Item[] }>(layer, 'SieveRules/read', { accountId, text });
  return { scriptId: script?.id, text, items };
}

/** A script of this rule alone. undefined: it is no rule yet, and why is said. */
export async function textOf(rule: Rule): Promise<string | undefined> {
  try {
    const { text } = await ask<{ text: string }>(mail().layer, 'SieveRules/write', { accountId: mail().mainAccount, text: '', changes: [{ value: rule }] });
    return text;
  } catch (error) {
    say(error instanceof MethodError ? error.description || error.type : t('change.offline'), true);
    return undefined;
  }
}

/** Carries out changes; words: what was done. False: nothing was, and why is said. */
export async function changeRules(changes: RuleChange[], words: string): Promise<boolean> {
  const before = kept.peek() ?? (await read());
  try {
    const { text } = await ask<{ text: string }>(mail().layer, 'SieveRules/write', { accountId: mail().mainAccount, text: before.text, changes });
    return await putText(text, words, before);
  } catch (error) {
    say(error instanceof MethodError ? t('rules.refused', { why: error.description || error.type }) : t('change.offline'), true);
    return false;
  }
}

/** Makes this text the active script. */
export async function putText(text: string, words: string | undefined, before: Kept): Promise<boolean> {
  const { layer, mainAccount: accountId } = mail();
  const request = new Batch(layer);
  request.call('Blob/upload', { accountId, create: { text: { data: [{ 'data:asText': text }] } } });
  const set = request.call<{ created: Record<string, { id: Id }> | null; notCreated: Record<string, SetError> | null; notUpdated: Record<string, SetError> | null }>('SieveScript/set', {
    accountId,
    ...(before.scriptId ? { update: { [before.scriptId]: { blobId: '#text' } } } : { create: { script: { name: NAME, blobId: '#text' } } }),
    onSuccessActivateScript: before.scriptId ?? '#script',
  });
  await request.send();
  const error = set.answer.notCreated?.['script'] ?? (before.scriptId ? set.answer.notUpdated?.[before.scriptId] : undefined);
  if (error) {
    say(t('rules.refused', { why: error.description ?? error.type }), true);
    return false;
  }
  await load();
  if (words !== undefined)
    done({
      words,
      undo: async () => {
        const now = kept.peek();
        if (now) await putText(before.text, undefined, now);
      },
    });
  return true;
}
