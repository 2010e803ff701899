/**
 * Every text that a person reads, by its key and values. The texts stand in words/LANGUAGE/*.json, in a part of ICU's message
 * format: {name}, {count, number}, {when, date}, {count, plural, =0 {none} one {# mail} other {# mails}}, {who, select, me {you} other {{who}}}.
 * English is a part of the program; another language is a file that is fetched before anything is shown.
 */
import english from 'words:en';

declare const __LANGUAGES__: Record<string, string>;

type Values = Record<string, string | number | Date>;

let language = 'en';
let texts: Record<string, string> = english;
const plurals = new Map<string, Intl.PluralRules>();
/** Making one takes longer than all else that a text needs. */
const numbers = new Map<string, Intl.NumberFormat>();

export const languageNames: Record<string, string> = {
  en: 'English', de: 'Deutsch', es: 'Español', fr: 'Français', ru: 'Русский', zh: '中文', ja: '日本語', ar: 'العربية',
};

export function currentLanguage(): string {
  return language;
}

const NONE: readonly string[] = [];

/** The reader's own region, where it is one of the language: which digits there are, and whether it is 14:32 or 2:32 PM, is no matter of the language alone. */
export function localeOf(regions: readonly string[] = typeof navigator === 'undefined' ? NONE : (navigator.languages ?? NONE)): string {
  return regions.find((one) => one === language || one.startsWith(`${language}-`)) ?? language;
}

export function isRightToLeft(): boolean {
  return language === 'ar';
}

/** The best of the languages that there are for the ones that somebody prefers ("de-AT" finds "de"). */
export function bestLanguage(preferred: readonly string[], known: readonly string[]): string {
  for (const wanted of preferred) {
    const found = known.find((one) => one === wanted || one === wanted.split('-')[0]);
    if (found) return found;
  }
  return 'en';
}

/** The page where one signs in speaks the same. It says nothing of a person, and stays when one signs out. */
function tellServer(wanted: string): void {
  if (typeof document !== 'undefined') document.cookie = `language=${encodeURIComponent(wanted)}; Path=/; SameSite=Strict; Secure; Max-Age=${365 * 86_400}`;
}

/** Loads a language; English where it cannot be had. */
export async function useLanguage(wanted: string): Promise<void> {
  tellServer(wanted);
  const file = typeof __LANGUAGES__ === 'undefined' ? undefined : __LANGUAGES__[wanted];
  if (wanted === language) return;
  if (wanted === 'en' || !file) {
    setWords('en', english);
    return;
  }
  const answer = await fetch(file);
  if (answer.ok) setWords(wanted, (await answer.json()) as Record<string, string>);
}

export function setWords(name: string, words: Record<string, string>): void {
  language = name;
  texts = words;
}

export function hasWords(key: string): boolean {
  return key in texts || key in english;
}

/** A key without a text shows itself: it is seen, and a test finds it. */
export function t(key: string, values: Values = {}): string {
  const text = texts[key] ?? english[key];
  return text === undefined ? key : format(text, values);
}

export function format(text: string, values: Values): string {
  let out = '';
  for (let at = 0; ; ) {
    const open = text.indexOf('{', at);
    if (open < 0) return out + text.slice(at);
    const end = matching(text, open);
    out += text.slice(at, open) + placeholder(text.slice(open + 1, end), values);
    at = end + 1;
  }
}

function matching(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  return text.length;
}

function placeholder(inside: string, values: Values): string {
  const plain = values[inside];
  if (typeof plain === 'string') return plain;
  const [, name = '', , kind, , choices = ''] = /^\s*(\w+)\s*(,\s*(\w+)\s*(,([\s\S]*))?)?$/.exec(inside) ?? [];
  const value = values[name];
  if (value === undefined) return `{${name}}`;
  if (kind === 'plural') return format(plural(Number(value), choices).replaceAll('#', sayNumber(Number(value))), values);
  if (kind === 'select') {
    const found = cases(choices);
    return format(found.get(String(value)) ?? found.get('other') ?? '', values);
  }
  if (value instanceof Date) return new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(value);
  return typeof value === 'number' ? sayNumber(value) : value;
}

/** Small ones look the same in all languages with these digits: a browser takes long to read its tables for the first one. */
export function sayNumber(value: number): string {
  if (Number.isInteger(value) && value >= 0 && value < 1_000 && language !== 'ar') return String(value);
  const locale = localeOf();
  let maker = numbers.get(locale);
  if (!maker) numbers.set(locale, (maker = new Intl.NumberFormat(locale)));
  return maker.format(value);
}

const orders = new Map<string, Intl.Collator>();

/** Names as the reader's language sorts them, and "10" behind "9". */
export function compareNames(a: string, b: string): number {
  let order = orders.get(language);
  if (!order) orders.set(language, (order = new Intl.Collator(language, { numeric: true })));
  return order.compare(a, b);
}

function plural(count: number, choices: string): string {
  let rules = plurals.get(language);
  if (!rules) plurals.set(language, (rules = new Intl.PluralRules(language)));
  const found = cases(choices);
  return found.get(`=${count}`) ?? found.get(rules.select(count)) ?? found.get('other') ?? '';
}

function cases(choices: string): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < choices.length; ) {
    const open = choices.indexOf('{', at);
    if (open < 0) break;
    const end = matching(choices, open);
    found.set(choices.slice(at, open).trim(), choices.slice(open + 1, end));
    at = end + 1;
  }
  return found;
}
