/**
 * Carries an import out: messages are read from its files, a group at a time is uploaded and put into the folder (Email/import, RFC 8621
 * section 4.8), and how far it is gets kept. What the folder where it goes or the chosen one has already, by its Message-ID, is not put there
 * twice: an import before may have put all into one. A group that was under way when the page went may be under way at the server still: it is asked for again by the same blobs. Nothing here draws anything.
 */
import { Batch, ask, pieces } from '../../jmap/batch.ts';
import type { Id, SetError } from '../../jmap/types.ts';
import { type Layer, LayerError } from '../../layer/layer.ts';
import { type Job, PROBLEMS_KEPT, type Taken } from './jobs.ts';
import { type Told, messagesOf } from './read/files.ts';
import type { Role } from './read/gmail.ts';
import type { Message } from './read/message.ts';

/** A group: few enough that a stop is heard and a reload costs little, and octets that a slow line takes in some seconds. */
const GROUP = 40;
const GROUP_OCTETS = 4 << 20;
/** The server takes so many uploads of a person at a time (WEB_LINES_EACH). */
const UPLOADS = 4;
const IDS_AT_ONCE = 500;
const PAGES_AT_ONCE = 4;
/** Between attempts while there is no connection. */
const RETRY_MS = 3_000;

export interface Hands {
  layer: Layer;
  /** Where mail goes that did not lie in the inbox, if it is brought into the inbox. */
  folders?: Partial<Record<Role, Id>>;
  /** Of one message: the server's maxSizeUpload. */
  longest: number;
  files: Blob[];
  /** Called whenever the job has changed; keeps it. */
  changed(): Promise<void>;
  isStopped(): boolean;
}

/** Message-IDs of a folder. */
export async function messageIdsOf(layer: Layer, accountId: Id, mailboxId: Id, isStopped: () => boolean): Promise<Set<string>> {
  const found = new Set<string>();
  for (let position = 0; !isStopped(); position += PAGES_AT_ONCE * IDS_AT_ONCE) {
    const batch = new Batch(layer);
    const pages = Array.from({ length: PAGES_AT_ONCE }, (_, i) => {
      const query = batch.call<{ ids: Id[] }>('Email/query', { accountId, filter: { inMailbox: mailboxId }, sort: [{ property: 'receivedAt' }], position: position + i * IDS_AT_ONCE, limit: IDS_AT_ONCE });
      return batch.call<{ list: { messageId: string[] | null }[] }>('Email/get', { accountId, '#ids': query.result('/ids'), properties: ['messageId'] });
    });
    await batch.send();
    for (const { answer } of pages) for (const email of answer.list) for (const id of email.messageId ?? []) found.add(id);
    if (pages.at(-1)!.answer.list.length === 0) break;
  }
  return found;
}

interface Group {
  messages: { message: Message; name: string }[];
  octets: number;
  /** How far the file is behind it. */
  count: number;
  at: number;
}

/** Message-IDs that a folder had when it was first asked for, and those that were put there since. */
interface Known {
  there: Set<string>;
  added: Set<string>;
}

export async function runImport(job: Job, hands: Hands): Promise<void> {
  if (job.sent) await addSent(job, hands, true);
  const known = new Map<Id, Known>();
  const before = (index: number): number => job.files.slice(0, index).reduce((sum, file) => sum + file.size, 0);
  for (; job.file < hands.files.length && !hands.isStopped(); ) {
    await importFile(job, hands, known, before(job.file));
    if (hands.isStopped()) break;
    job.file++;
    job.done = 0;
    job.octets = before(job.file);
    await hands.changed();
  }
  job.state = hands.isStopped() ? 'stopped' : 'done';
  await hands.changed();
}

async function importFile(job: Job, hands: Hands, known: Map<Id, Known>, before: number): Promise<void> {
  const { name } = job.files[job.file]!;
  let group: Group = { messages: [], octets: 0, count: 0, at: 0 };
  let skip = job.done;
  const flush = async (): Promise<void> => {
    const { emails, names } = await uploadGroup(job, hands, group);
    if (hands.isStopped()) return;
    job.sent = { emails, names, count: group.count, octets: before + group.at };
    await hands.changed();
    await addSent(job, hands, false);
    group = { messages: [], octets: 0, count: 0, at: group.at };
  };
  for await (const told of messagesOf(hands.files[job.file]!, name, hands.longest)) {
    if (skip > 0) {
      skip--;
      continue;
    }
    group.count++;
    group.at = told.at;
    const isPresent = await isKnown(job, hands, known, told);
    if (hands.isStopped()) return;
    sort(job, told, isPresent, group);
    if (hands.isStopped()) return;
    if (group.messages.length >= GROUP || group.octets >= GROUP_OCTETS || group.count >= GROUP * 10) await flush();
    if (hands.isStopped()) return;
  }
  if (group.count > 0) await flush();
}

const folderOf = (job: Job, hands: Hands, message: Message): Id => (message.role && hands.folders?.[message.role]) ?? job.mailboxId;

