/** For how long a file may be kept from now on. */

/** Those that people think in; the longest that the server allows stands behind them. */
const DAYS = [1, 3, 7, 14, 30, 90, 180];
const DAY_MS = 86_400_000;

export interface Choice {
  days: number;
  expires: Date;
}

/** None is farther than the server allows: its clock may be a little behind this one. */
export function choicesOf(maxDays: number, now: Date): Choice[] {
  return [...DAYS.filter((days) => days < maxDays), maxDays].map((days) => ({ days, expires: new Date(now.getTime() + days * DAY_MS - (days === maxDays ? SLACK_MS : 0)) }));
}

const SLACK_MS = 60_000;

/** As JMAP writes it (RFC 8620 section 1.4). */
export function utcDate(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
