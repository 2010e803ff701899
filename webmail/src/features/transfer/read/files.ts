/** The messages of a file that somebody chose: one message, an mbox, or an archive of such files. What it is its first octets say. */
import { latin1 } from './bytes.ts';
import { type Read, readMbox } from './mbox.ts';
import { messageOf } from './message.ts';
import { canRead, type Entry, entriesOf, octetsOf } from './zip.ts';

export type Kind = 'mbox' | 'message' | 'zip' | 'unknown';

/** Looked at to say what a file is: a header's first field may be a long one. */
const FIRST = 4_096;
const PIECE = 256 << 10;

export function kindOf(first: Uint8Array): Kind {
  const text = latin1(first.subarray(0, FIRST));
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'zip';
  if (/^[\r\n]{0,4}From /.test(text)) return 'mbox';
  // A byte order mark may stand before a message that was saved on Windows.
  return /^(\xef\xbb\xbf)?[!-9;-~]{1,76}[ \t]*:/.test(text) ? 'message' : 'unknown';
}

export interface Told {
  /** A message; what it is not and why: 'too-large', 'not-mail', 'locked' (an archive's password), 'damaged'. */
  read: Read | 'not-mail' | 'locked' | 'damaged';
  name: string;
  /** Octets of the file that lie behind. */
  at: number;
}

/** Of a file: slices, so that the disk is read as it is needed. */
async function* slices(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += PIECE) yield new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
}

export async function* messagesOf(file: Blob, name: string, longest: number): AsyncGenerator<Told> {
  const kind = kindOf(new Uint8Array(await file.slice(0, FIRST).arrayBuffer()));
  if (kind === 'zip') {
    yield* inArchive(file, name, longest);
    return;
  }
  const place = { at: 0 };
  for await (const read of readAs(kind, slices(file), longest, place)) yield { read, name, at: kind === 'mbox' ? place.at : file.size };
}

async function* readAs(kind: Kind, source: AsyncIterable<Uint8Array>, longest: number, place?: { at: number }): AsyncGenerator<Told['read']> {
  if (kind === 'mbox') yield* readMbox(source, longest, place);
  else if (kind === 'message') yield await readOne(source, longest);
  else yield 'not-mail';
}

async function readOne(source: AsyncIterable<Uint8Array>, longest: number): Promise<Told['read']> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of source) {
    length += piece.length;
    if (length > longest) return 'too-large';
    pieces.push(piece.slice());
  }
  const whole = new Uint8Array(await new Blob(pieces).arrayBuffer());
  const mark = whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf ? 3 : 0;
  return messageOf(whole.subarray(mark)) ?? 'not-mail';
}

/** Files that systems add to archives of their own accord. */
function isNoise({ name }: Entry): boolean {
  const last = name.split('/').at(-1) ?? '';
  return name.endsWith('/') || name.startsWith('__MACOSX/') || last.startsWith('.') || last === 'Thumbs.db';
}

async function* inArchive(file: Blob, name: string, longest: number): AsyncGenerator<Told> {
  const entries = await entriesOf(file);
  if (!entries) {
    yield { read: 'damaged', name, at: file.size };
    return;
  }
  for (const entry of entries.filter((one) => !isNoise(one))) {
    const at = Math.min(file.size, entry.offset + entry.packed);
    const told = { name: `${name}: ${entry.name}`, at };
    if (!canRead(entry)) yield { ...told, read: 'locked' };
    else
      try {
        for await (const read of inEntry(file, entry, longest)) yield { ...told, read };
      } catch {
        // One that is damaged says nothing of the others.
        yield { ...told, read: 'damaged' };
      }
  }
}

async function* inEntry(file: Blob, entry: Entry, longest: number): AsyncGenerator<Told['read']> {
  const source = octetsOf(file, entry);
  const first = await source.next();
  if (first.done) {
    yield 'not-mail';
    return;
  }
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield first.value;
    yield* source;
  };
  const kind = kindOf(first.value);
  // An archive within an archive is not looked into: it is told of as what it is.
  yield* readAs(kind === 'zip' ? 'unknown' : kind, whole(), longest);
}
