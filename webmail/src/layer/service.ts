/** The service worker: it gives the program's files without a network, and shows news while no page is open. */
import { deviceId } from '../base/device.ts';
import { at, named, ownRegistration } from '../base/seat.ts';
import type { Id } from '../jmap/types.ts';
import type { Layer } from './layer.ts';
import { ownScript } from './scripts.ts';

/** Blobs that were looked at, and what notifications say: service-worker.ts, service/notify.ts. The program's files are everybody's. */
const OWN_CACHES = [named('blobs'), named('notifications')];
const PATH = at('/service-worker.js');

/** Returns at once; a browser without service workers, or that refuses them, goes without. `go`: a notification leads to a place. */
export function startService(go: (path: string) => void): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<{ kind?: string; path?: string }>) => {
    if (data.kind === 'go' && data.path) go(data.path);
  });
  navigator.serviceWorker.register(ownScript(PATH), { scope: at('/') }).catch(() => undefined);
}

/** Before the session ends: the server pushes no more news to this browser. */
export async function forgetPushes(layer: Layer): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  if (!(await (await ownRegistration())?.pushManager?.getSubscription())) return;
  const [[, answer]] = (await layer.request([['PushSubscription/get', { ids: null }, '0']])) as [[string, Record<string, unknown>, string]];
  const own = ((answer['list'] as { id: Id; deviceClientId: string }[] | undefined) ?? []).filter((one) => one.deviceClientId === deviceId());
  if (own.length) await layer.request([['PushSubscription/set', { destroy: own.map(({ id }) => id) }, '0']]);
}

/** When it has ended: the service worker goes, its subscription to news, and what it keeps. `isAlone`: that of all seats. */
export async function forgetService(isAlone: boolean): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const own = await ownRegistration();
  for (const registration of isAlone ? await navigator.serviceWorker.getRegistrations() : own ? [own] : []) {
    await (await registration.pushManager?.getSubscription())?.unsubscribe();
    await registration.unregister();
  }
  for (const name of isAlone ? await caches.keys() : OWN_CACHES) await caches.delete(name);
}
