/** Drafts that begin from another mail, and empty ones. */
import { escapeHtml, htmlOfText } from './html.ts';
import { quoteText } from './flowed.ts';
import { isAddress, sameAddress, spokenName, withoutRepeats, writePerson } from './people.ts';
import { answeringSender, isMine } from './sender.ts';
import { blankHtml, blankText } from './signature.ts';
import { forwardSubject, oneLine, replySubject } from './subject.ts';
import type { AnswerKind, Draft, Mode, Original, Person, Phrases, Quote, Sender } from './types.ts';

/** Ids of a long conversation: the first and the newest ones are what threads are joined by. */
const REFERENCES_MAX = 50;

/** Random by the browser's own source: nobody can guess a Message-ID, and two devices never make the same. */
export function newKey(random: () => Uint8Array): string {
  return `D${[...random()].map((octet) => (octet % 36).toString(36)).join('')}`;
}

export function isKey(text: string): boolean {
  return /^D[0-9a-z]{20}$/.test(text);
}

export interface Begin {
  key: string;
  accountId: string;
  senders: readonly Sender[];
  /** Identity of mails that answer nothing. */
  usual: string | null;
  mode: Mode;
}

function senderById(begin: Begin, id: string): Sender | undefined {
  return begin.senders.find((s) => s.id === id);
}

export function messageIdFor(key: string, from: string): string {
  return `${key}@${from.slice(from.lastIndexOf('@') + 1).toLowerCase() || 'localhost'}`;
}

export function blank(begin: Begin, chosen: { identityId: string; fromEmail: string | null } | null = null): Draft {
  const identityId = chosen?.identityId || begin.usual || begin.senders[0]?.id || '';
  const sender = senderById(begin, identityId);
  return {
    key: begin.key,
    accountId: begin.accountId,
    messageId: messageIdFor(begin.key, chosen?.fromEmail ?? sender?.email ?? ''),
    identityId,
    fromEmail: chosen?.fromEmail ?? null,
    to: [],
    cc: [],
    bcc: sender?.bcc ? [...sender.bcc] : [],
    subject: '',
    mode: begin.mode,
    html: blankHtml(sender),
    text: blankText(sender),
    quote: null,
    attachments: [],
    inReplyTo: [],
    references: [],
    answers: null,
    template: false,
  };
}

/** A mail that a link asks for (RFC 6068). Attachments are never taken from a link. */
export function fromMailto(url: string, begin: Begin): Draft {
  const draft = blank(begin);
  const [addresses = '', fields = ''] = url.replace(/^mailto:/i, '').split('#')[0]!.split(/\?(.*)/s);
  const decode = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const people = (text: string): Person[] => text.split(',').map(decode).map((email) => email.trim()).filter(isAddress).map((email) => ({ name: null, email }));
  draft.to = people(addresses);
  let body = '';
  for (const field of fields.split('&')) {
    const at = field.indexOf('=');
    const value = field.slice(at + 1);
    switch (decode(field.slice(0, at)).toLowerCase()) {
      case 'to': draft.to.push(...people(value)); break;
      case 'cc': draft.cc.push(...people(value)); break;
      case 'bcc': draft.bcc.push(...people(value)); break;
      case 'subject': draft.subject = oneLine(decode(value)); break;
      case 'body': body = decode(value).replace(/\r\n?/g, '\n'); break;
      case 'in-reply-to': draft.inReplyTo = [decode(value).replace(/[<>\s]/g, '')].filter(Boolean); break;
    }
  }
  draft.to = withoutRepeats(draft.to);
  if (body) {
    draft.html = htmlOfText(body) + draft.html.replace(/^<div><br><\/div>/, '');
    draft.text = body + draft.text;
  }
  return draft;
}

/** Who gets an answer. */
function recipients(original: Original, kind: 'reply' | 'replyAll', senders: readonly Sender[]): { to: Person[]; cc: Person[] } {
  const own = original.from.length > 0 && original.from.every((p) => isMine(p, senders));
  const others = (people: Person[]): Person[] => people.filter((p) => !isMine(p, senders));
  // One's own mail is answered to those who got it.
  const asked = own ? (original.to.length ? original.to : original.cc) : original.replyTo.length ? original.replyTo : original.from;
  let to = withoutRepeats(asked);
  if (kind === 'reply') return { to, cc: [] };
  if (!own) to = withoutRepeats([...to, ...others(original.to)]);
  return { to, cc: withoutRepeats(own ? others(original.cc) : others(original.cc), to) };
}

function referencesOf(original: Original): string[] {
  const before = original.references.length ? original.references : original.inReplyTo.length === 1 ? original.inReplyTo : [];
  const all = [...new Set([...before, ...original.messageId.slice(0, 1)])];
  return all.length <= REFERENCES_MAX ? all : [all[0]!, ...all.slice(1 - REFERENCES_MAX)];
}

