/**
 * Messages as a file: an mbox (mboxrd, as `postrider mailbox export` writes it, so that nothing of a text is lost), or a ZIP archive of .eml
 * files. Both are written as they come. Pure.
 */
import { crc32 } from '../../../base/zip.ts';
import type { EmailAddress, Keywords } from '../../../jmap/types.ts';

export interface Written {
  octets: Uint8Array<ArrayBuffer>;
  keywords: Keywords;
  receivedAt: Date;
  subject: string;
  from: EmailAddress | undefined;
}

export interface Format {
  type: string;
  extension: string;
  writer(): Writer;
}

export interface Writer {
  put(message: Written): Uint8Array<ArrayBuffer>[];
  end(): Uint8Array<ArrayBuffer>[];
}

const LF = 10;
const CR = 13;
const QUOTE = 0x3e;
const encoder = new TextEncoder();
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "Mon Oct  1 12:00:00 2018", of UTC. */
export function asctime(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${date.getUTCFullYear()}`;
}

/** All notes always, so that a sender's field of such a name is none. */
function notes({ keywords, receivedAt }: Written): string {
  const letters = [['$answered', 'A'], ['$flagged', 'F'], ['$draft', 'T']].map(([keyword, letter]) => (keyword! in keywords ? letter : '')).join('');
  const words = Object.keys(keywords).filter((one) => !['$seen', '$answered', '$flagged', '$draft'].includes(one));
  return `From MAILER-DAEMON ${asctime(receivedAt)}\nStatus: ${'$seen' in keywords ? 'RO' : 'O'}\nX-Status: ${letters}\nX-Keywords: ${words.join(' ')}\n`;
}

/** Lines end with LF, and those that a reader would take for a separator get a ">". */
export function mboxBody(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  const lines: [from: number, to: number, quoted: boolean][] = [];
  let length = 1;
  for (let at = 0; at < octets.length; ) {
    let end = octets.indexOf(LF, at);
    if (end < 0) end = octets.length;
    const to = end > at && octets[end - 1] === CR ? end - 1 : end;
    let from = at;
    while (octets[from] === QUOTE) from++;
    const quoted = String.fromCharCode(...octets.subarray(from, from + 5)) === 'From ';
    lines.push([at, to, quoted]);
    length += to - at + (quoted ? 2 : 1);
    at = end + 1;
  }
  const out = new Uint8Array(length);
  let put = 0;
  for (const [from, to, quoted] of lines) {
    if (quoted) out[put++] = QUOTE;
    out.set(octets.subarray(from, to), put);
    put += to - from;
    out[put++] = LF;
  }
  out[put] = LF;
  return out;
}

export const MBOX: Format = {
  type: 'application/mbox',
  extension: 'mbox',
  writer: () => ({ put: (message) => [encoder.encode(notes(message)), mboxBody(message.octets)], end: () => [] }),
};

/** Above it a name is cut; what most systems take is 255 octets, of which a letter needs up to four. */
const NAME_MAX = 60;

/** "2024-05-03 Budget for May.eml"; what no system takes in a name is left out. */
export function emlName({ receivedAt, subject }: Pick<Written, 'receivedAt' | 'subject'>): string {
  const words = [...subject.replace(/[\u0000-\u001f\u007f/\\:*?"<>|\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ').replace(/\s+/g, ' ')].slice(0, NAME_MAX).join('').trim();
  return `${receivedAt.toISOString().slice(0, 10)}${words ? ` ${words.replace(/\.+$/, '')}` : ''}`;
}

const ENTRIES_16 = 0xffff;
const LARGEST_32 = 0xffffffff;

class ZipWriter implements Writer {
  private offset = 0;
  private readonly central: Uint8Array<ArrayBuffer>[] = [];
  private readonly taken = new Map<string, number>();

  put(message: Written): Uint8Array<ArrayBuffer>[] {
    const name = encoder.encode(this.nameOf(message));
    const made = (central: boolean): Uint8Array<ArrayBuffer> => this.head(name, message, central);
    const local = made(false);
    this.central.push(made(true));
    this.offset += local.length + message.octets.length;
    return [local, message.octets];
  }

  private nameOf(message: Written): string {
    const name = emlName(message);
    const count = (this.taken.get(name.toLowerCase()) ?? 0) + 1;
    this.taken.set(name.toLowerCase(), count);
    return count === 1 ? `${name}.eml` : `${name} (${count}).eml`;
  }

  /** APPNOTE sections 4.3.7 and 4.3.12. A message is far below 4 GB; where it lies may be above. */
  private head(name: Uint8Array, { octets, receivedAt }: Written, central: boolean): Uint8Array<ArrayBuffer> {
    const wide = central && this.offset >= LARGEST_32;
    const out = new Uint8Array((central ? 46 : 30) + name.length + (wide ? 12 : 0));
    const view = new DataView(out.buffer);
    const at = central ? 6 : 4;
    view.setUint32(0, central ? 0x02014b50 : 0x04034b50, true);
    if (central) view.setUint16(4, wide ? 45 : 20, true);
    view.setUint16(at, wide ? 45 : 20, true);
    view.setUint16(at + 2, 0x800, true);
    view.setUint16(at + 6, (receivedAt.getHours() << 11) | (receivedAt.getMinutes() << 5) | (receivedAt.getSeconds() >> 1), true);
    view.setUint16(at + 8, ((Math.max(0, receivedAt.getFullYear() - 1980) & 0x7f) << 9) | ((receivedAt.getMonth() + 1) << 5) | receivedAt.getDate(), true);
    view.setUint32(at + 10, crc32(octets), true);
    view.setUint32(at + 14, octets.length, true);
    view.setUint32(at + 18, octets.length, true);
    view.setUint16(at + 22, name.length, true);
    out.set(name, central ? 46 : 30);
    if (!central) return out;
    view.setUint32(42, wide ? LARGEST_32 : this.offset, true);
    if (!wide) return out;
    view.setUint16(30, 12, true);
    view.setUint16(46 + name.length, 1, true);
    view.setUint16(48 + name.length, 8, true);
    view.setBigUint64(50 + name.length, BigInt(this.offset), true);
    return out;
  }

  end(): Uint8Array<ArrayBuffer>[] {
    const size = this.central.reduce((sum, one) => sum + one.length, 0);
    const count = this.central.length;
    const wide = count >= ENTRIES_16 || this.offset >= LARGEST_32 || size >= LARGEST_32;
    const end = new Uint8Array(22);
    const view = new DataView(end.buffer);
    view.setUint32(0, 0x06054b50, true);
    view.setUint16(8, wide ? ENTRIES_16 : count, true);
    view.setUint16(10, wide ? ENTRIES_16 : count, true);
    view.setUint32(12, wide ? LARGEST_32 : size, true);
    view.setUint32(16, wide ? LARGEST_32 : this.offset, true);
    return [...this.central, ...(wide ? [this.wideEnd(count, size)] : []), end];
  }

  /** The end of an archive that is too large for the old one, and where it lies: APPNOTE sections 4.3.14 and 4.3.15. */
  private wideEnd(count: number, size: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(56 + 20);
    const view = new DataView(out.buffer);
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(4, 44n, true);
    view.setUint16(12, 45, true);
    view.setUint16(14, 45, true);
    view.setBigUint64(24, BigInt(count), true);
    view.setBigUint64(32, BigInt(count), true);
    view.setBigUint64(40, BigInt(size), true);
    view.setBigUint64(48, BigInt(this.offset), true);
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(this.offset + size), true);
    view.setUint32(72, 1, true);
    return out;
  }
}

export const ZIP: Format = { type: 'application/zip', extension: 'zip', writer: () => new ZipWriter() };
