/**
 * What is typed into the search box, and the filter that it means (RFC 8621 section 4.4.1). The operators are those that people know from
 * elsewhere: from: to: cc: bcc: subject: body: filename: list: deliveredto: in: label: is: has: before: after: older: newer: larger: smaller:
 * messageid: "some words" -not OR (all of these) {any of these}, also behind an operator: subject:(a b). Pure.
 */
import { keywordOfLabel } from '../base/labels.ts';
import type { Filter, FilterCondition, Id, Mailbox } from '../jmap/types.ts';
import type { Store } from './store.ts';
import { ownAddresses } from './target.ts';

export interface Term {
  /** Undefined: any text. */
  operator: Operator | undefined;
  value: string;
  isNot: boolean;
  /** This or the term before it. */
  isOr: boolean;
  /** In place of a value: terms in brackets, all of which are to be so, or any. The operator is that of those that have none. */
  group?: { isAny: boolean; terms: Term[] };
}

export const OPERATORS = [
  'from',
  'to',
  'cc',
  'bcc',
  'subject',
  'body',
  'filename',
  'list',
  'deliveredto',
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
  'messageid',
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
  delivered_to: 'deliveredto',
  rfc822msgid: 'messageid',
  msgid: 'messageid',
};

/** What other programs call folders. */
const OTHER_FOLDERS: Record<string, string> = { spam: 'junk', bin: 'trash', draft: 'drafts' };

/** Longer ones are no question that somebody typed. */
const MOST_TERMS = 64;
/** Nobody types deeper brackets; the server takes far deeper filters. */
const MOST_DEPTH = 8;

const NAME = /(\p{L}[\p{L}\d_]*):/uy;
const CLOSING: Record<string, string> = { '(': ')', '{': '}' };

/** Reads from left to right. What is not closed ends with the text: somebody is typing it. */
class Reader {
  private at = 0;
  private count = 0;

  constructor(private readonly text: string) {}

  /** Up to the end of the brackets, or of the text. */
  terms(end: string | undefined, depth: number): Term[] {
    const found: Term[] = [];
    let isOr = false;
    while (this.count < MOST_TERMS) {
      this.skipSpaces();
      if (this.at >= this.text.length) break;
      if (this.text[this.at] === end) {
        this.at++;
        break;
      }
      const word = this.word(end);
      if (word === 'OR' || word === 'AND') {
        this.at += word.length;
        isOr = word === 'OR' && found.length > 0;
        continue;
      }
      const term = this.term(end, depth, isOr);
      if (!term) continue;
      found.push(term);
      isOr = false;
    }
    return found;
  }

