/** A draft as an Email of JMAP (RFC 8621 section 4), and back. */
import type { Email, EmailAddress, EmailBodyPart } from '../../../jmap/types.ts';
import { isKey, messageIdFor, speaksOf } from './answer.ts';
import { flow, unflow } from './flowed.ts';
import { htmlOfText, textOfHtml } from './html.ts';
import { oneLine } from './subject.ts';
import { senderOf } from './sender.ts';
import type { Answers, Attachment, Draft, Original, Person, Sender } from './types.ts';

/** In drafts alone: what their fields cannot tell. The mail that is sent does not have it. */
const NOTE_FIELD = 'header:X-Postrider-Draft:asText';

const BODY_PROPERTIES = ['partId', 'blobId', 'size', 'name', 'type', 'charset', 'disposition', 'cid', 'subParts', 'header:Content-Type:asText'];

const COMMON = ['id', 'blobId', 'mailboxIds', 'keywords', 'size', 'receivedAt', 'sentAt', 'from', 'to', 'cc', 'bcc', 'replyTo', 'subject', 'messageId', 'inReplyTo', 'references', 'textBody', 'htmlBody', 'attachments', 'bodyValues'];

/** Arguments of Email/get for what `fromEmail` reads. */
export const DRAFT_ARGUMENTS = { properties: [...COMMON, NOTE_FIELD], bodyProperties: BODY_PROPERTIES, fetchTextBodyValues: true, fetchHTMLBodyValues: true };

/** Arguments of Email/get for what `originalOf` reads. */
export const ORIGINAL_ARGUMENTS = {
  properties: [...COMMON, 'header:Delivered-To:asAddresses:all', 'header:X-Original-To:asAddresses:all'],
  bodyProperties: BODY_PROPERTIES,
  fetchTextBodyValues: true,
  fetchHTMLBodyValues: true,
};

export type FetchedEmail = Email & Record<string, unknown>;

// ---- to the server ----

const HEAD = '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>';
const TAIL = '</body></html>';
const QUOTE_OPEN = '<div class="postrider-quote">';
const QUOTE_CLOSE = '</div>';

function htmlOf(draft: Draft): string {
  // What is written may hold such an element, pasted from another mail: then it is not where the quote begins.
  const written = draft.html.replaceAll(QUOTE_OPEN, '<div class="postrider-quoted">');
  return HEAD + written + (draft.quote ? `<div><br></div>${QUOTE_OPEN}${draft.quote.html}${QUOTE_CLOSE}` : '') + TAIL;
}

function textOf(draft: Draft): string {
  const written = (draft.mode === 'plain' ? draft.text : textOfHtml(draft.html)).replace(/\s+$/, '');
  return draft.quote ? `${written}\n\n${draft.quote.text}` : written;
}

function people(list: readonly Person[]): EmailAddress[] | null {
  return list.length ? list.map(({ name, email }) => ({ name: name ? oneLine(name) : null, email })) : null;
}

/** RFC 3339 with the writer's own offset, which is what the Date field shows. */
export function localDate(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const pad = (n: number): string => String(Math.abs(n)).padStart(2, '0');
  const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  return `${local}${minutes < 0 ? '-' : '+'}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`;
}

export interface Purpose {
  /** A version that is kept, or the mail that is sent. */
  sends: boolean;
  mailboxId: string;
  /** Of the Date field: now, or when it will be sent. */
  date: Date;
  /** Which window makes the version: it may remove what it made itself. */
  writer?: string;
}

export function fromOf(draft: Draft, sender: Sender | undefined): Person {
  return { name: sender?.name || null, email: draft.fromEmail ?? sender?.email ?? '' };
}

/** Whether it is a picture that is shown within the mail. */
export function isShown(draft: Draft, attachment: Attachment): boolean {
  return attachment.cid !== null && draft.mode === 'rich' && (speaksOf(draft.html, attachment.cid) || (draft.quote !== null && speaksOf(draft.quote.html, attachment.cid)));
}

/** A picture that was taken out of the text is no part of the mail any more; it is kept for the case that this is undone. */
export function goesAlong(draft: Draft, attachment: Attachment): boolean {
  return attachment.cid === null || isShown(draft, attachment);
}

/** A type that the server can write; others are octets to whoever gets them. */
export function partType(a: Attachment): string {
  return /^[\w.+-]+\/[\w.+-]+$/.test(a.type) ? a.type.toLowerCase() : 'application/octet-stream';
}

