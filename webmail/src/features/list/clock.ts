/** The time as lists see it: it moves on every minute, so that "14:32" becomes "Tue" without anybody doing anything. */
import { signal } from '@preact/signals';

const MINUTE_MS = 60_000;

export const now = signal(new Date());

export function startClock(): void {
  let day = new Date().getDate();
  setInterval(() => {
    const next = new Date();
    // Within a day no row says anything else.
    if (next.getDate() === day) return;
    day = next.getDate();
    now.value = next;
  }, MINUTE_MS);
}