  private skipSpaces(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  /** What stands here up to a space or the end of the brackets. */
  private word(end: string | undefined): string {
    let to = this.at;
    while (to < this.text.length && !/[\s"]/.test(this.text[to]!) && this.text[to] !== end) to++;
    return this.text.slice(this.at, to);
  }

  /** undefined: it says nothing. */
  private term(end: string | undefined, depth: number, isOr: boolean): Term | undefined {
    const isNot = this.text[this.at] === '-' && /[^\s"]|"/.test(this.text[this.at + 1] ?? ' ');
    if (isNot) this.at++;
    NAME.lastIndex = this.at;
    const name = NAME.exec(this.text)?.[1];
    const operator = name === undefined ? undefined : operatorOf(name);
    if (name !== undefined) {
      const after = this.text[this.at + name.length + 1];
      // An operator without a value yet says nothing.
      if (operator || after === undefined || after === end || /\s/.test(after)) this.at += name.length + 1;
      if ((after === undefined || /\s/.test(after) || after === end) && !(operator && this.isValueNext(end))) return undefined;
    }
    const closing = CLOSING[this.text[this.at]!];
    if (closing && depth < MOST_DEPTH) {
      const isAny = closing === '}';
      this.at++;
      const terms = this.terms(closing, depth + 1);
      if (terms.length === 0) return undefined;
      const [only] = terms;
      // Brackets around one thing are that thing.
      if (terms.length === 1 && !only!.isNot && !only!.group && (!operator || !only!.operator)) return { ...only!, operator: only!.operator ?? operator, isNot, isOr };
      return { operator, value: '', isNot, isOr, group: { isAny, terms } };
    }
    const value = this.value(end).trim();
    if (value === '') return undefined;
    this.count++;
    return { operator, value, isNot, isOr };
  }

  /** Behind an operator and spaces: "larger: 5M". What says something by itself, as another operator does, is no value. */
  private isValueNext(end: string | undefined): boolean {
    this.skipSpaces();
    const next = this.text[this.at];
    const word = this.word(end);
    if (next === undefined || next === end || next === '-' || word === 'OR' || word === 'AND') return false;
    NAME.lastIndex = this.at;
    const name = NAME.exec(this.text)?.[1];
    return name === undefined || (!operatorOf(name) && word.length > name.length + 1);
  }

  /** Some words in quotes, or one. What only looks like an operator ("re:invoice", "14:30") is a word with its colon. */
  private value(end: string | undefined): string {
    if (this.text[this.at] === '"') {
      const close = this.text.indexOf('"', this.at + 1);
      const value = this.text.slice(this.at + 1, close < 0 ? undefined : close);
      this.at = close < 0 ? this.text.length : close + 1;
      return value;
    }
    const word = this.word(end);
    // A bracket that closes nothing.
    this.at += word.length || 1;
    return word;
  }
}

export function parseSearch(text: string): Term[] {
  return new Reader(text).terms(undefined, 0);
}

function operatorOf(name: string): Operator | undefined {
  const lower = name.toLowerCase();
  return OPERATORS.find((one) => one === lower) ?? OTHER_NAMES[lower];
}

/** The text that parses to these terms. */
export function writeSearch(terms: readonly Term[]): string {
  return terms
    .map(({ operator, value, isNot, isOr, group }, i) => {
      const sign = `${isOr && i > 0 ? 'OR ' : ''}${isNot ? '-' : ''}${operator ? `${operator}:` : ''}`;
      if (group) return `${sign}${group.isAny ? '{' : '('}${writeSearch(group.terms)}${group.isAny ? '}' : ')'}`;
      const isWord = !/[\s(){}]/.test(value) && value !== 'OR' && value !== 'AND' && value !== '';
      return sign + (isWord ? value : `"${value.replaceAll('"', '')}"`);
    })
    .join(' ');
}

const ADDRESSES: (Operator | undefined)[] = ['from', 'to', 'cc', 'bcc'];
const IN_TEXT: (Operator | undefined)[] = [undefined, ...ADDRESSES, 'subject', 'body', 'filename'];

const isMe = (term: Term): boolean => ADDRESSES.includes(term.operator) && term.value.toLowerCase() === 'me';

/** Terms with the operator of the brackets that they stand in. */
function within({ operator, group }: Term): Term[] {
  return (group?.terms ?? []).map((term) => ({ ...term, operator: term.operator ?? operator }));
}

/** The words to be marked in what was found. */
export function wordsOf(terms: readonly Term[]): string[] {
  return terms.flatMap((term) => {
    if (term.isNot) return [];
    if (term.group) return wordsOf(within(term));
    return IN_TEXT.includes(term.operator) && !isMe(term) ? term.value.split(/\s+/) : [];
  });
}

export interface SearchContext {
  mailboxes: readonly Pick<Mailbox, 'id' | 'name' | 'role'>[];
  /** Trash and junk are searched only by who asks for them. */
  hidden: readonly Id[];
  now: Date;
  /** The reader's addresses, for from:me and to:me. */
  mine?: readonly string[];
}

export function searchContext(store: Store, accountId: Id = store.mainAccount): SearchContext {
  const hidden = (['trash', 'junk'] as const).flatMap((role) => store.mailboxWithRole(role, accountId)?.id ?? []);
  return { mailboxes: store.mailboxes.all(accountId), hidden, now: new Date(), mine: [...ownAddresses(store)] };
}

/** What a search asks each account: the own one, and those that share something. Nobody is asked for a folder that it does not have. */
export function searchesOf(store: Store, text: string): { accountId: Id; filter: Filter }[] {
  const terms = parseSearch(text);
  const own = store.mainAccount;
  const accounts = store.accounts.value.map(({ id }) => id).filter((id) => id === own || store.mailboxes.all(id).length > 0);
  const found = accounts.flatMap((accountId) => {
    const context = searchContext(store, accountId);
    const filter = filterOf(terms, context);
    return filter && (accountId === own || hasFolders(terms, context)) ? [{ accountId, filter }] : [];
  });
  // A folder of another account alone: then it is the only one that is asked.
  const elsewhere = found.length > 1 && !hasFolders(terms, searchContext(store, own));
  return found.filter(({ accountId }) => accountId !== own || !elsewhere).sort((a, b) => Number(b.accountId === own) - Number(a.accountId === own));
}

function hasFolders(terms: readonly Term[], context: SearchContext): boolean {
  return foldersAsked(terms).every((name) => foldersNamed(name, context).length > 0);
}

function foldersAsked(terms: readonly Term[]): string[] {
  return terms.filter((term) => !term.isNot).flatMap((term) => (term.group ? foldersAsked(within(term)) : term.operator === 'in' ? [term.value] : []));
}

/** undefined: nothing is asked for. */
export function filterOf(terms: readonly Term[], context: SearchContext): Filter | undefined {
  const filter = joined(terms, context, false);
  if (!filter || foldersAsked(terms).length > 0 || context.hidden.length === 0) return filter;
  const parts = 'operator' in filter && filter.operator === 'AND' ? filter.conditions : [filter];
  return { operator: 'AND', conditions: [...parts, { inMailboxOtherThan: [...context.hidden] }] };
}

function joined(terms: readonly Term[], context: SearchContext, isAny: boolean): Filter | undefined {
  const parts: Filter[] = [];
  let isChain = false;
  for (const term of terms) {
    const condition = term.group ? joined(within(term), context, term.group.isAny) : conditionOf(term, context);
    if (!condition) continue;
    const filter: Filter = term.isNot ? { operator: 'NOT', conditions: [condition] } : condition;
    const last = parts.at(-1);
    if (!last || !(term.isOr || isAny)) parts.push(filter);
    else if (isChain && 'operator' in last) last.conditions.push(filter);
    else parts[parts.length - 1] = { operator: 'OR', conditions: [last, filter] };
    isChain = last !== undefined && (term.isOr || isAny);
  }
  return parts.length <= 1 ? parts[0] : { operator: 'AND', conditions: parts };
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
      return value.toLowerCase() === 'me' && context.mine?.length ? anyOf(context.mine.map((address) => ({ [operator]: address }))) : { [operator]: value };
    case 'subject':
    case 'body':
      return { [operator]: value };
    case 'filename':
      // The server's index knows files by their names and words.
      return { operator: 'AND', conditions: [{ hasAttachment: true }, { text: value }] };
    case 'list':
      // RFC 2919: a list's name in List-Id has a dot where its address has "@".
      return anyOf([{ header: ['List-Id', value.replace('@', '.')] }, { header: ['List-Post', value] }]);
    case 'deliveredto':
      return { header: ['Delivered-To', value] };
    case 'messageid':
      // Its header has it in brackets (RFC 5322 section 3.6.4), which one may leave out.
      return { header: ['Message-ID', `<${value.replace(/^<|>$/g, '')}>`] };
    case 'in':
      return inFolder(value, context);
    case 'label': {
      const keyword = keywordOfLabel(value);
      return keyword === undefined ? { text: `label:${value}` } : { hasKeyword: keyword };
    }
    case 'is':
      return STATES[value.toLowerCase()] ?? { text: `is:${value}` };
    case 'has':
      if (/^attachments?$/i.test(value)) return { hasAttachment: true };
      return /^(star|flag)$/i.test(value) ? { hasKeyword: '$flagged' } : { text: `has:${value}` };
    default:
      // What says nothing is looked for as it stands: left out, it would find what was not asked for.
      return measured(operator, value, context.now) ?? { text: `${operator}:${value}` };
  }
}

/** Days and sizes; undefined: the value is none. */
function measured(operator: Operator, value: string, now: Date): FilterCondition | undefined {
  switch (operator) {
    case 'before':
      return dated('before', dayOf(value));
    case 'after':
      return dated('after', dayOf(value));
    case 'older':
      return dated('before', ago(value, now));
    case 'newer':
      return dated('after', ago(value, now));
    case 'larger':
      return sized('minSize', value);
    case 'smaller':
      return sized('maxSize', value);
    default:
      return undefined;
  }
}

/** Operators whose value is a day or a size, and what one types for each: it is the same in all languages. */
export const MEASURES: Partial<Record<Operator, string>> = { before: 'before:2024-05-31', after: 'after:2024-05-01', older: 'older:6m', newer: 'newer:2w', larger: 'larger:5M', smaller: 'smaller:100k' };

/** The first term whose value is no day or size, though its operator asks for one. */
export function misread(terms: readonly Term[], now = new Date()): Term | undefined {
  for (const term of terms) {
    const wrong = term.group ? misread(within(term), now) : term.operator && term.operator in MEASURES && !measured(term.operator, term.value, now) ? term : undefined;
    if (wrong) return wrong;
  }
  return undefined;
}

function anyOf(conditions: Filter[]): Filter {
  return conditions.length === 1 ? conditions[0]! : { operator: 'OR', conditions };
}

function foldersNamed(value: string, context: SearchContext): SearchContext['mailboxes'] {
  const wanted = value.toLocaleLowerCase();
  if (wanted === 'anywhere' || wanted === 'all') return context.mailboxes;
  return context.mailboxes.filter((one) => one.role === (OTHER_FOLDERS[wanted] ?? wanted) || one.name.toLocaleLowerCase() === wanted || one.id === value);
}

/** A folder that is not there holds nothing: so does what was asked for. */
function inFolder(value: string, context: SearchContext): Filter {
  return anyOf(foldersNamed(value, context).map((one) => ({ inMailbox: one.id })));
}

function dated(name: 'before' | 'after', date: Date | undefined): FilterCondition | undefined {
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

function sized(name: 'minSize' | 'maxSize', value: string): FilterCondition | undefined {
  const match = /^(\d{1,6}(?:[.,]\d+)?)\s*([kmg]?)i?b?$/i.exec(value);
  if (!match) return undefined;
  return { [name]: Math.round(Number(match[1]!.replace(',', '.')) * UNITS[match[2]!.toLowerCase()]!) };
}
