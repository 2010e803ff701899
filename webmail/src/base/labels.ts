/**
 * Labels are keywords of mail (RFC 8621 section 4.1.1), so that other programs see them, too. A keyword is ASCII without some characters,
 * and the same in upper and lower case; a label's name is any text. So a space is written as "_", and what a keyword cannot hold as "=" and
 * two hexadecimal digits for each octet of UTF-8.
 */

/** What RFC 8621 forbids in keywords, and what this way of writing uses itself. */
const FORBIDDEN = '(){]%*"\\=_';
/** RFC 8621 allows 255 octets, and the server keeps them (MAIL_KEYWORD_MAX). */
const MOST_OCTETS = 255;

export const LABEL_COLOURS = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink'] as const;
export type LabelColour = (typeof LABEL_COLOURS)[number];

/** undefined: a name that is empty or too long. */
export function keywordOfLabel(name: string): string | undefined {
  const words = name.trim().replace(/\s+/g, ' ').toLowerCase();
  let out = '';
  for (const octet of new TextEncoder().encode(words)) {
    const char = String.fromCharCode(octet);
    const isFirstDollar = char === '$' && out === '';
    if (char === ' ') out += '_';
    else if (octet <= 0x20 || octet >= 0x7f || FORBIDDEN.includes(char) || isFirstDollar) out += `=${octet.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return out === '' || out.length > MOST_OCTETS ? undefined : out;
}

/** The name as it is shown; of a keyword of another program, its own words. */
export function labelOfKeyword(keyword: string): string {
  let text = keyword.replaceAll('_', ' ');
  try {
    text = decodeURIComponent(text.replaceAll('%', '%25').replace(/=([0-9a-f]{2})/g, '%$1'));
  } catch {
    // Octets that are no UTF-8: another program's own use of "=".
  }
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** Until somebody chooses another one: always the same for the same label. */
export function colourOfLabel(keyword: string): LabelColour {
  let sum = 0;
  for (const c of keyword) sum = (sum * 31 + c.codePointAt(0)!) >>> 0;
  return LABEL_COLOURS[sum % LABEL_COLOURS.length]!;
}

/** Keywords of systems begin with "$" (RFC 8621 section 4.1.1); these are what older programs set without it. */
const NOT_LABELS = new Set(['junk', 'nonjunk', 'notjunk', 'receipt-handled', 'mdnsent']);

export function isLabelKeyword(keyword: string): boolean {
  return !keyword.startsWith('$') && !keyword.startsWith('\\') && !NOT_LABELS.has(keyword);
}
