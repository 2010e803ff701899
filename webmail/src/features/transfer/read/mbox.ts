/**
 * Messages of an mbox, one behind the other, each behind a "From " line. There is no standard but what programs do: a separator is believed
 * when an empty line stands before it and a date in it. Pure; it holds one message at a time.
 */
import { Growing, latin1 } from './bytes.ts';
import { type Message, messageOf } from './message.ts';

const LF = 10;
const FROM = [0x46, 0x72, 0x6f, 0x6d, 0x20];
/** A separator's line is not longer. */
const SEPARATOR_MAX = 1_024;
const DATE = /(?:^|\s)(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+(?:(\w{3})\s+(\d{1,2})|(\d{1,2})\s+(\w{3})\s+(\d{4}))\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s+[A-Z]{1,5})?(?:\s+([+-]\d{4}))?(?:\s+(\d{4}))?(?:\s+([+-]\d{4}))?/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Undefined: the line separates nothing. A date that cannot be read is NaN. */
export function separatorDate(line: string): Date | undefined {
  const [whole, month1, day1, day2, month2, year2, hour, minute, second, zone1, year1, zone2] = DATE.exec(line) ?? [];
  if (whole === undefined || !line.startsWith('From ')) return undefined;
  const month = MONTHS.indexOf((month1 ?? month2)!);
  const year = Number(year1 ?? year2);
  const zone = zone1 ?? zone2 ?? '+0000';
  const away = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))) * (zone.startsWith('-') ? -1 : 1);
  return month < 0 ? new Date(Number.NaN) : new Date(Date.UTC(year, month, Number(day1 ?? day2), Number(hour), Number(minute) - away, Number(second ?? 0)));
}

/** 'too-large': there was one, and it is longer than `longest`. */
export type Read = Message | 'too-large';

/** place.at: how many octets lie before the message that was read last, and in it. */
export async function* readMbox(source: AsyncIterable<Uint8Array>, longest: number, place: { at: number } = { at: 0 }): AsyncGenerator<Read> {
  const buffer = new Growing();
  const reader = new Splitter(buffer, longest, place);
  for await (const piece of source) {
    buffer.add(piece);
    yield* reader.take(false);
  }
  yield* reader.take(true);
}

class Splitter {
  /** Where the line begins that comes next. */
  private looked = 0;
  /** The separator of the message at the buffer's beginning; undefined: none was met yet. */
  private separator: Date | undefined;
  private isTooLarge = false;

  constructor(
    private readonly buffer: Growing,
    private readonly longest: number,
    private readonly place: { at: number },
  ) {}

  private drop(count: number): void {
    this.buffer.drop(count);
    this.place.at += count;
  }

  *take(isEnd: boolean): Generator<Read> {
    for (;;) {
      const found = this.find(isEnd);
      if (!found) break;
      const message = this.finish(found.at);
      this.drop(found.end);
      this.looked = 0;
      this.separator = found.date;
      if (message) yield message;
    }
    if (isEnd) {
      const message = this.finish(this.buffer.length);
      this.drop(this.buffer.length);
      if (message) yield message;
      return;
    }
    // What is too long is not kept: the line in which a separator may begin is, and the end of the one before it.
    if (this.buffer.length > this.longest + SEPARATOR_MAX) {
      this.isTooLarge = true;
      const isLine = this.buffer.length - this.looked > SEPARATOR_MAX;
      const drop = isLine ? this.buffer.length - 1 : Math.max(0, this.looked - 4);
      this.drop(drop);
      this.looked = Math.max(0, this.looked - drop);
    }
  }

  /** The next separator: where the message before it ends, and where its own line ends. */
  private find(isEnd: boolean): { at: number; end: number; date: Date } | undefined {
    const octets = this.buffer.view;
    for (let at = this.looked; at < octets.length; ) {
      this.looked = at;
      if (octets.length - at < FROM.length && !isEnd) return undefined;
      if (this.isBegin(octets, at)) {
        const end = octets.indexOf(LF, at);
        if (end < 0 && !isEnd && octets.length - at < SEPARATOR_MAX) return undefined;
        const to = end < 0 ? octets.length : end + 1;
        const date = to - at <= SEPARATOR_MAX ? separatorDate(latin1(octets.subarray(at, to)).trimEnd()) : undefined;
        if (date) return { at, end: to, date };
      }
      const next = octets.indexOf(LF, at);
      if (next < 0) return undefined;
      at = next + 1;
    }
    this.looked = octets.length;
    return undefined;
  }

  /** "From " at the beginning, or behind an empty line. */
  private isBegin(octets: Uint8Array, at: number): boolean {
    if (!FROM.every((octet, i) => octets[at + i] === octet)) return false;
    if ((at === 0 && !this.isTooLarge) || (!this.separator && latin1(octets.subarray(0, at)).trim() === '')) return true;
    return octets[at - 1] === LF && (octets[at - 2] === LF || (octets[at - 2] === 13 && octets[at - 3] === LF));
  }

  private finish(end: number): Read | undefined {
    const separator = this.separator;
    if (!separator) return undefined;
    const isTooLarge = this.isTooLarge || end > this.longest;
    this.isTooLarge = false;
    if (isTooLarge) return 'too-large';
    return messageOf(withoutLastLine(this.buffer.view.subarray(0, end)), { isMbox: true, separator });
  }
}

/** The empty line before a separator is the file's, not the message's. */
function withoutLastLine(octets: Uint8Array): Uint8Array {
  let end = octets.length;
  if (octets[end - 1] !== LF) return octets;
  end -= octets[end - 2] === 13 ? 2 : 1;
  return octets[end - 1] === LF ? octets.subarray(0, end) : octets;
}
