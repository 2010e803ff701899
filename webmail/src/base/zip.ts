/** ZIP archives (PKWARE's APPNOTE 6.3): what is in one, and one made of files. Nothing is packed or unpacked. Pure. */

export interface ZipEntry {
  name: string;
  size: number;
  isFolder: boolean;
  isEncrypted: boolean;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
/** A comment may stand behind the end, of 64 KB at most. */
const END_SEARCHED = 22 + 0xffff;
/** A list of more is not for reading. */
const ENTRIES_MAX = 2_000;

/** Undefined: it is none, or it is damaged. */
export function listZip(octets: Uint8Array): ZipEntry[] | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  let end = octets.length - 22;
  const first = Math.max(0, octets.length - END_SEARCHED);
  while (end >= first && view.getUint32(end, true) !== END) end--;
  if (end < first) return undefined;
  const entries: ZipEntry[] = [];
  const count = Math.min(ENTRIES_MAX, view.getUint16(end + 10, true));
  let at = view.getUint32(end + 16, true);
  while (entries.length < count && at + 46 <= octets.length && view.getUint32(at, true) === CENTRAL) {
    const flags = view.getUint16(at + 8, true);
    const nameLength = view.getUint16(at + 28, true);
    const whole = 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (at + whole > octets.length) return undefined;
    const bytes = octets.subarray(at + 46, at + 46 + nameLength);
    /* Bit 11: UTF-8. Others are of code page 437, whose ASCII is the same. */
    const name = new TextDecoder(flags & 0x800 ? 'utf-8' : 'latin1').decode(bytes);
    entries.push({ name, size: view.getUint32(at + 24, true), isFolder: name.endsWith('/'), isEncrypted: (flags & 1) !== 0 });
    at += whole;
  }
  return entries.length === count ? entries : undefined;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

export function crc32(octets: Uint8Array): number {
  let c = 0xffffffff;
  for (const octet of octets) c = TABLE[(c ^ octet) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** Names that stand twice get a number. */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const dot = name.lastIndexOf('.');
    const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
    let made = name;
    for (let n = 2; taken.has(made.toLowerCase()); n++) made = `${stem} (${n})${end}`;
    taken.add(made.toLowerCase());
    return made;
  });
}

/** Parts of an archive, in order. Files are stored as they are; together below 4 GB. */
export function makeZip(files: readonly { name: string; octets: Uint8Array<ArrayBuffer> }[]): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const central: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  const names = distinct(files.map((file) => file.name));
  files.forEach(({ octets }, i) => {
    const name = new TextEncoder().encode(names[i]!);
    const fields = (signature: number, head: number): Uint8Array<ArrayBuffer> => {
      const made = new Uint8Array(head + name.length);
      const view = new DataView(made.buffer);
      const at = head === 46 ? 6 : 4;
      view.setUint32(0, signature, true);
      if (head === 46) view.setUint16(4, 20, true);
      view.setUint16(at, 20, true);
      view.setUint16(at + 2, 0x800, true);
      view.setUint16(at + 8, 0x21, true); /* 1 January 1980: no time is known */
      view.setUint32(at + 10, crc32(octets), true);
      view.setUint32(at + 14, octets.length, true);
      view.setUint32(at + 18, octets.length, true);
      view.setUint16(at + 22, name.length, true);
      if (head === 46) view.setUint32(42, offset, true);
      made.set(name, head);
      return made;
    };
    central.push(fields(CENTRAL, 46));
    parts.push(fields(LOCAL, 30), octets);
    offset += 30 + name.length + octets.length;
  });
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, END, true);
  view.setUint16(8, files.length, true);
  view.setUint16(10, files.length, true);
  view.setUint32(12, central.reduce((sum, one) => sum + one.length, 0), true);
  view.setUint32(16, offset, true);
  return [...parts, ...central, end];
}
