/** What the header of a message says, in words. Pure. */
import { currentLanguage, t } from '../../base/words.ts';
import type { Email, EmailAddress, EmailBodyPart } from '../../jmap/types.ts';

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
  return t('reading.to', { names: new Intl.ListFormat(currentLanguage(), { type: 'conjunction' }).format(names) });
}

/** A conversation is called what its first message was called: "Re: AW: Fwd: Plan" is about the plan. */
export function bareSubject(subject: string | null | undefined): string {
  const text = subject?.trim() ?? '';
  return text.replace(/^(?:(?:re|aw|sv|vs|antw|rif|fwd?|wg|tr|rv)(?:\[\d+\])?\s*:\s*)+/i, '') || text || t('reading.noSubject');
}

const DAY_MS = 86_400_000;

/** 14:32, Tue 14:32, 3 May, 3 May 2024: as short as it is clear. */
export function shortDate(when: Date, now = new Date()): string {
  const language = currentLanguage();
  const time: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };
  const show = (options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(language, options).format(when);
  if (when.toDateString() === now.toDateString()) return show(time);
  const age = now.getTime() - when.getTime();
  if (age > 0 && age < 6 * DAY_MS) return show({ weekday: 'short', ...time });
  if (when.getFullYear() === now.getFullYear()) return show({ day: 'numeric', month: 'short', ...time });
  return show({ day: 'numeric', month: 'short', year: 'numeric' });
}

export function longDate(when: Date): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: 'full', timeStyle: 'long' }).format(when);
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
  return new Intl.NumberFormat(currentLanguage(), { style: 'unit', unit: UNITS[unit], unitDisplay: 'short', maximumFractionDigits: digits }).format(value);
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

/** Files that run, or lead somewhere, when they are opened. */
const DANGEROUS = /\.(?:exe|com|scr|pif|bat|cmd|ps1|vbs?|vbe|jse?|wsf|wsh|hta|msi|msp|jar|lnk|url|reg|cpl|dll|iso|img|vhdx?|html?|shtml|xhtml|svg|mht|chm|docm|xlsm|pptm|dotm|xll|one|app|command|dmg|pkg|apk|desktop|run)[\s.]*$/i;

export function isDangerous(part: Pick<EmailBodyPart, 'type' | 'name'>): boolean {
  return DANGEROUS.test(part.name ?? '') || /^(?:text\/html|application\/(?:x-msdownload|hta|x-ms-shortcut|javascript))$/i.test(part.type);
}

/** What is a file of its own, and not a picture within the text. */
export function files(email: Pick<Email, 'attachments' | 'htmlBody' | 'bodyValues'>): EmailBodyPart[] {
  const html = email.htmlBody.map((part) => (part.partId && email.bodyValues[part.partId]?.value) || '').join('');
  return email.attachments.filter((part) => !part.cid || part.disposition === 'attachment' || !html.includes(`cid:${part.cid}`));
}

/** A name that a file system takes, and that hides nothing: no signs that turn the direction of writing, no paths. */
export function fileName(part: Pick<EmailBodyPart, 'name' | 'type'>): string {
  const name = (part.name ?? '').replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '').replace(/[\\/:*?"<>|]/g, '_').trim();
  if (name && !/^\.+$/.test(name)) return name.slice(-200);
  return part.type === 'message/rfc822' ? 'message.eml' : 'file';
}
