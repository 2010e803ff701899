/** What is in a ZIP archive (PKWARE's APPNOTE 6.3, with ZIP64), read from its end and then entry by entry, so that none need be held whole. */
import { piecesOf } from './bytes.ts';

export interface Entry {
  name: string;
  method: number;
  isEncrypted: boolean;
  packed: number;
  size: number;
  offset: number;
}

const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
/** A comment may stand behind the end, of 64 KB at most. */
const END_SEARCHED = 22 + 0xffff;
/** More than a mailbox of a million messages needs: what is larger is no list of files. */
const DIRECTORY_MAX = 256 << 20;
const STORED = 0;
const DEFLATED = 8;

async function part(file: Blob, from: number, length: number): Promise<DataView> {
  return new DataView(await file.slice(from, from + length).arrayBuffer());
}

const large = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** Undefined: it is no archive, or it is damaged. */
export async function entriesOf(file: Blob): Promise<Entry[] | undefined> {
  const from = Math.max(0, file.size - END_SEARCHED);
  const tail = await part(file, from, END_SEARCHED);
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) return undefined;
  let size = tail.getUint32(end + 12, true);
  let offset = tail.getUint32(end + 16, true);
  if (end >= 20 && tail.getUint32(end - 20, true) === END64_LOCATOR) {
    const end64 = await part(file, large(tail, end - 20 + 8), 56);
    if (end64.byteLength < 56 || end64.getUint32(0, true) !== END64) return undefined;
    size = large(end64, 40);
    offset = large(end64, 48);
  }
  if (size > DIRECTORY_MAX || offset + size > file.size) return undefined;
  return readDirectory(await part(file, offset, size));
}

function readDirectory(view: DataView): Entry[] | undefined {
  const entries: Entry[] = [];
  for (let at = 0; at + 46 <= view.byteLength && view.getUint32(at, true) === CENTRAL; ) {
    const flags = view.getUint16(at + 8, true);
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const whole = 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (at + whole > view.byteLength) return undefined;
    const octets = new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength);
    const entry: Entry = {
      // Bit 11: UTF-8. Others are of code page 437, whose ASCII is the same.
      name: new TextDecoder(flags & 0x800 ? 'utf-8' : 'latin1').decode(octets),
      method: view.getUint16(at + 10, true),
      isEncrypted: (flags & 1) !== 0,
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    widen(entry, view, at + 46 + nameLength, extraLength);
    entries.push(entry);
    at += whole;
  }
  return entries;
}

/** Numbers that need more than 32 bits stand in an extra field, in this order (APPNOTE section 4.5.3). */
function widen(entry: Entry, view: DataView, from: number, length: number): void {
  for (let at = from; at + 4 <= from + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    const end = Math.min(from + length, at + 4 + view.getUint16(at + 2, true));
    let next = at + 4;
    for (const key of ['size', 'packed', 'offset'] as const)
      if (entry[key] === 0xffffffff && next + 8 <= end) {
        entry[key] = large(view, next);
        next += 8;
      }
    return;
  }
}

export function canRead(entry: Entry): boolean {
  return !entry.isEncrypted && (entry.method === STORED || entry.method === DEFLATED);
}

/** The octets of an entry. More than it says of itself end it with an error, so that no archive is larger within than it says. */
export async function* octetsOf(file: Blob, entry: Entry): AsyncGenerator<Uint8Array> {
  const head = await part(file, entry.offset, 30);
  if (head.byteLength < 30 || head.getUint32(0, true) !== 0x04034b50) throw new Error('damaged');
  const from = entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = file.slice(from, from + entry.packed).stream();
  const unpacked = entry.method === DEFLATED ? packed.pipeThrough(new DecompressionStream('deflate-raw') as unknown as ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>) : packed;
  let count = 0;
  for await (const piece of piecesOf(unpacked)) {
    count += piece.length;
    if (count > entry.size) throw new Error('damaged');
    yield piece;
  }
  if (count < entry.size) throw new Error('damaged');
}
