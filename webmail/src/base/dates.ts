// Dates as lists and headers say them. The day is the reader's own; the makers of texts are kept, since making one costs a millisecond.
import { currentLanguage, localeOf } from './words.ts';

type Kind = 'time' | 'weekday' | 'weekday-long' | 'day' | 'month' | 'month-year' | 'day-year' | 'whole';

const shapes: Record<Kind, Intl.DateTimeFormatOptions> = {
  time: { hour: 'numeric', minute: '2-digit' },
  weekday: { weekday: 'short' },
  'weekday-long': { weekday: 'long' },
  day: { day: 'numeric', month: 'short' },
  month: { month: 'long' },
  'day-year': { day: 'numeric', month: 'short', year: 'numeric' },
  'month-year': { month: 'long', year: 'numeric' },
  whole: { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit' },
};

const makers = new Map<string, Intl.DateTimeFormat>();
/** Names of months, by their year and number: each row of a list asks for one. */
const months = new Map<string, string>();

let known: { language: string; locale: string } | undefined;
// To ask the browser takes longer than to write a date, and a list has dozens of dates.
if (typeof addEventListener === 'function') addEventListener('languagechange', () => (known = undefined));

/** As localeOf says, remembered: rows ask for it often. */
export function currentLocale(): string {
  const language = currentLanguage();
  if (known?.language === language) return known.locale;
  const locale = localeOf();
  known = { language, locale };
  months.clear();
  return locale;
}

function say(kind: Kind, date: Date): string {
  const locale = currentLocale();
  const key = `${kind} ${locale}`;
  let maker = makers.get(key);
  if (!maker) makers.set(key, (maker = new Intl.DateTimeFormat(locale, shapes[kind])));
  return maker.format(date);
}

function sayMonth(key: string, kind: Kind, date: Date): string {
  // A change of language empties what is known.
  currentLocale();
  const name = `${kind} ${key}`;
  let text = months.get(name);
  if (text === undefined) months.set(name, (text = say(kind, date)));
  return text;
}

// Days from `date` to `now` by the reader's calendar: 0 today, 1 yesterday; negative: to come.
export function daysBefore(date: Date, now: Date): number {
  const day = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate());
  return Math.round((day(now) - day(date)) / 86_400_000);
}

// In a list: 14:32, Tue, 3 May, 3 May 2024.
export function shortDate(date: Date, now: Date): string {
  if (Number.isNaN(date.getTime())) return '';
  const days = daysBefore(date, now);
  if (days === 0) return say('time', date);
  if (days > 0 && days < 7) return say('weekday', date);
  return say(date.getFullYear() === now.getFullYear() ? 'day' : 'day-year', date);
}

// A moment that is to come: "Thu, Dec 3, 8:00 AM", with the year where it is another one.
export function comingDate(date: Date, now = new Date()): string {
  if (Number.isNaN(date.getTime())) return '';
  const year = date.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const);
  return new Intl.DateTimeFormat(currentLocale(), { weekday: 'short', day: 'numeric', month: 'short', ...year, hour: 'numeric', minute: '2-digit' }).format(date);
}

// A day with its year: "3 May 2024".
export function wholeDay(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : say('day-year', date);
}

// With all that is known, for a tooltip and a header.
export function wholeDate(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : say('whole', date);
}

export type DayGroup = { key: string; words: 'today' | 'yesterday' | 'later' | 'pinned' | undefined; text: string };

// What a list is grouped by: today, yesterday, the days of the last week, then months.
export function dayGroup(date: Date, now: Date): DayGroup {
  if (Number.isNaN(date.getTime())) return { key: '', words: undefined, text: '' };
  const days = daysBefore(date, now);
  if (days < 0) return { key: 'later', words: 'later', text: '' };
  if (days === 0) return { key: 'today', words: 'today', text: '' };
  if (days === 1) return { key: 'yesterday', words: 'yesterday', text: '' };
  if (days < 7) return { key: `day ${days}`, words: undefined, text: say('weekday-long', date) };
  const key = `month ${date.getFullYear()} ${date.getMonth()}`;
  return { key, words: undefined, text: sayMonth(key, date.getFullYear() === now.getFullYear() ? 'month' : 'month-year', date) };
}

/** What is pinned stands above the days. */
export const PINNED: DayGroup = { key: 'pinned', words: 'pinned', text: '' };
