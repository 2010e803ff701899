/** What the header of a message says, in words. Pure. */
import { fileName, plainName } from '../../base/files.ts';
import { currentLocale } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import type { Email, EmailAddress, EmailBodyPart } from '../../jmap/types.ts';

/**
 * Makers of texts, by the reader's region and kind: to make one costs a millisecond, the first of its kind ten or more, in which the browser
 * reads its tables; and a conversation shows dozens of dates.
 */
const makers = new Map<string, unknown>();

function maker<T>(kind: string, make: (locale: string) => T): T {
  const locale = currentLocale();
  const key = `${locale} ${kind}`;
  if (!makers.has(key)) makers.set(key, make(locale));
  return makers.get(key) as T;
}

const namesMaker = () => maker('names', (locale) => new Intl.ListFormat(locale, { type: 'conjunction' }));

export function nameOf(address: EmailAddress | undefined): string {
  return address?.name?.trim() || address?.email || t('reading.nobody');
}

/** A person by the first name in a row of several, as people say it; the whole name if it stands alone. */
export function shortName(address: EmailAddress): string {
  const name = address.name?.trim();
  if (!name) return address.email.split('@')[0] || address.email;
  const [first = name, ...rest] = name.split(/\s+/);
  return rest.length === 0 || /[,@]/.test(name) || first.length < 2 ? name : first;
}

/** "to me, Bob and 3 others": the reader's own addresses are "me". */
export function recipients(email: Pick<Email, 'to' | 'cc'>, own: ReadonlySet<string>, most = 3): string {
  const all = [...(email.to ?? []), ...(email.cc ?? [])];
  if (all.length === 0) return t('reading.toNobody');
  const names = all.slice(0, all.length > most + 1 ? most : all.length).map((one) => (own.has(one.email.toLowerCase()) ? t('reading.me') : shortName(one)));
  const left = all.length - names.length;
  if (left > 0) names.push(t('reading.others', { count: left }));
  return t('reading.to', { names: namesMaker().format(names) });
}

/** A conversation is called what its first message was called: "Re: AW: Fwd: Plan" is about the plan. */
export function bareSubject(subject: string | null | undefined): string {
  const text = subject?.trim() ?? '';
  return text.replace(/^(?:(?:re|aw|sv|vs|antw|rif|fwd?|wg|tr|rv)(?:\[\d+\])?\s*:\s*)+/i, '') || text || t('reading.noSubject');
}

const DAY_MS = 86_400_000;

const TIME: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };
const KINDS = ['time', 'weekday', 'day', 'year'] as const;
const SHAPES: Record<(typeof KINDS)[number], Intl.DateTimeFormatOptions> = {
  time: TIME,
  weekday: { weekday: 'short', ...TIME },
  day: { day: 'numeric', month: 'short', ...TIME },
  year: { day: 'numeric', month: 'short', year: 'numeric' },
};

const dateMaker = (kind: (typeof KINDS)[number]) => maker(kind, (locale) => new Intl.DateTimeFormat(locale, SHAPES[kind]));

/** 14:32, Tue 14:32, 3 May, 3 May 2024: as short as it is clear. */
export function shortDate(when: Date, now = new Date()): string {
  const show = (kind: (typeof KINDS)[number]): string => dateMaker(kind).format(when);
  if (when.toDateString() === now.toDateString()) return show('time');
  const age = now.getTime() - when.getTime();
  if (age > 0 && age < 6 * DAY_MS) return show('weekday');
  return show(when.getFullYear() === now.getFullYear() ? 'day' : 'year');
}

/** Makes what the header of a message needs before one is shown. */
export function prepareHeaders(): void {
  namesMaker().format(['', '']);
  for (const kind of KINDS) dateMaker(kind).format();
}