/** What a folder has is read when it is first asked for. */
async function knownOf(job: Job, hands: Hands, known: Map<Id, Known>, folder: Id): Promise<Known> {
  let found = known.get(folder);
  if (!found) {
    const there = (await whileOffline(hands, () => messageIdsOf(hands.layer, job.accountId, folder, hands.isStopped))) ?? new Set();
    known.set(folder, (found = { there, added: new Set() }));
  }
  return found;
}

/** Whether the message is there already. If not, it is known from now on. */
async function isKnown(job: Job, hands: Hands, known: Map<Id, Known>, { read }: Told): Promise<boolean> {
  if (typeof read === 'string' || read.messageId === undefined) return false;
  const chosen = await knownOf(job, hands, known, job.mailboxId);
  const { there, added } = await knownOf(job, hands, known, folderOf(job, hands, read));
  if (chosen.there.has(read.messageId) || there.has(read.messageId) || added.has(read.messageId)) return true;
  added.add(read.messageId);
  return false;
}

/** Into the group, or among what is there already or cannot be taken. */
function sort(job: Job, { read, name }: Told, isPresent: boolean, group: Group): void {
  if (typeof read === 'string') {
    fail(job, name, read);
    return;
  }
  if (read.hasUnknownLabels) job.hasUnknownLabels = true;
  if (isPresent) {
    job.present++;
    return;
  }
  group.messages.push({ message: read, name });
  group.octets += read.octets.length;
}

function fail(job: Job, name: string, why: string): void {
  job.failed++;
  if (job.problems.length < PROBLEMS_KEPT) job.problems.push({ name, why });
}

/** What Email/import takes of them, and what each is called. */
async function uploadGroup(job: Job, hands: Hands, group: Group): Promise<{ emails: Record<string, Taken>; names: Record<string, string> }> {
  const emails: Record<string, Taken> = {};
  const names: Record<string, string> = {};
  const blobs = await uploadAll(job, hands, group);
  group.messages.forEach(({ message, name }, at) => {
    const blobId = blobs[at];
    if (blobId === undefined) return;
    const receivedAt = message.receivedAt?.toISOString().replace(/\.\d+Z$/, 'Z');
    emails[`m${at}`] = { blobId, mailboxIds: { [folderOf(job, hands, message)]: true }, keywords: message.keywords, ...(receivedAt && { receivedAt }) };
    names[`m${at}`] = message.subject || name;
  });
  return { emails, names };
}

/**
 * Adds the group that is uploaded; it is done then. `again`: by another page. Where its blobs are gone by then, it is read anew, and what
 * the folder has of it is found by its Message-IDs.
 */
async function addSent(job: Job, hands: Hands, again: boolean): Promise<void> {
  const { emails, names, count, octets } = job.sent!;
  const answer = Object.keys(emails).length
    ? await whileOffline(hands, () => ask<Imported>(hands.layer, 'Email/import', { accountId: job.accountId, emails }))
    : { created: null, notCreated: null };
  if (!answer) return;
  job.added.push(...Object.values(answer.created ?? {}).map(({ id }) => id));
  const errors = Object.entries(answer.notCreated ?? {});
  const isGone = again && errors.some(([, { type }]) => type === 'blobNotFound');
  for (const [key, error] of errors) {
    // A blob is sent twice when the answer was lost: then the first one made the Email.
    if (error.type === 'alreadyExists' && error.existingId) job.added.push(error.existingId);
    else if (!isGone) fail(job, names[key]!, error.description ?? error.type);
  }
  if (Object.values(emails).some(({ mailboxIds }) => !(job.mailboxId in mailboxIds))) job.isSpread = true;
  if (!isGone) {
    job.done += count;
    job.octets = octets;
  }
  job.sent = undefined;
  await hands.changed();
}

interface Imported {
  created: Record<string, { id: Id }> | null;
  notCreated: Record<string, SetError> | null;
}

/** Their blobs; of what the server did not take there is none. */
async function uploadAll(job: Job, hands: Hands, group: Group): Promise<(Id | undefined)[]> {
  const blobs: (Id | undefined)[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < group.messages.length && !hands.isStopped()) {
      const at = next++;
      const { message, name } = group.messages[at]!;
      try {
        const sent = await whileOffline(hands, () => hands.layer.upload(job.accountId, new Blob([message.octets]), { type: 'message/rfc822' }));
        blobs[at] = sent?.blobId;
      } catch (error) {
        if (!(error instanceof LayerError) || error.kind !== 'limit') throw error;
        fail(job, message.subject || name, 'too-large');
      }
    }
  };
  await Promise.all(Array.from({ length: UPLOADS }, work));
  return blobs;
}

/** Again until it is answered, or somebody stops it: then undefined. */
async function whileOffline<T>(hands: Hands, run: () => Promise<T>): Promise<T | undefined> {
  while (!hands.isStopped()) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof LayerError) || (error.kind !== 'offline' && error.kind !== 'server')) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  return undefined;
}

/** What an import has added goes away again. */
export async function takeBack(layer: Layer, job: Job): Promise<void> {
  for (const piece of pieces(job.added, IDS_AT_ONCE)) await ask(layer, 'Email/set', { accountId: job.accountId, destroy: piece });
}
