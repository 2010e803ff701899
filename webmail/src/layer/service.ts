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

/** Each step by itself: what one does not get done keeps none of the others from its own. */
async function inTurn(steps: (() => unknown)[]): Promise<void> {
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      reportError(error);
    }
  }
}

async function forgetWorkers(isGone: (registration: ServiceWorkerRegistration) => boolean): Promise<void> {
  const gone = (await navigator.serviceWorker.getRegistrations()).filter(isGone);
  await inTurn(
    gone.flatMap((registration) => [
      // They say who wrote what.
      async () => (await registration.getNotifications?.())?.forEach((shown) => shown.close()),
      // A browser asks its push service for this, which may not be reached. What is pushed then wakes nobody.
      async () => (await registration.pushManager?.getSubscription())?.unsubscribe(),
      () => registration.unregister(),
    ]),
  );
}

async function forgetCaches(isGone: (name: string) => boolean): Promise<void> {
  await inTurn((await caches.keys()).filter(isGone).map((name) => () => caches.delete(name)));
}

/** Where nobody is any more: the service workers go, their subscriptions to news, and what they keep. */
export async function forgetSeats(gone: readonly number[]): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const theirs = gone.flatMap(cachesOf);
  await inTurn([() => forgetWorkers(({ scope }) => gone.includes(seatOf(new URL(scope).pathname))), () => forgetCaches((name) => theirs.includes(name))]);
}

/** When the session has ended. `beside`: who else is signed in in this browser; while there is somebody, the program's files stay. */
export async function forgetService(beside: readonly { seat: number }[]): Promise<void> {
  if (beside.length) return forgetSeats(seatsBut(beside));
  if (!('serviceWorker' in navigator)) return;
  await inTurn([() => forgetWorkers(() => true), () => forgetCaches(() => true)]);
}