function dateOf(original: Original): Date {
  const sent = original.sentAt ? new Date(original.sentAt) : null;
  return sent && !Number.isNaN(sent.getTime()) ? sent : new Date(original.receivedAt);
}

/** `preparedHtml`: the original's HTML as it may stand in another mail (editor/quote.ts makes it); null: it has none. */
export function quoteForReply(original: Original, preparedHtml: string | null, phrases: Phrases): Quote {
  const who = original.from.map(spokenName).join(', ');
  const line = phrases.wrote(dateOf(original), who);
  const html = preparedHtml ?? htmlOfText(original.text ?? '');
  return {
    kind: 'reply',
    html: `<div>${escapeHtml(line)}</div><blockquote type="cite">${html}</blockquote>`,
    text: `${line}\n${quoteText(original.text ?? '')}`,
  };
}

export function quoteForForward(original: Original, preparedHtml: string | null, phrases: Phrases): Quote {
  const lines: [string, string][] = [
    [phrases.from, original.from.map(writePerson).join(', ')],
    [phrases.dated, phrases.date(dateOf(original))],
    [phrases.subject, oneLine(original.subject)],
    [phrases.to, original.to.map(writePerson).join(', ')],
    [phrases.cc, original.cc.map(writePerson).join(', ')],
  ];
  const told = lines.filter(([, value]) => value);
  const rule = `---------- ${phrases.forwarded} ----------`;
  return {
    kind: 'forward',
    html: `<div>${escapeHtml(rule)}</div>${told.map(([name, value]) => `<div><b>${escapeHtml(name)}:</b> ${escapeHtml(value)}</div>`).join('')}<div><br></div>${preparedHtml ?? htmlOfText(original.text ?? '')}`,
    text: `${rule}\n${told.map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n${(original.text ?? '').replace(/\s+$/, '')}`,
  };
}

/** Of which pictures the quoted HTML speaks. */
function shownPictures(original: Original, html: string | null): Original['attachments'] {
  return html ? original.attachments.filter((a) => a.cid !== null && speaksOf(html, a.cid)) : [];
}

/** Whether HTML shows the picture of this Content-ID. */
export function speaksOf(html: string, cid: string): boolean {
  return html.includes(`cid:${cid}`) || html.includes(`cid:${encodeURIComponent(cid)}`) || html.includes(`cid:${escapeHtml(cid)}`);
}

export function answer(original: Original, kind: AnswerKind, preparedHtml: string | null, begin: Begin, phrases: Phrases): Draft {
  const forwards = kind === 'forward' || kind === 'forwardAttached';
  const draft = blank(begin, answeringSender(original, begin.senders, begin.usual));
  draft.references = referencesOf(original);
  if (forwards) {
    draft.subject = forwardSubject(original.subject);
    draft.answers = { emailId: original.id, keyword: '$forwarded' };
  } else {
    draft.subject = replySubject(original.subject);
    draft.inReplyTo = original.messageId.slice(0, 1);
    draft.answers = { emailId: original.id, keyword: '$answered' };
    const { to, cc } = recipients(original, kind, begin.senders);
    draft.to = to;
    draft.cc = cc;
    draft.bcc = draft.bcc.filter((p) => !to.some((q) => sameAddress(p.email, q.email)));
  }
  if (kind === 'forwardAttached') {
    const name = `${oneLine(original.subject).replace(/[\\/:*?"<>|]+/g, ' ').trim().slice(0, 100) || 'message'}.eml`;
    draft.attachments = [{ key: 'original', blobId: original.blobId, name, type: 'message/rfc822', size: original.size, cid: null }];
    return draft;
  }
  draft.quote = forwards ? quoteForForward(original, preparedHtml, phrases) : quoteForReply(original, preparedHtml, phrases);
  const shown = shownPictures(original, begin.mode === 'rich' ? preparedHtml : null);
  // What the HTML does not show is a file, whatever name it has.
  draft.attachments = forwards ? original.attachments.map((a) => (shown.includes(a) ? a : { ...a, cid: null })) : shown;
  return begin.mode === 'plain' ? withOpenQuote(draft) : draft;
}

/** The quote as a part of what is written, from where it can be edited. */
export function withOpenQuote(draft: Draft): Draft {
  if (!draft.quote) return draft;
  const { html, text } = draft.quote;
  return {
    ...draft,
    quote: null,
    html: `${draft.html}<div><br></div>${html}`,
    text: `${draft.text.replace(/\s+$/, '') || '\n'}\n\n${text}`,
  };
}

/** The same mail once more: same people, words and files, but a mail of its own. Marks nothing. Files behind links stay the other one's. */
export function copyOf(source: Draft, key: string, senders: readonly Sender[]): Draft {
  const sender = senders.find((s) => s.id === source.identityId);
  return {
    ...source,
    key,
    messageId: messageIdFor(key, source.fromEmail ?? sender?.email ?? ''),
    attachments: source.attachments.map((a) => ({ ...a })),
    linkIds: [],
    inReplyTo: [],
    references: [],
    answers: null,
    template: false,
  };
}
