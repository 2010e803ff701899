/** What is kept of each email in memory, and how it lies in the store: in pieces of emails that came one after the other. */
import { same } from '../../base/same.ts';
import type { Id } from '../../jmap/types.ts';

export type IdSet = Readonly<Record<string, true>>;

/** What queries look at. Never changed: another one takes its place. */
/** Until when an email is put off, as Email/set took it (doc/jmap.md, Snooze). */
export interface Snoozed {
  readonly until: string;
  readonly moveToMailboxId?: Id | null;
  /** A reminder: it stays where it lies besides. */
  readonly unlessAnswered?: boolean;
}

export interface Row {
  readonly id: Id;
  readonly threadId: Id;
  readonly mailboxIds: IdSet;
  readonly keywords: IdSet;
  /** Milliseconds since 1970. */
  readonly received: number;
  readonly size: number;
  readonly hasAttachment: boolean;
  readonly snoozed: Snoozed | null;
  /** When it came back from being put off. */
  readonly awokenAt: string | null;
  /** What lists with put-off mail are sorted by: until when it is put off, when it came back, or else when it came. */
  readonly dated: number;
}

/** The properties of an email that are in its row: whatever else it has is text. */
export const IN_ROW: ReadonlySet<string> = new Set(['id', 'threadId', 'mailboxIds', 'keywords', 'receivedAt', 'size', 'hasAttachment', 'snoozed', 'awokenAt']);

/** Emails in a piece of the table `rows`: what a change of one of them writes again, some 30 KB. */
export const ROWS_IN_PIECE = 1024;
/** Emails in a piece of `texts`: what is read to show one of them. */
export const TEXTS_IN_PIECE = 256;

/** Our server's ids end with a hexadecimal number that counts: neighbours arrived one after the other. */
export function pieceOf(id: Id, size: number): string {
  const number = Number.parseInt(id.slice(id.lastIndexOf('-') + 1), 16);
  // Of equal length, so that the store's order of keys is that of the numbers.
  if (/-[0-9a-f]+$/.test(id) && Number.isSafeInteger(number)) return Math.floor(number / size).toString(16).padStart(11, '0');
  let hash = 0;
  for (let at = 0; at < id.length; at++) hash = (hash * 31 + id.charCodeAt(at)) >>> 0;
  return `x${hash % 256}`;
}

const shared = new Map<string, IdSet>();

/** Equal sets are one object: 100,000 emails have a few dozen of them. */
export function sharedSet(names: Iterable<string>): IdSet {
  const sorted = [...names].sort();
  const key = sorted.join(' ');
  let set = shared.get(key);
  if (!set) shared.set(key, (set = Object.freeze(Object.fromEntries(sorted.map((name) => [name, true as const])))));
  return set;
}

const memberSet = (set: Record<string, unknown> | undefined): IdSet => sharedSet(Object.keys(set ?? {}).filter((name) => set![name]));

/** The row of an email as the server tells it. */
export function rowOf(email: Record<string, any>): Row {
  const received = Date.parse(email['receivedAt']) || 0;
  return {
    id: email['id'],
    threadId: email['threadId'],
    mailboxIds: memberSet(email['mailboxIds']),
    keywords: memberSet(email['keywords']),
    received,
    size: email['size'] ?? 0,
    hasAttachment: Boolean(email['hasAttachment']),
    ...putOff(email['snoozed'] ?? null, email['awokenAt'] ?? null, received),
  };
}

function putOff(snoozed: Snoozed | null, awokenAt: string | null, received: number): Pick<Row, 'snoozed' | 'awokenAt' | 'dated'> {
  return { snoozed, awokenAt, dated: Date.parse((snoozed?.unlessAnswered ? null : snoozed?.until) ?? awokenAt ?? '') || received };
}

/** The row with what may change of it. The same object, if nothing does. */
export function changedRow(row: Row, to: Partial<Pick<Row, 'mailboxIds' | 'keywords' | 'snoozed' | 'awokenAt'>>): Row {
  const { mailboxIds = row.mailboxIds, keywords = row.keywords, snoozed = row.snoozed, awokenAt = row.awokenAt } = to;
  const isSame = mailboxIds === row.mailboxIds && keywords === row.keywords && same(snoozed, row.snoozed) && awokenAt === row.awokenAt;
  return isSame ? row : { ...row, mailboxIds, keywords, ...putOff(snoozed, awokenAt, row.received) };
}

/** The order of lists: newest first, and of equal ones the one with the lower number, as the server has it. */
export function newestFirst(a: Row, b: Row): number {
  return b.received - a.received || byId(a.id, b.id);
}

export function byId(a: Id, b: Id): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** A piece of the table `rows`: columns, which a browser clones ten times as fast as objects. */
export interface RowsPiece {
  ids: string;
  threads: string;
  /** Sets of names, and for each email which of them are its mailboxes and its keywords. */
  sets: string[];
  mailboxes: Uint16Array;
  keywords: Uint16Array;
  received: Float64Array;
  sizes: Float64Array;
  attachments: Uint8Array;
  /** The few that are put off, or were: their place in the piece, and what is known of it. */
  putOff?: [place: number, snoozed: Snoozed | null, awokenAt: string | null][];
}

export function packed(rows: readonly Row[]): RowsPiece {
  const sets: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (set: IdSet): number => {
    const key = Object.keys(set).join(' ');
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = sets.push(key) - 1));
    return number;
  };
  return {
    ids: rows.map((row) => row.id).join(' '),
    threads: rows.map((row) => row.threadId).join(' '),
    mailboxes: Uint16Array.from(rows, (row) => numberOf(row.mailboxIds)),
    keywords: Uint16Array.from(rows, (row) => numberOf(row.keywords)),
    received: Float64Array.from(rows, (row) => row.received),
    sizes: Float64Array.from(rows, (row) => row.size),
    attachments: Uint8Array.from(rows, (row) => Number(row.hasAttachment)),
    putOff: rows.flatMap((row, at): NonNullable<RowsPiece['putOff']> => (row.snoozed || row.awokenAt !== null ? [[at, row.snoozed, row.awokenAt]] : [])),
    sets,
  };
}

export function unpacked(piece: RowsPiece): Row[] {
  const sets = piece.sets.map((key) => sharedSet(key ? key.split(' ') : []));
  const threads = piece.threads.split(' ');
  const rows = piece.ids.split(' ').map((id, at): Row => ({
    id,
    threadId: threads[at]!,
    mailboxIds: sets[piece.mailboxes[at]!]!,
    keywords: sets[piece.keywords[at]!]!,
    received: piece.received[at]!,
    size: piece.sizes[at]!,
    hasAttachment: piece.attachments[at] === 1,
    snoozed: null,
    awokenAt: null,
    dated: piece.received[at]!,
  }));
  for (const [at, snoozed, awokenAt] of piece.putOff ?? []) rows[at] = changedRow(rows[at]!, { snoozed, awokenAt });
  return rows;
}
