/** The layer that this browser can have: one that keeps mail, or the one that asks the server each time. */
import { DirectLayer } from './direct.ts';
import { type Layer, LayerError } from './layer.ts';
import { fetchSession } from './net/session.ts';
import { ownScript } from './scripts.ts';
import { CachedLayer } from './worker/client.ts';

declare const __WORKERS__: Record<string, string>;

/** Rejects with a LayerError when nobody is signed in. */
export async function openLayer(): Promise<Layer> {
  const url = __WORKERS__['layer'];
  const canKeep = typeof indexedDB !== 'undefined' && typeof Worker !== 'undefined' && typeof BroadcastChannel !== 'undefined' && navigator.locks !== undefined;
  if (url && canKeep) {
    try {
      return await CachedLayer.start(ownScript(url));
    } catch (error) {
      if (error instanceof LayerError) throw error;
    }
  }
  return new DirectLayer(await fetchSession());
}
