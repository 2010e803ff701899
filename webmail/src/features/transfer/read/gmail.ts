/**
 * What Gmail's export (Takeout) notes of each message in the field X-Gmail-Labels: where it lay, what was done with it, and its labels. Its own
 * names are in the language of the account; here only the English ones are known, and a field in another language says nothing.
 */
import { isLabelKeyword, keywordOfLabel } from '../../../base/labels.ts';

export type Role = 'archive' | 'drafts' | 'junk' | 'sent' | 'trash';

const STATES = ['unread', 'opened', 'starred', 'important', 'snoozed', 'muted', 'chat'];
/** The first that is there counts: what was thrown away had other labels before. */
const PLACES: [name: string, role: Role | undefined][] = [['trash', 'trash'], ['spam', 'junk'], ['draft', 'drafts'], ['drafts', 'drafts'], ['inbox', undefined], ['sent', 'sent'], ['archived', 'archive']];
/** A field with one of these is English. Other languages say Spam, Important or Chat as well, and a label may have any other name. */
const ENGLISH = ['inbox', 'archived', 'opened', 'unread', 'sent', 'trash', 'draft', 'drafts'];
const OWN = new Set([...STATES, ...PLACES.map(([name]) => name)]);

export interface GmailNotes {
  keywords: Record<string, true>;
  /** Where it lay, if not in the inbox. */
  role: Role | undefined;
}

/** Undefined: it is not English. */
export function gmailNotes(field: string): GmailNotes | undefined {
  const names = namesOf(decoded(field));
  const lower = names.map((one) => one.toLowerCase());
  if (!lower.some((one) => ENGLISH.includes(one))) return undefined;
  const keywords: Record<string, true> = {};
  if (!lower.includes('unread')) keywords['$seen'] = true;
  if (lower.includes('starred')) keywords['$flagged'] = true;
  for (const name of names) {
    if (OWN.has(name.toLowerCase()) || /^category /i.test(name)) continue;
    const keyword = keywordOfLabel(name);
    if (keyword !== undefined && isLabelKeyword(keyword)) keywords[keyword] = true;
  }
  const place = PLACES.find(([name]) => lower.includes(name));
  const role = place ? place[1] : 'archive';
  if (role === 'drafts') keywords['$draft'] = true;
  return { keywords, role };
}

/** They are parted by commas; a name with a comma of its own stands in quotes. */
function namesOf(text: string): string[] {
  const parts = text.match(/(?:"[^"]*"|[^,])+/g) ?? [];
  return parts.map((one) => one.trim().replace(/^"(.*)"$/, '$1').trim()).filter(Boolean);
}

/** RFC 2047 section 2: labels that are not ASCII come as encoded words, in UTF-8. White space between two of them is none (section 6.2). */
function decoded(field: string): string {
  return field.replace(/(=\?utf-8\?[bq]\?[^?]*\?=)\s+(?==\?)/gi, '$1').replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (whole, kind: string, text: string) => {
    try {
      const octets = kind.toLowerCase() === 'b' ? atob(text) : text.replaceAll('_', ' ').replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(octets, (one) => one.charCodeAt(0)));
    } catch {
      return whole;
    }
  });
}