function attachmentPart(draft: Draft, a: Attachment): Record<string, unknown> {
  const shown = isShown(draft, a);
  const part: Record<string, unknown> = { blobId: a.blobId, type: partType(a), disposition: shown ? 'inline' : 'attachment' };
  const name = oneLine(a.name);
  if (name) part['name'] = name;
  if (a.cid && shown) part['cid'] = a.cid;
  return part;
}

/** What is noted in a draft beside its fields. */
interface Note {
  identity?: string;
  from?: string;
  answers?: [string, string];
  template?: true;
  writer?: string;
  links?: string[];
}

function noteOf(draft: Draft, writer: string | undefined): string {
  const note: Note = { identity: draft.identityId };
  if (writer) note.writer = writer;
  if (draft.fromEmail) note.from = draft.fromEmail;
  if (draft.answers) note.answers = [draft.answers.emailId, draft.answers.keyword];
  if (draft.template) note.template = true;
  if (draft.linkIds?.length) note.links = draft.linkIds;
  return JSON.stringify(note);
}

/** For Email/set create. Attachments that are not at the server yet are left out. */
export function toEmail(draft: Draft, sender: Sender | undefined, purpose: Purpose): Record<string, unknown> {
  const from = fromOf(draft, sender);
  const email: Record<string, unknown> = {
    mailboxIds: { [purpose.mailboxId]: true },
    keywords: { $draft: true, $seen: true },
    from: from.email ? people([from]) : null,
    replyTo: people(sender?.replyTo ?? []),
    to: people(draft.to),
    cc: people(draft.cc),
    bcc: people(draft.bcc),
    subject: oneLine(draft.subject),
    messageId: [draft.messageId],
    inReplyTo: draft.inReplyTo.length ? draft.inReplyTo : null,
    references: draft.references.length ? draft.references : null,
    sentAt: localDate(purpose.date),
    textBody: [{ partId: 'text', 'header:Content-Type:asText': 'text/plain; charset=utf-8; format=flowed' }],
    bodyValues: { text: { value: flow(textOf(draft)) } },
  };
  if (draft.mode === 'rich') {
    email['htmlBody'] = [{ partId: 'html', type: 'text/html' }];
    (email['bodyValues'] as Record<string, unknown>)['html'] = { value: htmlOf(draft) };
  }
  const files = draft.attachments.filter((a) => a.blobId !== null && goesAlong(draft, a));
  if (files.length) email['attachments'] = files.map((a) => attachmentPart(draft, a));
  if (!purpose.sends) email[NOTE_FIELD] = noteOf(draft, purpose.writer);
  for (const [name, value] of Object.entries(email)) if (value === null) delete email[name];
  return email;
}

/** All who get it, each once: the envelope's recipients. */
export function envelopeRecipients(draft: Draft): string[] {
  const all = new Map<string, string>();
  for (const { email } of [...draft.to, ...draft.cc, ...draft.bcc]) if (!all.has(email.toLowerCase())) all.set(email.toLowerCase(), email);
  return [...all.values()];
}

// ---- from the server ----

function bodyOf(email: FetchedEmail, parts: EmailBodyPart[], type: string): string | null {
  const found = parts.filter((p) => p.type === type && p.partId !== null && email.bodyValues[p.partId]);
  if (!found.length) return null;
  return found
    .map((part) => {
      const { value } = email.bodyValues[part.partId!]!;
      const contentType = String((part as unknown as Record<string, unknown>)['header:Content-Type:asText'] ?? '');
      return type === 'text/plain' && /format\s*=\s*"?flowed/i.test(contentType) ? unflow(value, /delsp\s*=\s*"?yes/i.test(contentType)) : value.replace(/\r\n/g, '\n');
    })
    .join('\n');
}

