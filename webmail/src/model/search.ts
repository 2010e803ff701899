/**
 * What is typed into the search box, and the filter that it means (RFC 8621 section 4.4.1). The operators are those that people know from
 * elsewhere: from: to: cc: bcc: subject: body: in: label: is: has: before: after: older: newer: larger: smaller: "some words" -not OR. Pure.
 */
import { keywordOfLabel } from '../base/labels.ts';
import type { Filter, FilterCondition, Id, Mailbox } from '../jmap/types.ts';
import type { Store } from './store.ts';

export interface Term {
  /** Undefined: any text. */
  operator: Operator | undefined;
  value: string;
  isNot: boolean;
  /** This or the term before it. */
  isOr: boolean;
}

export const OPERATORS = [
  'from',
  'to',
  'cc',
  'bcc',
  'subject',
  'body',
  'in',
  'label',
  'is',
  'has',
  'before',
  'after',
  'older',
  'newer',
  'larger',
  'smaller',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** What other programs call them. */
const OTHER_NAMES: Record<string, Operator> = {
  older_than: 'older',
  newer_than: 'newer',
  until: 'before',
  since: 'after',
  bigger: 'larger',
  size: 'larger',
  folder: 'in',
  tag: 'label',
  keyword: 'label',
};

/** Longer ones are no question that somebody typed. */
const MOST_TERMS = 64;

export function parseSearch(text: string): Term[] {
  const terms: Term[] = [];
  let isOr = false;
  const pattern = /-?\p{L}[\p{L}_]*:(?=\s|$)|(-?)(?:(\p{L}[\p{L}_]*):)?(?:"([^"]*)"?|([^\s"]+))/gu;
  // An operator without a value yet says nothing; the first alternative passes over it.
  for (const [, minus, name, quoted, bare] of text.matchAll(pattern)) {
    if (terms.length === MOST_TERMS) break;
    if (bare === 'OR' && !name && !minus) {
      isOr = terms.length > 0;
      continue;
    }
    const operator = name === undefined ? undefined : operatorOf(name);
    // "re:invoice" and times like "14:30" are words, not operators.
    const value = name !== undefined && !operator ? `${name}:${quoted ?? bare ?? ''}` : (quoted ?? bare ?? '');
    if (value.trim() === '') continue;
    terms.push({ operator, value: value.trim(), isNot: minus === '-', isOr });
    isOr = false;
  }
  return terms;
}

function operatorOf(name: string): Operator | undefined {
  const lower = name.toLowerCase();
  return OPERATORS.find((one) => one === lower) ?? OTHER_NAMES[lower];
}

/** The text that parses to these terms. */
export function writeSearch(terms: readonly Term[]): string {
  return terms
    .map(({ operator, value, isNot, isOr }, i) => {
      const quoted = /\s/.test(value) || value === 'OR' || value === '' ? `"${value.replaceAll('"', '')}"` : value;
      return `${isOr && i > 0 ? 'OR ' : ''}${isNot ? '-' : ''}${operator ? `${operator}:` : ''}${quoted}`;
    })
    .join(' ');
}

/** The words to be marked in what was found. */
export function wordsOf(terms: readonly Term[]): string[] {
  const inText: (Operator | undefined)[] = [undefined, 'from', 'to', 'cc', 'bcc', 'subject', 'body'];
  return terms.filter((term) => !term.isNot && inText.includes(term.operator)).flatMap((term) => term.value.split(/\s+/));
}

export interface SearchContext {
  mailboxes: readonly Pick<Mailbox, 'id' | 'name' | 'role'>[];
  /** Trash and junk are searched only by who asks for them. */
  hidden: readonly Id[];
  now: Date;
}

/** Of the own account: what is shared is searched in its own folders. */
export function searchContext(store: Store): SearchContext {
  const mailboxes = store.mailboxes.all(store.mainAccount);
  return { mailboxes, hidden: mailboxes.filter((one) => one.role === 'trash' || one.role === 'junk').map((one) => one.id), now: new Date() };
}