export function longDate(when: Date): string {
  return maker('long', (locale) => new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' })).format(when);
}

const UNITS = ['kilobyte', 'megabyte', 'gigabyte'] as const;

export function size(octets: number): string {
  let value = octets === 0 ? 0 : Math.max(1, octets / 1_000);
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  const digits = value < 10 && unit > 0 ? 1 : 0;
  const shape: Intl.NumberFormatOptions = { style: 'unit', unit: UNITS[unit], unitDisplay: 'short', maximumFractionDigits: digits };
  return maker(`size ${unit} ${digits}`, (locale) => new Intl.NumberFormat(locale, shape)).format(value);
}

export type FileKind = 'picture' | 'pdf' | 'text' | 'message' | 'archive' | 'tnef' | 'calendar' | 'contact' | 'sound' | 'film' | 'document' | 'other';

const BY_END: [FileKind, RegExp][] = [
  ['picture', /\.(?:png|jpe?g|gif|webp|avif|bmp)$/i],
  ['pdf', /\.pdf$/i],
  ['message', /\.eml$/i],
  ['calendar', /\.ics$/i],
  ['contact', /\.vcf$/i],
  ['tnef', /(?:^|\/)winmail\.dat$/i],
  ['archive', /\.(?:zip|7z|rar|t?gz|tar|bz2|xz)$/i],
  ['document', /\.(?:docx?|xlsx?|pptx?|od[tsp]|rtf)$/i],
  ['text', /\.(?:txt|md|csv|tsv|log|json|xml|ya?ml|c|h|py|sh|diff|patch)$/i],
];

/** Pictures that this program shows: by these types alone, whatever the sender calls them. */
export const PICTURE_TYPES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp']);

export function kindOf(part: Pick<EmailBodyPart, 'type' | 'name'>): FileKind {
  const type = part.type.toLowerCase();
  if (PICTURE_TYPES.has(type)) return 'picture';
  if (type === 'application/pdf') return 'pdf';
  if (type === 'message/rfc822' || type === 'message/global') return 'message';
  if (type === 'text/calendar') return 'calendar';
  if (type === 'text/vcard' || type === 'text/x-vcard') return 'contact';
  if (type === 'application/ms-tnef') return 'tnef';
  if (type === 'application/zip' || type === 'application/x-zip-compressed') return 'archive';
  const byEnd = BY_END.find(([, end]) => end.test(part.name ?? ''));
  if (byEnd) return byEnd[0];
  if (type === 'text/html' || type === 'image/svg+xml') return 'other';
  if (type.startsWith('text/')) return 'text';
  if (type.startsWith('audio/')) return 'sound';
  if (type.startsWith('video/')) return 'film';
  return 'other';
}

/** Files that run, or lead somewhere, when they are opened: on Windows, with Office, as pages, on macOS, Linux and Android. */
const DANGEROUS = new RegExp(
  `\\.(?:${[
    'exe|com|scr|pif|bat|cmd|ps[12]|ps[12]xml|psm1|psd1|vbs?|vbe|jse?|ws|ws[cfh]|sct|hta|ms[cipu]|mst|msix(?:bundle)?|appx(?:bundle)?|appinstaller|jar|jnlp|lnk|scf|url|website|reg|inf|ins|isp|cpl|dll|ocx|sys|gadget|application|appref-ms|settingcontent-ms|library-ms|search-ms|searchconnector-ms|diagcab|theme|themepack|rdp|hlp|chm|cab|iso|img|vhdx?|wim',
    'docm|dotm|xls[bm]|xltm|xla|xlam|xll|pp[ast]m|potm|sldm|ad[ep]|md[abe]|accd[aber]|slk|iqy|one|onepkg|pub|swf',
    'html?|shtml|xht|xhtml|svgz?|mht|mhtml',
    'app|command|terminal|workflow|action|scpt|applescript|dmg|pkg|mpkg|apk|xapk|desktop|run|appimage|flatpakref|snap|deb|rpm|elf|bin|sh|bash|zsh|csh|py[cwz]?|pl|rb|php',
  ].join('|')})[\\s.]*$`,
  'i',
);

/** By the name under which it would be saved: what is left out of that hides no ending. */
export function isDangerous(part: Pick<EmailBodyPart, 'type' | 'name'>): boolean {
  return DANGEROUS.test(fileName(part)) || /^(?:text\/html|application\/(?:xhtml\+xml|x-msdownload|x-msdos-program|hta|x-ms-shortcut|javascript|java-archive|x-sh)|image\/svg\+xml)$/i.test(part.type);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The Content-IDs that some HTML names, as they are written and with their escapes read (RFC 2392). */
function contentIds(html: string): Set<string> {
  const found = [...html.matchAll(/\bcid:([^\s"'<>()]+)/gi)].map((one) => one[1]!.replaceAll('&amp;', '&'));
  return new Set([...found, ...found.map(unescaped)]);
}

/** What is a file of its own, and not a picture within the text. What is no picture is never shown there, whatever the text says of it. */
export function files(email: Pick<Email, 'attachments' | 'htmlBody' | 'bodyValues'>): EmailBodyPart[] {
  const inside = email.attachments.some((part) => part.cid) ? contentIds(email.htmlBody.map((part) => (part.partId && email.bodyValues[part.partId]?.value) || '').join('\n')) : new Set();
  return email.attachments.filter((part) => !part.cid || part.disposition === 'attachment' || kindOf(part) !== 'picture' || !inside.has(part.cid));
}

/** Of a name, what fits into a card of two lines. */
const NAME_SHOWN = 40;
const END_SHOWN = 14;

/** A long name with its end: that says what the file is. */
export function shortFileName(name: string): string {
  const signs = [...name];
  return signs.length <= NAME_SHOWN ? name : `${signs.slice(0, NAME_SHOWN - END_SHOWN - 1).join('')}…${signs.slice(-END_SHOWN).join('')}`;
}

export { fileName, plainName };
