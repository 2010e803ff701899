/**
 * A message of a file as the server takes it: lines end with CR and LF. In an mbox, what a program has noted of it in fields of its own (Status,
 * X-Status, X-Keywords of UW IMAP, Dovecot and mutt; X-Mozilla-Status of Thunderbird; X-Gmail-Labels of Takeout) becomes keywords. The first
 * field of each is taken out; a further one is the sender's. A sender can write X-Gmail-Labels too: it is Takeout's only at the top. Pure.
 */
import { latin1 } from './bytes.ts';
import { gmailNotes, type GmailNotes, type Role } from './gmail.ts';

export interface Message {
  octets: Uint8Array<ArrayBuffer>;
  keywords: Record<string, true>;
  /** When it came; undefined: nothing says so. */
  receivedAt: Date | undefined;
  messageId: string | undefined;
  /** For those who are told that it was not taken. */
  subject: string;
  /** Where it lay, if the file says so, and not in the inbox. */
  role?: Role | undefined;
  /** Gmail noted labels in a language that is not known here. */
  hasUnknownLabels?: true;
}

const CR = 13;
const LF = 10;
/** Of a header, for what is looked for in it. A longer one is the message's own affair. */
const HEADER_MAX = 256 << 10;
const NOTES = ['status', 'x-status', 'x-keywords', 'x-uid', 'x-uidl', 'x-imap', 'x-imapbase', 'x-mozilla-status', 'x-mozilla-status2', 'x-mozilla-keys', 'content-length'];
/** With one of these, a program that had the mail after Gmail says how it was left there. */
const STATES = ['status', 'x-status', 'x-mozilla-status'];
const THREAD = 'x-gm-thrid';
const LABELS = 'x-gmail-labels';
const MOZILLA = { read: 0x1, replied: 0x2, marked: 0x4, expunged: 0x8, forwarded: 0x1000 };
const LETTERS: Record<string, string> = { R: '$seen', A: '$answered', F: '$flagged', T: '$draft' };
/** RFC 8621 section 4.1.1, and what this server keeps of one. */
const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z^_`a-z|}~]{1,100}$/;

/** Lone LF and lone CR LF become CR LF; with `quoted`, ">From " of mboxrd loses one ">". */
export function withLineEnds(octets: Uint8Array, quoted: boolean): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(octets.length + countOf(octets, LF) + 2);
  let to = 0;
  for (let at = 0; at < octets.length; ) {
    let end = octets.indexOf(LF, at);
    if (end < 0) end = octets.length;
    let from = at;
    if (quoted && octets[from] === 0x3e && isQuotedFrom(octets, from)) from++;
    const last = end > from && octets[end - 1] === CR ? end - 1 : end;
    out.set(octets.subarray(from, last), to);
    to += last - from;
    out[to++] = CR;
    out[to++] = LF;
    at = end + 1;
  }
  return out.slice(0, to);
}

function countOf(octets: Uint8Array, octet: number): number {
  let count = 0;
  for (let at = octets.indexOf(octet); at >= 0; at = octets.indexOf(octet, at + 1)) count++;
  return count;
}

function isQuotedFrom(octets: Uint8Array, from: number): boolean {
  let at = from;
  while (octets[at] === 0x3e) at++;
  return latin1(octets.subarray(at, at + 5)) === 'From ';
}

interface Field {
  name: string;
  value: string;
  /** Where it stands. */
  from: number;
  to: number;
}

/** The fields of a header whose lines end with CR LF, and where it ends. */
function fieldsOf(header: string): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < header.length; ) {
    let end = header.indexOf('\r\n', at);
    if (end < 0) end = header.length;
    const line = header.slice(at, end);
    const last = fields.at(-1);
    if (last && /^[ \t]/.test(line)) {
      last.value += ` ${line.trim()}`;
      last.to = end + 2;
    } else {
      const colon = line.indexOf(':');
      if (colon > 0) fields.push({ name: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1).trim(), from: at, to: end + 2 });
    }
    at = end + 2;
  }
  return fields;
}

/** Undefined: Thunderbird has deleted it, and only its octets were left. */
export function messageOf(raw: Uint8Array, options: { isMbox?: boolean; separator?: Date } = {}): Message | undefined {
  const whole = withLineEnds(raw, options.isMbox ?? false);
  const head = latin1(whole.subarray(0, HEADER_MAX));
  const blank = head.startsWith('\r\n') ? 0 : head.indexOf('\r\n\r\n');
  const header = blank < 0 ? head : head.slice(0, blank === 0 ? 0 : blank + 2);
  const fields = fieldsOf(header);
  const notes = options.isMbox ? NOTES.flatMap((name) => fields.find((field) => field.name === name) ?? []) : [];
  const note = (name: string): string | undefined => notes.find((field) => field.name === name)?.value;
  if (Number.parseInt(note('x-mozilla-status') ?? '0', 16) & MOZILLA.expunged) return undefined;
  const value = (name: string): string | undefined => fields.find((field) => field.name === name)?.value;
  const takeout = options.isMbox ? takeoutFields(fields.filter((field) => !notes.includes(field))) : [];
  const labels = STATES.some((name) => note(name) !== undefined) ? undefined : takeout.find((field) => field.name === LABELS)?.value;
  const gmail = labels ? gmailNotes(labels) : undefined;
  return {
    octets: without(whole, [...notes, ...takeout]),
    keywords: keywordsOf(note, gmail),
    role: gmail?.role,
    ...(labels && !gmail && { hasUnknownLabels: true as const }),
    receivedAt: dateOf(options.separator, value('received'), value('date')),
    messageId: /<([^<>\s]+)>/.exec(value('message-id') ?? '')?.[1],
    subject: value('subject') ?? '',
  };
}

/** Takeout writes its two fields above all others. What came by mail has those of its way there: a sender's field stands below them. */
function takeoutFields(fields: readonly Field[]): Field[] {
  const top = fields.slice(0, 2);
  return [THREAD, LABELS].every((name) => top.some((field) => field.name === name)) ? top : [];
}

function without(whole: Uint8Array<ArrayBuffer>, fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  if (fields.length === 0) return whole;
  const out = new Uint8Array(whole.length);
  let to = 0;
  let at = 0;
  for (const field of [...fields].sort((a, b) => a.from - b.from)) {
    out.set(whole.subarray(at, field.from), to);
    to += field.from - at;
    at = field.to;
  }
  out.set(whole.subarray(at), to);
  return out.slice(0, to + whole.length - at);
}

/** Where no program has noted anything, it is old mail that has been read. */
function keywordsOf(note: (name: string) => string | undefined, gmail: GmailNotes | undefined): Record<string, true> {
  const keywords: Record<string, true> = {};
  const letters = (note('status') ?? '') + (note('x-status') ?? '');
  for (const letter of letters) if (LETTERS[letter]) keywords[LETTERS[letter]] = true;
  const mozilla = note('x-mozilla-status');
  const bits = Number.parseInt(mozilla ?? '0', 16);
  if (bits & MOZILLA.read) keywords['$seen'] = true;
  if (bits & MOZILLA.replied) keywords['$answered'] = true;
  if (bits & MOZILLA.marked) keywords['$flagged'] = true;
  if (bits & MOZILLA.forwarded) keywords['$forwarded'] = true;
  for (const word of `${note('x-keywords') ?? ''} ${note('x-mozilla-keys') ?? ''}`.split(/[\s,]+/)) if (KEYWORD.test(word)) keywords[word.toLowerCase()] = true;
  if (gmail) Object.assign(keywords, gmail.keywords);
  else if (STATES.every((name) => note(name) === undefined)) keywords['$seen'] = true;
  return keywords;
}

/** The separator of an mbox, the newest Received field (its date stands behind the last semicolon), Date: what can be read, and is past. */
function dateOf(separator: Date | undefined, received: string | undefined, date: string | undefined): Date | undefined {
  const read = (text: string | undefined): Date => new Date((text ?? '').replace(/\s*\([^()]*\)\s*$/, ''));
  const now = Date.now();
  const found = [separator ?? new Date(Number.NaN), read(received?.split(';').at(-1)), read(date)];
  return found.find((one) => one.getTime() > 0 && one.getTime() <= now);
}
