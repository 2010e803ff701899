/** The meter: how long the last action took until it was painted. It is measured always, so that the browser's own tools show it, too. */
import { signal } from '@preact/signals';
import { t } from '../base/words.ts';
import { nameOf, actions } from '../actions/registry.ts';
import { setting } from '../model/settings.ts';

interface Timing {
  id: string;
  ms: number;
}

/** Of the last actions, for the median. */
const KEPT = 100;
const last = signal<Timing | undefined>(undefined);
const times: number[] = [];

export function startMeter(): void {
  if (typeof PerformanceObserver === 'undefined') return;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.name.startsWith('action ')) continue;
      const begun = entry.startTime;
      // A task after the next frame: the frame is painted by then.
      requestAnimationFrame(() => setTimeout(() => note(entry.name.slice(7), performance.now() - begun)));
    }
  });
  observer.observe({ entryTypes: ['measure'] });
}

function note(id: string, ms: number): void {
  times.push(ms);
  if (times.length > KEPT) times.shift();
  performance.clearMeasures(`action ${id}`);
  last.value = { id, ms };
}

export function Meter() {
  const now = last.value;
  if (!setting('showTimings').value || !now) return null;
  const sorted = [...times].sort((a, b) => a - b);
  const action = actions.get(now.id);
  return (
    <output class="meter" aria-hidden="true">
      {t('frame.timing', {
        name: action ? t(nameOf(action)) : now.id,
        ms: Math.round(now.ms),
        median: Math.round(sorted[sorted.length >> 1] ?? 0),
        count: sorted.length,
      })}
    </output>
  );
}
