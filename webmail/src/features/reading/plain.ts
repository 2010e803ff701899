/**
 * A plain text message as lines: flowed paragraphs are joined (RFC 3676), quotes are known by their depth, addresses are links, and what is
 * quoted at the end is told from what was written. Pure: it makes no nodes.
 */

export interface Piece {
  text: string;
  /** http:, https: or mailto:. */
  href?: string;
}

export interface Line {
  quote: number;
  pieces: Piece[];
}

export interface Plain {
  own: Line[];
  /** Quoted at the end, below words of the sender's own: folded. */
  quoted: Line[];
  /** Below "-- " (RFC 3676 section 4.3). */
  signature: Line[];
}

/** Nobody reads more lines; the original has them. */
const LINES_MAX = 20_000;
/** A longer run without a space is no address. */
const ADDRESS_MAX = 2_048;

const ADDRESS = /\b(?:https?:\/\/|www\.)[^\s<>"\u201c\u201d]+|(?:mailto:)?\b[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b/giu;

/** What stands behind an address in a sentence does not belong to it; a bracket does if it was opened within. */
export function trimAddress(text: string): string {
  let end = text.length;
  for (;;) {
    const last = text[end - 1];
    if (last !== undefined && /[.,;:!?'"\u2019*_]/.test(last)) end--;
    else if ((last === ')' && count(text, '(', end) < count(text, ')', end)) || (last === ']' && count(text, '[', end) < count(text, ']', end))) end--;
    else return text.slice(0, end);
  }
}

function count(text: string, what: string, end: number): number {
  let found = 0;
  for (let i = 0; i < end; i++) if (text[i] === what) found++;
  return found;
}

export function linked(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    if (found[0].length > ADDRESS_MAX) continue;
    const address = trimAddress(found[0]);
    const href = hrefOf(address);
    if (!href) continue;
    if (found.index > from) pieces.push({ text: text.slice(from, found.index) });
    pieces.push({ text: address, href });
    from = found.index + address.length;
  }
  if (from < text.length || pieces.length === 0) pieces.push({ text: text.slice(from) });
  return pieces;
}

function hrefOf(address: string): string | undefined {
  const isWeb = /^(?:https?:\/\/|www\.)/i.test(address);
  const whole = isWeb ? (/^www\./i.test(address) ? `https://${address}` : address) : address.toLowerCase().startsWith('mailto:') ? address : `mailto:${address}`;
  try {
    return new URL(whole).href;
  } catch {
    return undefined;
  }
}

interface Raw {
  quote: number;
  text: string;
}

/** RFC 3676 section 4.5: quote marks, then a space that was put in so that a line does not begin with one that means something. */
function readLine(line: string, flowed: boolean): Raw {
  const quote = flowed ? /^>*/.exec(line)![0].length : /^(?:> ?)*/.exec(line)![0].replaceAll(' ', '').length;
  const marks = flowed ? quote : /^(?:> ?)*/.exec(line)![0].length;
  const rest = line.slice(marks);
  return { quote, text: flowed && rest.startsWith(' ') ? rest.slice(1) : rest };
}

function readLines(text: string, flowed: boolean, delSp: boolean): Raw[] {
  const lines: Raw[] = [];
  let open: Raw | undefined;
  for (const line of text.replace(/\r\n?/g, '\n').replace(/\n+$/, '').split('\n', LINES_MAX)) {
    const raw = readLine(line, flowed);
    const soft = flowed && raw.text.endsWith(' ') && raw.text !== '-- ';
    const words = soft && delSp ? raw.text.slice(0, -1) : raw.text;
    if (open && open.quote === raw.quote && raw.text !== '-- ') open.text += words;
    else lines.push((open = { quote: raw.quote, text: words }));
    if (!soft) open = undefined;
  }
  return lines;
}

const isBlank = (line: Raw): boolean => line.text.trim() === '';

/** Where the quote at the end begins, with "On 3 May Anna wrote:" before it; undefined: there is none, or nothing stands before it. */
function quoteAt(lines: readonly Raw[]): number | undefined {
  let at = lines.length;
  while (at > 0 && (lines[at - 1]!.quote > 0 || isBlank(lines[at - 1]!))) at--;
  if (at === lines.length || !lines.slice(at).some((line) => line.quote > 0)) return undefined;
  const before = lines[at - 1];
  if (before && /:\s*$/.test(before.text)) {
    at--;
    /* The line may have been broken in two. */
    if (at > 0 && !isBlank(lines[at - 1]!) && /^\S/.test(lines[at - 1]!.text) && lines[at]!.text.length < 40) at--;
  }
  return lines.slice(0, at).some((line) => !isBlank(line)) ? at : undefined;
}

function finish(lines: readonly Raw[]): Line[] {
  let from = 0;
  let to = lines.length;
  while (from < to && isBlank(lines[from]!)) from++;
  while (to > from && isBlank(lines[to - 1]!)) to--;
  return lines.slice(from, to).map(({ quote, text }) => ({ quote, pieces: linked(text) }));
}

/** contentType: the part's field, for "format=flowed" and "delsp=yes". */
export function readPlain(text: string, contentType = ''): Plain {
  const flowed = /;\s*format\s*=\s*"?flowed/i.test(contentType);
  const lines = readLines(text, flowed, /;\s*delsp\s*=\s*"?yes/i.test(contentType));
  const sign = lines.findIndex((line) => line.quote === 0 && line.text === '-- ');
  const body = sign >= 0 && lines.slice(sign).every((line) => line.quote === 0) ? lines.slice(0, sign) : lines;
  const signature = body === lines ? [] : lines.slice(sign + 1);
  const quote = quoteAt(body);
  return { own: finish(quote === undefined ? body : body.slice(0, quote)), quoted: finish(quote === undefined ? [] : body.slice(quote)), signature: finish(signature) };
}
