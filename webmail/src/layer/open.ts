/** The layer that this browser can have: one that keeps mail, or the one that asks the server each time. */
import { at } from '../base/seat.ts';
import { DirectLayer } from './direct.ts';
import { EarlyLayer } from './early.ts';
import { type Layer, LayerError } from './layer.ts';
import { fetchSession } from './net/session.ts';
import { ownScript } from './scripts.ts';
import { type FirstScreen, readFirstScreen } from './store/first.ts';
import { CachedLayer } from './worker/client.ts';
import { signingIn } from './worker/marker.ts';

declare const __WORKERS__: Record<string, string>;

/** What a page that nobody sees, and paints nothing, waits for. */
const PAINTED_WITHIN_MS = 300;

/** The first screen is on the screen: a worker that reads all mail takes a processor from it, and is in nobody's way afterwards. */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, PAINTED_WITHIN_MS);
  });
}

async function keeping(url: string): Promise<Layer> {
  try {
    return await CachedLayer.start(ownScript(at(url)));
  } catch (error) {
    if (error instanceof LayerError) throw error;
    return new DirectLayer(await fetchSession());
  }
}

/** Rejects with a LayerError when nobody is signed in. */
export async function openLayer(): Promise<Layer> {
  const url = __WORKERS__['layer'];
  const canKeep = typeof indexedDB !== 'undefined' && typeof Worker !== 'undefined' && typeof BroadcastChannel !== 'undefined' && navigator.locks !== undefined;
  if (!url || !canKeep) return new DirectLayer(await fetchSession());
  // Whoever has just signed in is shown nothing before the server has said who it is.
  const isAnew = signingIn() !== null;
  const first = isAnew ? undefined : await readFirstScreen().catch(() => undefined);
  return earlyOr(first, () => keeping(url), painted, () => location.reload());
}

/** Something to show until the layer is there, or the layer. `shown`: it is on the screen. `again` begins anew a page that has shown something. */
export async function earlyOr(first: FirstScreen | undefined, start: () => Promise<Layer>, shown: () => Promise<void>, again: () => void): Promise<Layer> {
  // Whoever has shown nothing hears why there is no layer, and goes where that says.
  if (!first) return start();
  const opening = shown().then(start);
  opening.catch((error: unknown) => {
    // This seat knows by now that it has nothing to show: what begins anew leads to the other one.
    if (error instanceof LayerError && error.kind === 'elsewhere') again();
  });
  return new EarlyLayer(first, opening);
}