/** undefined: nothing is asked for. */
export function filterOf(terms: readonly Term[], context: SearchContext): Filter | undefined {
  const parts: Filter[] = [];
  for (const term of terms) {
    const condition = conditionOf(term, context);
    if (!condition) continue;
    const filter: Filter = term.isNot ? { operator: 'NOT', conditions: [condition] } : condition;
    const last = parts.at(-1);
    if (!term.isOr || !last) parts.push(filter);
    else if ('operator' in last && last.operator === 'OR') last.conditions.push(filter);
    else parts[parts.length - 1] = { operator: 'OR', conditions: [last, filter] };
  }
  if (parts.length === 0) return undefined;
  const asksForFolder = terms.some((term) => term.operator === 'in' && !term.isNot);
  if (!asksForFolder && context.hidden.length > 0) parts.push({ inMailboxOtherThan: [...context.hidden] });
  return parts.length === 1 ? parts[0] : { operator: 'AND', conditions: parts };
}

const STATES: Record<string, FilterCondition> = {
  unread: { notKeyword: '$seen' },
  read: { hasKeyword: '$seen' },
  starred: { hasKeyword: '$flagged' },
  flagged: { hasKeyword: '$flagged' },
  pinned: { hasKeyword: '$pinned' },
  muted: { hasKeyword: '$muted' },
  answered: { hasKeyword: '$answered' },
  replied: { hasKeyword: '$answered' },
  forwarded: { hasKeyword: '$forwarded' },
  draft: { hasKeyword: '$draft' },
};

function conditionOf({ operator, value }: Term, context: SearchContext): Filter | undefined {
  switch (operator) {
    case undefined:
      return { text: value };
    case 'from':
    case 'to':
    case 'cc':
    case 'bcc':
    case 'subject':
    case 'body':
      return { [operator]: value };
    case 'in':
      return inFolder(value, context);
    case 'label': {
      const keyword = keywordOfLabel(value);
      return keyword === undefined ? undefined : { hasKeyword: keyword };
    }
    case 'is':
      return STATES[value.toLowerCase()] ?? { text: `is:${value}` };
    case 'has':
      if (/^attachments?$/i.test(value)) return { hasAttachment: true };
      return /^(star|flag)$/i.test(value) ? { hasKeyword: '$flagged' } : { text: `has:${value}` };
    case 'before':
      return dated('before', dayOf(value));
    case 'after':
      return dated('after', dayOf(value));
    case 'older':
      return dated('before', ago(value, context.now));
    case 'newer':
      return dated('after', ago(value, context.now));
    case 'larger':
      return sized('minSize', value);
    case 'smaller':
      return sized('maxSize', value);
  }
}

function inFolder(value: string, context: SearchContext): Filter | undefined {
  const wanted = value.toLocaleLowerCase();
  if (wanted === 'anywhere' || wanted === 'all') return { operator: 'OR', conditions: context.mailboxes.map((one) => ({ inMailbox: one.id })) };
  const found = context.mailboxes.filter((one) => one.role === wanted || one.name.toLocaleLowerCase() === wanted || one.id === value);
  // A folder that is not there holds nothing: so does what was asked for.
  return found.length === 1 ? { inMailbox: found[0]!.id } : { operator: 'OR', conditions: found.map((one) => ({ inMailbox: one.id })) };
}

function dated(name: 'before' | 'after', date: Date | undefined): Filter | undefined {
  return date && { [name]: date.toISOString().replace(/\.\d+Z$/, 'Z') };
}

/** "2024", "2024-05" or "2024-05-03", with "/" as well: its first moment here. */
function dayOf(value: string): Date | undefined {
  const match = /^(\d{4})(?:[-/](\d{1,2}))?(?:[-/](\d{1,2}))?$/.exec(value);
  if (!match) return undefined;
  const date = new Date(Number(match[1]), Number(match[2] ?? 1) - 1, Number(match[3] ?? 1));
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const DAYS: Record<string, number> = { d: 1, w: 7, m: 30, y: 365 };

/** "3d", "2w", "6m", "1y". */
function ago(value: string, now: Date): Date | undefined {
  const match = /^(\d{1,4})\s*([dwmy])/i.exec(value);
  if (!match) return dayOf(value);
  // Whole days, so that the same words stay the same query all day long.
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - Number(match[1]) * DAYS[match[2]!.toLowerCase()]!);
}

const UNITS: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

function sized(name: 'minSize' | 'maxSize', value: string): Filter | undefined {
  const match = /^(\d{1,6}(?:[.,]\d+)?)\s*([kmg]?)i?b?$/i.exec(value);
  if (!match) return undefined;
  return { [name]: Math.round(Number(match[1]!.replace(',', '.')) * UNITS[match[2]!.toLowerCase()]!) };
}
