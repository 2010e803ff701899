/** The service worker: it gives the program's files without a network, and shows news while no page is open. */
import { deviceId } from '../base/device.ts';
import { at, named, ownRegistration, seatOf, seatsBut } from '../base/seat.ts';
import type { Id } from '../jmap/types.ts';
import type { Layer } from './layer.ts';
import { ownScript } from './scripts.ts';

/** Blobs that were looked at, and what notifications say: service-worker.ts, service/notify.ts. The program's files are everybody's. */
const cachesOf = (seat: number): string[] => [named('blobs', seat), named('notifications', seat)];
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

async function forgetWorkers(isGone: (registration: ServiceWorkerRegistration) => boolean): Promise<void> {
  for (const registration of (await navigator.serviceWorker.getRegistrations()).filter(isGone)) {
    await (await registration.pushManager?.getSubscription())?.unsubscribe();
    // They say who wrote what.
    for (const shown of (await registration.getNotifications?.()) ?? []) shown.close();
    await registration.unregister();
  }
}

/** Where nobody is any more: the service workers go, their subscriptions to news, and what they keep. */
export async function forgetSeats(gone: readonly number[]): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  await forgetWorkers(({ scope }) => gone.includes(seatOf(new URL(scope).pathname)));
  const theirs = gone.flatMap(cachesOf);
  for (const name of await caches.keys()) if (theirs.includes(name)) await caches.delete(name);
}

/** When the session has ended. `beside`: who else is signed in in this browser; while there is somebody, the program's files stay. */
export async function forgetService(beside: readonly { seat: number }[]): Promise<void> {
  if (beside.length) return forgetSeats(seatsBut(beside));
  if (!('serviceWorker' in navigator)) return;
  await forgetWorkers(() => true);
  for (const name of await caches.keys()) await caches.delete(name);
}
