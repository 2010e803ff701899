/** What compose asks of the server. A version of a draft is an Email of its own: it is made before the one before it is removed. */
import { Batch } from '../../jmap/batch.ts';
import type { EmailBodyPart, Id, SetError } from '../../jmap/types.ts';
import type { Layer } from '../../layer/layer.ts';
import { DRAFT_ARGUMENTS, envelopeRecipients, fromEmail, fromOf, goesAlong, isShown, ORIGINAL_ARGUMENTS, originalOf, partType, toEmail, WRITER_PROPERTIES, writerOf, type FetchedEmail } from './draft/email.ts';
import { oneLine } from './draft/subject.ts';
import type { Attachment, Draft, Original, Sender } from './draft/types.ts';

interface SetAnswer {
  created?: Record<string, { id: Id }> | null;
  notCreated?: Record<string, SetError> | null;
  updated?: Record<Id, unknown> | null;
  notUpdated?: Record<Id, SetError> | null;
  notDestroyed?: Record<Id, SetError> | null;
}

/** The server said no, and why: `type` is JMAP's. */
export class Refused extends Error {
  constructor(readonly type: string, readonly description: string, readonly recipients: string[] = []) {
    super(`${type}: ${description}`);
  }
}

function refusal(error: SetError): Refused {
  return new Refused(error.type, error.description ?? '', (error as SetError & { invalidRecipients?: string[] }).invalidRecipients);
}

/** How ids begin that the layer gives until the server has given its own. */
const LOCAL = 'local-';

export interface StoredVersion {
  emailId: Id;
  /** Whether the version before it was there: if not, somebody else has changed or removed the draft. */
  hadBefore: boolean;
}

/** Which attachment of the draft became which part: in order, shown pictures first, as the server puts a message together. */
export function matchBlobs(draft: Draft, parts: readonly EmailBodyPart[]): Map<string, Id> {
  const blobs = new Map<string, Id>();
  const left = [...parts];
  for (const attachment of draft.attachments) {
    if (attachment.blobId === null || !goesAlong(draft, attachment)) continue;
    const shown = isShown(draft, attachment);
    const at = left.findIndex((p) => (shown ? p.cid === attachment.cid : p.name === (oneLine(attachment.name) || null) && p.type === partType(attachment)));
    if (at >= 0 && left[at]!.blobId) blobs.set(attachment.key, left.splice(at, 1)[0]!.blobId!);
  }
  return blobs;
}

export async function storeVersion(layer: Layer, draft: Draft, sender: Sender | undefined, before: Id | null, mailboxId: Id, writer?: string): Promise<StoredVersion> {
  const { accountId } = draft;
  const request = new Batch(layer);
  const old = request.call<{ list: { id: Id }[] }>('Email/get', { accountId, ids: before ? [before] : [], properties: ['id'] });
  const set = request.call<SetAnswer>('Email/set', { accountId, create: { draft: toEmail(draft, sender, { sends: false, mailboxId, date: new Date(), writer }) } });
  await request.send();
  const emailId = set.answer.created?.['draft']?.id;
  if (!emailId) throw refusal(set.answer.notCreated?.['draft'] ?? { type: 'serverFail' });
  return { emailId, hadBefore: before === null || old.answer.list.length > 0 };
}

/**
 * The draft's attachments as parts of a version of it: blobs of an older version are gone with that one. Null: the version has not come to
 * the server yet, and shows the blobs that it was made of; or it is gone.
 */
export async function blobsOfVersion(layer: Layer, draft: Draft, emailId: Id): Promise<Map<string, Id> | null> {
  const request = new Batch(layer);
  const got = request.call<{ list: { threadId: Id; attachments: EmailBodyPart[] }[] }>('Email/get', { accountId: draft.accountId, ids: [emailId], properties: ['threadId', 'attachments'], bodyProperties: ['blobId', 'name', 'type', 'cid'] });
  await request.send();
  const [email] = got.answer.list;
  // The id says nothing: who knows it by the one that it had here goes on doing so.
  return !email || email.threadId.startsWith(LOCAL) ? null : matchBlobs(draft, email.attachments);
}

