/** The layer that this browser can have: one that keeps mail, or the one that asks the server each time. */
import { at } from '../base/seat.ts';
import { DirectLayer } from './direct.ts';
import { EarlyLayer } from './early.ts';
import { type Layer, LayerError } from './layer.ts';
import { fetchSession } from './net/session.ts';
import { ownScript } from './scripts.ts';
import { readFirstScreen } from './store/first.ts';
import { CachedLayer } from './worker/client.ts';
import { signingIn } from './worker/marker.ts';

declare const __WORKERS__: Record<string, string>;

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
  const opening = keeping(url);
  if (isAnew) return opening;
  const first = readFirstScreen();
  // What fails before there is anything to show is told by the first to come.
  opening.catch((error: unknown) => {
    // This seat knows by now that it has nothing to show: what begins anew leads to the other one.
    if (error instanceof LayerError && error.kind === 'elsewhere') location.reload();
  });
  const found = await Promise.race([opening, first.catch(() => undefined)]);
  return found && 'answers' in found ? new EarlyLayer(found, opening) : opening;
}
