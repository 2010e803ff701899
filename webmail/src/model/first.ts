/** For the next start in this browser: what its first screen asks is answered ahead, whenever that has changed and nobody does anything. */
import { effect } from '@preact/signals';
import type { RowList } from './merged.ts';
import type { Store } from './store.ts';

/** Rows of the list: more than fit into a tall window. */
const ROWS = 40;
/** Nothing has changed for so long: whoever works through a folder does not pay for each mail. */
const QUIET_MS = 3_000;
/** A browser that is never idle writes all the same, after so long. */
const IDLE_WITHIN_MS = 10_000;

/** `list`: what would be shown if the program began now; undefined: no list. */
export function keepFirstScreen(store: Store, list: () => RowList | undefined): void {
  const { layer } = store;
  if (!layer.keepFirst) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    timer = undefined;
    const shown = list();
    if (!shown || store.signedOut.peek()) return;
    // Without it the next start takes its time.
    layer.keepFirst!([store.firstRequest(), ...shown.parts.map((part) => part.firstRequest(ROWS))]).catch(() => undefined);
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => (typeof globalThis.requestIdleCallback === 'function' ? requestIdleCallback(write, { timeout: IDLE_WITHIN_MS }) : write()), QUIET_MS);
  };
  layer.listen((event) => event.kind === 'state' && later());
  effect(() => {
    if (list()) later();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' || timer === undefined) return;
    clearTimeout(timer);
    write();
  });
}