/**
 * Versions that another one has replaced. Those that are gone already are no error. `after`: what replaces them; while the layer alone has
 * that, the server keeps them.
 */
export async function destroyVersions(layer: Layer, accountId: Id, ids: readonly Id[], after: Id | null = null): Promise<void> {
  if (!ids.length) return;
  const request = new Batch(layer);
  request.call('Email/set', { accountId, destroy: ids, ...(after?.startsWith(LOCAL) && { '@after': [after] }) });
  await request.send();
}

export async function moveEmail(layer: Layer, accountId: Id, id: Id, mailboxId: Id): Promise<void> {
  const request = new Batch(layer);
  const set = request.call<SetAnswer>('Email/set', { accountId, update: { [id]: { mailboxIds: { [mailboxId]: true } } } });
  await request.send();
  const error = Object.values(set.answer.notUpdated ?? {})[0];
  if (error) throw refusal(error);
}

export interface Version {
  id: Id;
  writer: string | null;
}

/** All versions of a draft that the server has, the newest first; without the `current` one, which may be known by another id here. */
export async function versionsOf(layer: Layer, accountId: Id, mailboxId: Id, key: string, current: Id | null = null): Promise<Version[]> {
  const request = new Batch(layer);
  const found = request.call<{ ids: Id[] }>('Email/query', { accountId, filter: { inMailbox: mailboxId, header: ['Message-ID', key] }, sort: [{ property: 'receivedAt', isAscending: false }], limit: 20 });
  const got = request.call<{ list: FetchedEmail[] }>('Email/get', { accountId, '#ids': found.result('/ids'), properties: [...WRITER_PROPERTIES, 'blobId'] });
  const own = request.call<{ list: { blobId: Id }[] }>('Email/get', { accountId, ids: current === null ? [] : [current], properties: ['blobId'] });
  await request.send();
  const byId = new Map(got.answer.list.filter(({ blobId }) => blobId !== own.answer.list[0]?.blobId).map((email) => [email.id, email]));
  return found.answer.ids.flatMap((id) => (byId.has(id) ? [{ id, writer: writerOf(byId.get(id)!) }] : []));
}

export async function fetchDraft(layer: Layer, accountId: Id, emailId: Id, senders: readonly Sender[]): Promise<Draft | null> {
  const request = new Batch(layer);
  const got = request.call<{ list: FetchedEmail[] }>('Email/get', { accountId, ids: [emailId], ...DRAFT_ARGUMENTS });
  await request.send();
  const email = got.answer.list[0];
  return email ? fromEmail(email, accountId, senders) : null;
}

export async function fetchOriginal(layer: Layer, accountId: Id, emailId: Id): Promise<Original | null> {
  const request = new Batch(layer);
  const got = request.call<{ list: FetchedEmail[] }>('Email/get', { accountId, ids: [emailId], ...ORIGINAL_ARGUMENTS });
  await request.send();
  const email = got.answer.list[0];
  return email ? originalOf(email) : null;
}

/** Files of a mail in another account, as blobs of one's own: no account can write what it cannot read. RFC 8620 section 6.3. */
export async function ownBlobs(layer: Layer, fromAccountId: Id, accountId: Id, attachments: readonly Attachment[]): Promise<Attachment[]> {
  const blobIds = [...new Set(attachments.flatMap((a) => (a.blobId === null ? [] : [a.blobId])))];
  if (!blobIds.length) return [...attachments];
  const request = new Batch(layer);
  const copy = request.call<{ copied: Record<Id, Id> | null; notCopied: Record<Id, SetError> | null }>('Blob/copy', { fromAccountId, accountId, blobIds });
  await request.send();
  const error = Object.values(copy.answer.notCopied ?? {})[0];
  if (error) throw refusal(error);
  return attachments.map((a) => (a.blobId === null ? a : { ...a, blobId: copy.answer.copied?.[a.blobId] ?? null }));
}

