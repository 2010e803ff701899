/** What is read: whole messages, and which one of the open conversation actions work on. */
import { signal } from '@preact/signals';
import { Emitter } from '../base/emitter.ts';
import { fileName } from '../base/files.ts';
import { Batch } from '../jmap/batch.ts';
import { ROW_PROPERTIES, type Email, type EmailRow, type Id, type Thread } from '../jmap/types.ts';
import type { Store } from './store.ts';

/** The message of the open conversation that has the focus, else the newest that is open: answers and the like are about it. */
export const openMessage = signal<Id | undefined>(undefined);

/** Message-IDs of the drafts that this window writes on, one behind another: beside the form, their conversation does not show what was saved. */
export const draftsWritten = signal('');

/** Somebody follows a link to an address: who writes mail listens. */
export const writeTo = new Emitter<{ mailto: string }>();

/** Who sent it, and how that is known (urn:postrider:params:jmap:verdict). */
export interface Verdict {
  level: 'none' | 'plain' | 'caution' | 'danger';
  text: string;
  /** null: it was not looked at, for it did not come from outside. */
  standing: 'proven' | 'unproven' | 'unknown' | 'later' | null;
  domain: string | null;
  proven: boolean;
  by: string[];
  policy: 'none' | 'quarantine' | 'reject' | null;
  action: 'delivered' | 'junk';
  /** The first message from this address; null or absent: not known. */
  firstContact?: boolean | null;
  /** An address to which the reader writes, and that this sender's looks like; or whose owner has this sender's name. */
  looksLike?: string | null;
  nameOf?: string | null;
  evidence: { what: string; result: string; domain: string | null; text: string }[];
}

/** What rules did with it when it came (urn:postrider:params:jmap:filedby). */
export interface FiledBy {
  at: string;
  byHand: boolean;
  mailboxIds: Id[];
  deeds: {
    action: string;
    target: string | null;
    flags: string[];
    script: string | null;
    isServerScript: boolean;
    line: number | null;
    rule: number | null;
    ruleName: string | null;
    testLine: number | null;
    test: string | null;
  }[];
}

export const VERDICT = 'urn:postrider:params:jmap:verdict';
const OWN_PROPERTIES: [capability: string, property: string][] = [
  [VERDICT, 'verdict'],
  ['urn:postrider:params:jmap:filedby', 'filedBy'],
];

/** A message with what its reader needs beyond RFC 8621's usual properties. */
export interface WholeEmail extends Email {
  'header:List-Unsubscribe:asURLs'?: string[] | null;
  'header:List-Unsubscribe-Post:asText'?: string | null;
  'header:List-Id:asText'?: string | null;
  verdict?: Verdict | null;
  filedBy?: FiledBy | null;
  /** What the server thinks of its S/MIME signature (RFC 9219): "signed/verified", "signed/failed" and others; null: it has none. */
  smimeStatus?: string | null;
  smimeErrors?: string[] | null;
  smimeVerifiedAt?: string | null;
}

export const WHOLE_PROPERTIES = [
  ...ROW_PROPERTIES, 'blobId', 'messageId', 'inReplyTo', 'references', 'sender', 'cc', 'bcc', 'replyTo', 'sentAt', 'bodyValues', 'textBody', 'htmlBody',
  'attachments', 'header:List-Unsubscribe:asURLs', 'header:List-Unsubscribe-Post:asText', 'header:List-Id:asText',
];
const PART_PROPERTIES = ['partId', 'blobId', 'size', 'name', 'type', 'charset', 'disposition', 'cid', 'header:Content-Type:asText'];

/** The server takes out of HTML what runs or loads, before the frame's own walls. */
const CLEAN_HTML = 'urn:postrider:params:jmap:cleanhtml';

/** Of a body; the rest is seen in the original. A novel has half of it. */
const BODY_OCTETS = 1 << 20;

export function isWhole(email: Email | EmailRow | undefined): email is WholeEmail {
  return email !== undefined && 'bodyValues' in email && email.bodyValues !== undefined;
}

/** The account in whose store something lies: ids of our server say so ("T1-33" lies in "A1"). */
export function accountOfId(store: Store, id: Id): Id {
  const owner = `A${id.slice(1).split('-')[0]}`;
  return store.accounts.peek().some((account) => account.id === owner) ? owner : store.mainAccount;
}

/** A message as a file: its octets as they came. */
export function originalFile(store: Store, email: WholeEmail): { name: string; url: string } {
  const name = `${fileName({ name: email.subject, type: '' })}.eml`;
  return { name, url: store.layer.blobUrl(accountOfId(store, email.id), email.blobId, name, 'message/rfc822') };
}

/** A conversation's rows, where they are not here yet. False: there is no such conversation. */
export async function loadThread(store: Store, threadId: Id): Promise<boolean> {
  const there = store.threads.peek(threadId);
  if (there?.emailIds.every((id) => store.emails.has(id))) return true;
  const accountId = accountOfId(store, threadId);
  const request = new Batch(store.layer);
  const threads = request.call<{ list: Thread[] }>('Thread/get', { accountId, ids: [threadId] });
  const rows = request.call<{ list: EmailRow[] }>('Email/get', { accountId, '#ids': threads.result('/list/*/emailIds'), properties: store.rowProperties });
  await request.send();
  store.putRows(accountId, rows.answer.list, threads.answer.list);
  return threads.answer.list.length > 0;
}

/** Whole messages, of one account; those that are whole already are not asked for. */
export async function loadWhole(store: Store, ids: readonly Id[]): Promise<void> {
  const missing = ids.filter((id) => !isWhole(store.emails.peek(id)));
  if (missing.length === 0) return;
  const accountId = accountOfId(store, missing[0]!);
  const capabilities = store.layer.session.accounts[accountId]?.accountCapabilities ?? {};
  const request = new Batch(store.layer);
  const emails = request.call<{ list: WholeEmail[] }>('Email/get', {
    accountId,
    ids: missing,
    properties: [...new Set([...store.rowProperties, ...WHOLE_PROPERTIES, ...OWN_PROPERTIES.filter(([capability]) => capability in capabilities).map(([, property]) => property)])],
    bodyProperties: PART_PROPERTIES,
    fetchTextBodyValues: true,
    fetchHTMLBodyValues: true,
    maxBodyValueBytes: BODY_OCTETS,
    ...(CLEAN_HTML in store.layer.session.capabilities && { cleanHTMLBodyValues: true }),
  });
  await request.send();
  store.emails.put(accountId, emails.answer.list);
  void loadSignatures(store, accountId, emails.answer.list.map((email) => email.id));
}

/** Signatures take the server longer than all else, so the messages are shown first. Without an answer nothing is said of them. */
async function loadSignatures(store: Store, accountId: Id, ids: readonly Id[]): Promise<void> {
  const capabilities = store.layer.session.accounts[accountId]?.accountCapabilities ?? {};
  if (ids.length === 0 || !('urn:ietf:params:jmap:smimeverify' in capabilities)) return;
  const request = new Batch(store.layer);
  const emails = request.call<{ list: WholeEmail[] }>('Email/get', { accountId, ids, properties: ['smimeStatus', 'smimeErrors', 'smimeVerifiedAt'] });
  try {
    await request.send();
  } catch {
    return;
  }
  store.emails.put(accountId, emails.answer.list.filter((email) => store.emails.has(email.id)));
}
