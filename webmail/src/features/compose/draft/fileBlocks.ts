/** What a mail says of a file behind a link: its name as the link's text, its size, and until when it is kept. */
import { escapeHtml } from './html.ts';
import { SIGNATURE_CLASS } from './signature.ts';
import type { Draft } from './types.ts';

/** The element that holds it in HTML. */
export const FILE_CLASS = 'postrider-file';

export interface FileBlock {
  url: string;
  name: string;
  /** "1.2 GB, until 30 Dec 2026", in the writer's language. */
  about: string;
}

const BLANK = '<div><br></div>';

export function blockHtml({ url, name, about }: FileBlock): string {
  return `<div class="${FILE_CLASS}"><a href="${escapeHtml(url)}" dir="auto">${escapeHtml(name)}</a> (${escapeHtml(about)})</div>`;
}

function blockText({ url, name, about }: FileBlock): string[] {
  return [`${name} (${about})`, url];
}

/** What follows what was written: a signature, or a quote that was opened. */
const AFTERWARDS = new RegExp(`<div class="${SIGNATURE_CLASS}"|<div>--(?:&nbsp;| )?</div>|<div>-{10} `);

function endOfWritten(html: string): number {
  const found = AFTERWARDS.exec(html)?.index;
  if (found !== undefined) return found;
  const quote = html.endsWith('</blockquote>') ? html.indexOf('<blockquote type="cite">') : -1;
  if (quote < 0) return html.length;
  // Above it stands who wrote that, and when.
  const line = /<div>(?:(?!<\/?div)[^])*<\/div>$/.exec(html.slice(0, quote));
  return line && line[0] !== BLANK ? line.index : quote;
}

const ENDS_WITH_BLOCK = new RegExp(`<div class="${FILE_CLASS}">(?:(?!</div>)[^])*</div>$`);

/** Where HTML gets the block, and what is put there: lines around it are free, and files stand one below the other. */
export function placeOfBlock(html: string, block: FileBlock): { at: number; html: string } {
  let at = endOfWritten(html);
  while (html.slice(0, at).endsWith(BLANK)) at -= BLANK.length;
  // A first line is left for what is still to be written.
  if (at === 0 && html.startsWith(BLANK)) at = BLANK.length;
  const before = html.slice(0, at);
  const gap = before === '' || before.endsWith(BLANK) || ENDS_WITH_BLOCK.test(before) ? '' : BLANK;
  return { at, html: gap + blockHtml(block) + (html.slice(at).startsWith(BLANK) ? '' : BLANK) };
}

function withHtml(html: string, block: FileBlock): string {
  const place = placeOfBlock(html, block);
  return html.slice(0, place.at) + place.html + html.slice(place.at);
}

/** Whether the block holds nothing but what was put there: words that somebody added stay. */
export function isBareBlock(text: string): boolean {
  return text.trim().endsWith(')');
}

function withoutHtml(html: string, url: string): string {
  const href = `href="${escapeHtml(url)}"`;
  return html
    .replace(new RegExp(`<div class="${FILE_CLASS}">(?:(?!</div>)[^])*</div>`, 'g'), (whole) => (whole.includes(href) && isBareBlock(whole.slice(0, -'</div>'.length)) ? '' : whole))
    .replace(/<a (?:(?!<\/a>)[^])*<\/a>/g, (whole) => (whole.includes(href) ? '' : whole));
}

/** The first line of a text that is no more of what was written. */
function endOfWrittenText(lines: readonly string[]): number {
  const found = lines.findIndex((line) => line === '-- ' || /^-{10} .* -{10}$/.test(line));
  if (found >= 0) return found;
  let end = lines.length;
  while (end > 0 && lines[end - 1]!.trim() === '') end--;
  if (!lines[end - 1]?.startsWith('>')) return lines.length;
  while (end > 0 && lines[end - 1]!.startsWith('>')) end--;
  return end > 0 && lines[end - 1]!.trim() !== '' ? end - 1 : end;
}

function withText(text: string, block: FileBlock): string {
  const lines = text.split('\n');
  const end = endOfWrittenText(lines);
  const before = lines.slice(0, end);
  while (before.length && before.at(-1)!.trim() === '') before.pop();
  const after = lines.slice(end);
  const gap = before.length === 0 || /\/file\/[\w-]+$/.test(before.at(-1)!) ? [] : [''];
  return [...(before.length ? before : ['']), ...gap, ...blockText(block), '', ...after].join('\n');
}

function withoutText(text: string, { url, name }: Pick<FileBlock, 'url' | 'name'>): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.trim() === url);
  if (at < 0) return text.replaceAll(url, '');
  const from = lines[at - 1]?.startsWith(`${name} (`) ? at - 1 : at;
  const isFree = (line: string | undefined): boolean => line === undefined || line.trim() === '';
  lines.splice(from, at - from + 1 + (isFree(lines[from - 1]) && lines[at + 1]?.trim() === '' ? 1 : 0));
  return lines.join('\n');
}

export function withBlock(draft: Draft, block: FileBlock): Draft {
  return draft.mode === 'plain' ? { ...draft, text: withText(draft.text, block) } : { ...draft, html: withHtml(draft.html, block) };
}

export function withoutBlock(draft: Draft, block: Pick<FileBlock, 'url' | 'name'>): Draft {
  return draft.mode === 'plain' ? { ...draft, text: withoutText(draft.text, block) } : { ...draft, html: withoutHtml(draft.html, block.url) };
}

/** Whether the mail names this address, or one that it is a part of: what stands in a quote is not the writer's. */
export function namesFile(draft: Draft, address: string): boolean {
  return draft.mode === 'plain' ? draft.text.includes(address) : draft.html.includes(escapeHtml(address));
}

/** A mail grows by a third and its line ends where files are written as text (RFC 2045 section 6.8); its words and fields need some room. */
const AS_TEXT = 4 / 3 + 2 / 57;
const WORDS_OCTETS = 64 * 1024;

/** Whether files of so many octets together fit into the largest message. */
export function fitMail(octets: number, largest: number): boolean {
  return octets * AS_TEXT + WORDS_OCTETS <= largest;
}

/** Which of the files that come go as links. `there`: octets that go along already; `above`: megabytes, 0: only what does not fit. */
export function linkedOf(sizes: readonly number[], there: number, above: number, largest: number): boolean[] {
  let sum = there;
  return sizes.map((size) => {
    const isLinked = (above > 0 && size > above * 1_000_000) || !fitMail(sum + size, largest);
    if (!isLinked) sum += size;
    return isLinked;
  });
}