export interface SendOptions {
  draftsId: Id;
  sentId: Id | undefined;
  /** Seconds for which it is held, so that it can be taken back; or the time when it goes. */
  hold: number;
  until: Date | null;
}

export interface Sent {
  emailId: Id;
  submissionId: Id;
}

/** Makes the mail as it goes out, hands it over, and moves it to Sent: one request. */
export async function send(layer: Layer, draft: Draft, sender: Sender | undefined, options: SendOptions): Promise<Sent> {
  const { accountId } = draft;
  const date = options.until ?? new Date();
  const from = fromOf(draft, sender);
  const parameters: Record<string, string> | null = options.until ? { HOLDUNTIL: options.until.toISOString().replace(/\.\d+Z$/, 'Z') } : options.hold > 0 ? { HOLDFOR: String(options.hold) } : null;
  const request = new Batch(layer);
  const made = request.call<SetAnswer>('Email/set', { accountId, create: { mail: toEmail(draft, sender, { sends: true, mailboxId: options.draftsId, date }) } });
  const submitted = request.call<SetAnswer>('EmailSubmission/set', {
    accountId,
    create: { sent: { emailId: '#mail', identityId: draft.identityId, envelope: { mailFrom: { email: from.email, parameters }, rcptTo: envelopeRecipients(draft).map((email) => ({ email, parameters: null })) } } },
    onSuccessUpdateEmail: { '#sent': { ...(options.sentId && { mailboxIds: { [options.sentId]: true } }), 'keywords/$draft': null, 'keywords/$seen': true } },
  });
  await request.send();
  const emailId = made.answer.created?.['mail']?.id;
  if (!emailId) throw refusal(made.answer.notCreated?.['mail'] ?? { type: 'serverFail' });
  const submissionId = submitted.answer.created?.['sent']?.id;
  if (submissionId) return { emailId, submissionId };
  // What was made to be sent is no draft: the draft itself is still there.
  await destroyVersions(layer, accountId, [emailId]).catch((error: unknown) => reportError(error));
  throw refusal(submitted.answer.notCreated?.['sent'] ?? { type: 'serverFail' });
}

/** Whether an attempt whose answer did not come has sent it: a mail of its Message-ID is at the server, and is no draft. */
export async function wasSent(layer: Layer, draft: Draft): Promise<boolean> {
  const { accountId } = draft;
  const request = new Batch(layer);
  const found = request.call<{ ids: Id[] }>('Email/query', { accountId, filter: { header: ['Message-ID', draft.key] }, limit: 20 });
  const got = request.call<{ list: { keywords: Record<string, true>; messageId: string[] | null }[] }>('Email/get', { accountId, '#ids': found.result('/ids'), properties: ['keywords', 'messageId'] });
  await request.send();
  return got.answer.list.some(({ keywords, messageId }) => !('$draft' in keywords) && messageId?.[0] === draft.messageId);
}

/** False: it is on its way already. Then it is a draft again. */
export async function takeBack(layer: Layer, draft: Draft, sent: Sent, draftsId: Id): Promise<boolean> {
  const { accountId } = draft;
  const request = new Batch(layer);
  const set = request.call<SetAnswer>('EmailSubmission/set', {
    accountId,
    update: { [sent.submissionId]: { undoStatus: 'canceled' } },
    onSuccessUpdateEmail: { [sent.submissionId]: { mailboxIds: { [draftsId]: true }, 'keywords/$draft': true } },
  });
  await request.send();
  // The server may know it by another id than the one that it has here.
  return Object.keys(set.answer.updated ?? {}).length > 0;
}

/** The mail that was answered is marked as such; false: no more, as the answer was taken back. */
export async function mark(layer: Layer, draft: Draft, answered: boolean): Promise<void> {
  if (!draft.answers) return;
  const request = new Batch(layer);
  request.call('Email/set', { accountId: draft.accountId, update: { [draft.answers.emailId]: { [`keywords/${draft.answers.keyword}`]: answered || null } } }, { mayFail: true });
  await request.send();
}
