/**
 * The program without a network, and news while it is closed. The files of one version are taken together, and the next load has the
 * next version; what a page of the version before may still load is kept as long. Mail itself is the layer's; blobs that were looked at
 * are kept here, for pictures and attachments are asked for by address.
 */
import { isPlace } from './base/places.ts';
import { at, isOwnUrl, named, withoutSeat } from './base/seat.ts';
import { clicked, pushed } from './service/notify.ts';

declare const __FILES__: string[];
declare const __VERSION__: string;

interface ExtendableEvent extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
const worker = self as unknown as {
  addEventListener(kind: string, listener: (event: any) => void): void;
  skipWaiting(): Promise<void>;
};

const PROGRAM = `program ${__VERSION__}`;
const BLOBS = named('blobs');
/** The page of all places. */
const INDEX = '/mail/inbox';
const PAGES = [INDEX, '/frame-mail.html', '/frame-compose.html', '/manifest.webmanifest', '/icon.svg'];
/** What somebody's mail holds is never run, nor laid over a page: as the server refuses it, so does what is kept here. */
const RUNS = ['script', 'style', 'worker', 'sharedworker', 'object', 'embed'];
/** Blobs kept, and the octets of the largest. */
const BLOBS_KEPT = 200;
const BLOB_MAX = 5_000_000;

worker.addEventListener('install', (event: ExtendableEvent) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(PROGRAM);
      // "reload": the browser's own cache may have a page of another version.
      await cache.addAll([...__FILES__, ...PAGES.map((path) => new Request(path, { cache: 'reload' }))]);
      await worker.skipWaiting();
    })(),
  );
});

worker.addEventListener('activate', (event: ExtendableEvent) => {
  event.waitUntil(
    (async () => {
      const programs = (await caches.keys()).filter((name) => name.startsWith('program ') && name !== PROGRAM);
      for (const name of programs.slice(0, -1)) await caches.delete(name);
    })(),
  );
});

/** Of this version, or of the one before. */
async function ofProgram(path: string): Promise<Response | undefined> {
  // To open one would make it anew after a sign-out.
  const own = await caches.match(path, { cacheName: PROGRAM });
  if (own) return own;
  for (const name of await caches.keys()) {
    const found = name.startsWith('program ') ? await caches.match(path, { cacheName: name }) : undefined;
    if (found) return found;
  }
  return undefined;
}

async function asset(request: Request): Promise<Response> {
  const path = withoutSeat(new URL(request.url).pathname);
  const found = await ofProgram(path);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok && (await caches.has(PROGRAM))) await (await caches.open(PROGRAM)).put(path, answer.clone());
  return answer;
}

async function blob(request: Request): Promise<Response> {
  const cache = await caches.open(BLOBS);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  const size = Number(answer.headers.get('content-length') ?? BLOB_MAX + 1);
  if (answer.status === 200 && size <= BLOB_MAX) {
    await cache.put(request, answer.clone()).catch(() => undefined);
    const kept = await cache.keys();
    for (const old of kept.slice(0, Math.max(0, kept.length - BLOBS_KEPT))) await cache.delete(old);
  }
  return answer;
}

/** The start page is the server's: it knows whether somebody is signed in. Without it, the program says what it has. */
async function startPage(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (await ofProgram(INDEX)) return Response.redirect(at(INDEX));
    throw error;
  }
}

worker.addEventListener('fetch', (event: FetchEvent) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  const pathname = withoutSeat(url.pathname);
  // Files of the program are everybody's; whatever else is another seat's goes to the server.
  const isFile = pathname.startsWith('/assets/') || (request.mode !== 'navigate' && PAGES.includes(pathname));
  if (!isOwnUrl(request.url) && !isFile) return;
  const page = async (path: string): Promise<Response> => (await ofProgram(path)) ?? fetch(request);
  if (request.mode === 'navigate' && isPlace(pathname)) event.respondWith(page(INDEX));
  else if (request.mode === 'navigate' && pathname === '/' && !url.search) event.respondWith(startPage(request));
  else if (pathname.startsWith('/assets/')) event.respondWith(asset(request));
  else if (PAGES.includes(pathname)) event.respondWith(page(pathname));
  else if (pathname.startsWith('/jmap/') && RUNS.includes(request.destination)) event.respondWith(Promise.resolve(Response.error()));
  else if (pathname.startsWith('/jmap/download/') && !request.headers.has('range')) event.respondWith(blob(request));
});

worker.addEventListener('push', (event: ExtendableEvent & { data: { json(): unknown } | null }) => event.waitUntil(pushed(event.data?.json())));
worker.addEventListener('notificationclick', (event: ExtendableEvent & { action: string; notification: Notification }) => {
  event.notification.close();
  event.waitUntil(clicked(event.action, event.notification.data));
});
