/** Times that people put things off to: later today, tomorrow, the weekend, next week. Pure; the clock is the reader's own. */

export type LaterName = 'today' | 'tomorrow' | 'weekend' | 'week';

export interface Later {
  name: LaterName;
  at: Date;
}

const MORNING = 8;
const EVENING = 18;
/** "Later today" is so many hours on, and no later than the evening. */
const LATER_HOURS = 3;

function dayAt(now: Date, days: number, hour: number): Date {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
}

/** Only what lies ahead, each moment once, in order. `firstDay`: of the week, 1 Monday to 7 Sunday. */
export function laterTimes(now: Date, firstDay = 1): Later[] {
  const list: Later[] = [];
  const hour = now.getHours() + LATER_HOURS;
  if (hour < EVENING) list.push({ name: 'today', at: dayAt(now, 0, hour) });
  else if (now.getHours() < EVENING - 1) list.push({ name: 'today', at: dayAt(now, 0, EVENING) });
  list.push({ name: 'tomorrow', at: dayAt(now, 1, MORNING) });
  const weekday = now.getDay() || 7;
  // The day after the week's fifth working day: Saturday where weeks begin on Monday or Sunday, Thursday where they begin on Saturday.
  const saturday = firstDay === 6 ? 4 : 6;
  const toWeekend = (saturday - weekday + 7) % 7;
  if (toWeekend > 1) list.push({ name: 'weekend', at: dayAt(now, toWeekend, MORNING) });
  const working = firstDay === 6 ? 6 : 1;
  const toWeek = (working - weekday + 7) % 7 || 7;
  if (toWeek > 1) list.push({ name: 'week', at: dayAt(now, toWeek, MORNING) });
  return list.sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** What an input of type datetime-local has. */
export function localInput(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}
