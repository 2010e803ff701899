/** Times that people mean when they send a mail later. */

export const MORNING = 8;
const AFTERNOON = 13;

export interface Later {
  name: string;
  date: Date;
  shown: string;
}

export function at(now: Date, days: number, hour: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
}

/** When one is reminded that nobody has answered: people are given some days. */
export function reminderTimes(now: Date, language: string): Later[] {
  const show = new Intl.DateTimeFormat(language, { weekday: 'short', day: 'numeric', month: 'short' });
  const all: [string, number][] = [['tomorrow', 1], ['threeDays', 3], ['week', 7], ['twoWeeks', 14]];
  return all.map(([name, days]) => ({ name, date: at(now, days, MORNING) })).map((one) => ({ ...one, shown: show.format(one.date) }));
}

/** Only what lies ahead; two that are the same time are one. */
export function laterTimes(now: Date, language: string): Later[] {
  const toMonday = (8 - now.getDay()) % 7 || 7;
  const show = new Intl.DateTimeFormat(language, { weekday: 'short', hour: 'numeric', minute: '2-digit' });
  const all: [string, Date][] = [
    ['thisAfternoon', at(now, 0, AFTERNOON)],
    ['tomorrowMorning', at(now, 1, MORNING)],
    ['tomorrowAfternoon', at(now, 1, AFTERNOON)],
    ['monday', at(now, toMonday, MORNING)],
  ];
  const seen = new Set<number>();
  // Somebody who looks for a time wants more than a quarter of an hour.
  return all
    .filter(([, date]) => date.getTime() - now.getTime() > 15 * 60_000 && !seen.has(date.getTime()) && seen.add(date.getTime()))
    .map(([name, date]) => ({ name, date, shown: show.format(date) }));
}