/** What stands inside of <body>, or all of it where there is none. */
export function innerBody(html: string): string {
  const open = /<body\b(?:[^>"']|"[^"]*"|'[^']*')*>/i.exec(html);
  if (!open) return html;
  const inner = html.slice(open.index + open[0].length);
  const close = inner.toLowerCase().lastIndexOf('</body');
  return close < 0 ? inner : inner.slice(0, close);
}

function attachmentsOf(email: FetchedEmail): Attachment[] {
  const text = new Set([...email.textBody, ...email.htmlBody].map((p) => p.blobId));
  return email.attachments
    .filter((p) => p.blobId !== null && !(text.has(p.blobId) && !p.cid))
    .map((p, i) => ({ key: `${i}-${p.blobId}`, blobId: p.blobId, name: p.name ?? '', type: p.type, size: p.size, cid: p.cid }));
}

function list(people: EmailAddress[] | null | undefined): Person[] {
  return (people ?? []).filter((p) => p.email).map(({ name, email }) => ({ name: name || null, email }));
}

function readNote(email: FetchedEmail): Note {
  try {
    const note: unknown = JSON.parse(String(email[NOTE_FIELD] ?? '{}'));
    return note && typeof note === 'object' ? (note as Note) : {};
  } catch {
    return {};
  }
}

export const WRITER_PROPERTIES = ['id', NOTE_FIELD];

/** Which window made a version; null: none of this program's. */
export function writerOf(email: FetchedEmail): string | null {
  const { writer } = readNote(email);
  return typeof writer === 'string' ? writer : null;
}

function readAnswers(note: Note): Answers | null {
  const [emailId, keyword] = Array.isArray(note.answers) ? note.answers : [];
  return typeof emailId === 'string' && (keyword === '$answered' || keyword === '$forwarded') ? { emailId, keyword } : null;
}

function readLinks({ links }: Note): string[] | undefined {
  return Array.isArray(links) && links.length && links.every((id) => typeof id === 'string') ? links : undefined;
}

/** Splits what `htmlOf` has joined. HTML of other programs is all written text. */
function readHtml(html: string): { written: string; quote: string | null } {
  if (html.startsWith(HEAD) && html.endsWith(TAIL)) {
    const inner = html.slice(HEAD.length, -TAIL.length);
    const at = inner.indexOf(QUOTE_OPEN);
    if (at < 0 || !inner.endsWith(QUOTE_CLOSE)) return { written: inner, quote: null };
    return { written: inner.slice(0, at).replace(/<div><br><\/div>$/, ''), quote: inner.slice(at + QUOTE_OPEN.length, -QUOTE_CLOSE.length) };
  }
  return { written: innerBody(html), quote: null };
}

/** A draft of any program as one that can be written on. */
export function fromEmail(email: FetchedEmail, accountId: string, senders: readonly Sender[]): Draft {
  const note = readNote(email);
  const from = email.from?.[0]?.email ?? '';
  const named = typeof note.identity === 'string' ? senders.find((s) => s.id === note.identity) : undefined;
  const chosen = named ? { identityId: named.id, fromEmail: typeof note.from === 'string' ? note.from : null } : (senderOf(from, senders) ?? { identityId: senders[0]?.id ?? '', fromEmail: null });
  const messageId = email.messageId?.[0] ?? '';
  const left = messageId.split('@')[0]!;
  const key = isKey(left) ? left : email.id;
  const htmlValue = bodyOf(email, email.htmlBody, 'text/html');
  const text = bodyOf(email, email.textBody, 'text/plain') ?? '';
  const { written, quote } = htmlValue === null ? { written: htmlOfText(text), quote: null } : readHtml(htmlValue);
  return {
    key,
    accountId,
    messageId: messageId || messageIdFor(key, from),
    ...chosen,
    to: list(email.to),
    cc: list(email.cc),
    bcc: list(email.bcc),
    subject: email.subject ?? '',
    mode: htmlValue === null ? 'plain' : 'rich',
    html: written,
    text: htmlValue === null ? text : '',
    quote: quote === null ? null : { kind: /^<div>-{10} /.test(quote) ? 'forward' : 'reply', html: quote, text: textOfHtml(quote) },
    attachments: attachmentsOf(email).map((a) => (a.cid !== null && speaksOf(`${written}${quote ?? ''}`, a.cid) ? a : { ...a, cid: null })),
    inReplyTo: email.inReplyTo ?? [],
    references: email.references ?? [],
    answers: readAnswers(note),
    ...(readLinks(note) && { linkIds: readLinks(note) }),
    template: note.template === true,
  };
}

export function originalOf(email: FetchedEmail): Original {
  const html = bodyOf(email, email.htmlBody, 'text/html');
  const text = bodyOf(email, email.textBody, 'text/plain') ?? (html === null ? '' : textOfHtml(innerBody(html)));
  const delivered = ['header:Delivered-To:asAddresses:all', 'header:X-Original-To:asAddresses:all'].flatMap((name) => ((email[name] as (EmailAddress[] | null)[] | undefined) ?? []).flatMap((some) => list(some)));
  return {
    id: email.id,
    blobId: email.blobId,
    subject: email.subject ?? '',
    from: list(email.from),
    to: list(email.to),
    cc: list(email.cc),
    bcc: list(email.bcc),
    replyTo: list(email.replyTo),
    messageId: email.messageId ?? [],
    inReplyTo: email.inReplyTo ?? [],
    references: email.references ?? [],
    sentAt: email.sentAt,
    receivedAt: email.receivedAt,
    size: email.size,
    deliveredTo: delivered.map((p) => p.email),
    html,
    text,
    attachments: attachmentsOf(email),
  };
}
