/** An export: a folder, or what is selected, becomes a file. It is written while the messages come, and can be stopped. */
import { signal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { Batch, ask, pieces } from '../../jmap/batch.ts';
import type { Email, Filter, Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { say } from '../../model/undo.ts';
import { type Format, type Written } from './write/formats.ts';
import { openSink } from './write/sink.ts';

const IDS_AT_ONCE = 5_000;
const EMAILS_AT_ONCE = 100;
/** The server gives out so many blobs to a person at a time (WEB_LINES_EACH). */
const DOWNLOADS = 4;
const PROPERTIES = ['blobId', 'keywords', 'receivedAt', 'subject', 'from'];

export interface Wanted {
  accountId: Id;
  /** Certain emails, or all that a filter finds. */
  what: { ids: readonly Id[] } | { filter: Filter | null };
  /** The file's name, without its extension. */
  name: string;
  format: Format;
}

export const exporting = signal<{ name: string; done: number; all: number } | undefined>(undefined);
let stopped = false;

export function stopExport(): void {
  stopped = true;
}

async function idsOf({ accountId, what }: Wanted): Promise<readonly Id[]> {
  if ('ids' in what) return what.ids;
  const found: Id[] = [];
  while (!stopped) {
    const { ids } = await ask<{ ids: Id[] }>(mail().layer, 'Email/query', { accountId, filter: what.filter, sort: [{ property: 'receivedAt', isAscending: true }], position: found.length, limit: IDS_AT_ONCE });
    if (ids.length === 0) break;
    found.push(...ids);
  }
  return found;
}

type Got = Pick<Email, 'id' | 'blobId' | 'keywords' | 'receivedAt' | 'subject' | 'from'>;

async function emailsOf(accountId: Id, ids: readonly Id[]): Promise<Got[]> {
  const batch = new Batch(mail().layer);
  const get = batch.call<{ list: Got[] }>('Email/get', { accountId, ids, properties: PROPERTIES });
  await batch.send();
  const order = new Map(ids.map((id, at) => [id, at]));
  return [...get.answer.list].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
}

/** Undefined: it is not there any more. */
async function read(accountId: Id, email: Got): Promise<Written | undefined> {
  const answer = await fetch(mail().layer.blobUrl(accountId, email.blobId, 'message.eml', 'message/rfc822'));
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`The server answered with ${answer.status}.`);
  return { octets: new Uint8Array(await answer.arrayBuffer()), keywords: email.keywords, receivedAt: new Date(email.receivedAt), subject: email.subject ?? '', from: email.from?.[0] };
}

/** In their order, while the next ones are on their way. */
async function* contents(accountId: Id, emails: readonly Got[]): AsyncGenerator<Written | undefined> {
  const waiting: Promise<Written | undefined>[] = [];
  let next = 0;
  const more = (): void => {
    if (next >= emails.length) return;
    const one = read(accountId, emails[next++]!);
    // It is heard where it is waited for.
    one.catch(() => undefined);
    waiting.push(one);
  };
  for (let i = 0; i < DOWNLOADS; i++) more();
  for (let one = waiting.shift(); one; one = waiting.shift()) {
    yield await one;
    more();
  }
}

export async function exportMail(wanted: Wanted): Promise<void> {
  if (exporting.peek()) {
    say(t('transfer.busyExport'), true);
    return;
  }
  const { accountId, format, name } = wanted;
  const file = `${name.replace(/[\u0000-\u001f\u007f/\\:*?"<>|]+/g, ' ').trim() || 'mail'}.${format.extension}`;
  const sink = await openSink(file, format.type);
  if (!sink) return;
  stopped = false;
  exporting.value = { name: file, done: 0, all: 0 };
  try {
    const ids = await idsOf(wanted);
    const writer = format.writer();
    let missing = 0;
    let done = 0;
    for (const piece of pieces(ids, EMAILS_AT_ONCE)) {
      const emails = await emailsOf(accountId, piece);
      missing += piece.length - emails.length;
      for await (const message of contents(accountId, emails)) {
        if (stopped) break;
        if (message) for (const octets of writer.put(message)) await sink.write(octets);
        else missing++;
        exporting.value = { name: file, done: ++done, all: ids.length };
      }
      if (stopped) break;
    }
    if (stopped) {
      await sink.abort();
      say(t('transfer.exportStopped'));
      return;
    }
    for (const octets of writer.end()) await sink.write(octets);
    await sink.close();
    say(missing > 0 ? t('transfer.exportedSome', { name: file, count: done, missing }) : t('transfer.exported', { name: file, count: done }), missing > 0);
  } catch (error) {
    await sink.abort().catch(() => undefined);
    say(t('transfer.exportFailed'), true);
    console.warn(error);
  } finally {
    exporting.value = undefined;
  }
}
