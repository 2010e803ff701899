/**
 * Notifications while no page is open (Web Push). The service worker (src/service) shows them; here a person turns them on and off, and
 * the subscription at the server is kept alive. A browser that lost it, or whose key changed, subscribes anew.
 */
import { ask } from '../jmap/batch.ts';
import { MAIL, type Id, type Mailbox, type State } from '../jmap/types.ts';
import type { Layer } from '../layer/layer.ts';
import { t } from '../base/words.ts';
import { deviceId } from '../base/device.ts';
import { named, ownRegistration } from '../base/seat.ts';
import { setting } from './settings.ts';

const VAPID = 'urn:ietf:params:jmap:webpush-vapid';
const EMAIL_PUSH = 'urn:ietf:params:jmap:emailpush';
/** Where the service worker reads what it needs: src/service/notify.ts. */
const STORE = named('notifications');
const KEPT = '/service/notifications';

export type Notifications = 'on' | 'off' | 'denied' | 'unsupported';

interface Subscription {
  id: Id;
  deviceClientId: string;
}

const isSupported = (layer: Layer): boolean => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis && VAPID in layer.session.capabilities;

export async function notifications(layer: Layer): Promise<Notifications> {
  if (!isSupported(layer)) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  const registration = await ownRegistration();
  return (await registration?.pushManager.getSubscription()) ? 'on' : 'off';
}

/** Asks the person, if the browser has not yet; call it when something was clicked. */
export async function allowNotifications(layer: Layer): Promise<Notifications> {
  if (!isSupported(layer)) return 'unsupported';
  if ((await Notification.requestPermission()) !== 'granted') return 'denied';
  await subscribe(layer);
  return 'on';
}

export async function stopNotifications(layer: Layer): Promise<void> {
  const registration = await ownRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
  await caches.delete(STORE);
  await atServer(layer);
}

/** At each start: the server's subscription ends after some days without it. */
export async function renewNotifications(layer: Layer): Promise<void> {
  if ((await notifications(layer)) === 'on') await subscribe(layer);
}

async function ownSubscriptions(layer: Layer): Promise<Id[]> {
  const { list } = await ask<{ list: Subscription[] }>(layer, 'PushSubscription/get', { ids: null });
  return list.filter((one) => one.deviceClientId === deviceId()).map(({ id }) => id);
}

/** Takes this device's subscriptions away at the server. */
async function atServer(layer: Layer): Promise<void> {
  const own = await ownSubscriptions(layer);
  if (own.length) await ask(layer, 'PushSubscription/set', { destroy: own });
}

function octets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}

/** Only one that runs already can be subscribed; "ready" may be the one of another seat, whose scope is wider. */
async function running(): Promise<ServiceWorkerRegistration> {
  const own = await ownRegistration();
  if (!own) throw new Error('This browser has not taken the service worker.');
  const coming = own.installing ?? own.waiting;
  if (!own.active && coming) await new Promise<void>((resolve) => coming.addEventListener('statechange', () => coming.state === 'activated' && resolve()));
  return own;
}

async function subscribe(layer: Layer): Promise<void> {
  const { pushManager } = await running();
  const applicationServerKey = octets(layer.session.capabilities[VAPID]!['applicationServerKey'] as string);
  const old = await pushManager.getSubscription();
  const oldKey = old?.options.applicationServerKey;
  if (old && oldKey && String(new Uint8Array(oldKey)) !== String(applicationServerKey)) await old.unsubscribe();
  const made = (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })).toJSON();
  await tellWorker(layer);
  await atServer(layer);
  await ask(layer, 'PushSubscription/set', { create: { n: { deviceClientId: deviceId(), url: made.endpoint, keys: made.keys, ...(await pushesOf(layer)) } } });
}

/** The person has chosen otherwise what to be told of. */
export async function notificationsChanged(layer: Layer): Promise<void> {
  if ((await notifications(layer)) !== 'on') return;
  await tellWorker(layer);
  const wanted = await pushesOf(layer);
  const own = await ownSubscriptions(layer);
  if (own.length) await ask(layer, 'PushSubscription/set', { update: Object.fromEntries(own.map((id) => [id, wanted])) });
}

/**
 * What the server pushes: where it can tell them apart, mail in the chosen folders alone, so that the device is woken for nothing else.
 * What a push holds is looked up by the service worker: nothing of an email but its id leaves the server by it.
 */
export function pushesFor(accountId: Id, folders: readonly Id[]): Record<string, unknown> {
  const conditions = folders.map((inMailbox) => ({ inMailbox }));
  const where = conditions.length === 1 ? conditions[0]! : { operator: 'OR', conditions };
  return { types: [], emailPush: { [accountId]: { filter: { operator: 'AND', conditions: [where, { notKeyword: '$seen' }] }, properties: ['id'], urgency: 'normal' } } };
}

/** A filter of more folders than the server takes in one: then all mail is pushed, and the service worker chooses. */
const FOLDERS_MAX = 25;

async function pushesOf(layer: Layer): Promise<Record<string, unknown>> {
  const accountId = layer.session.primaryAccounts[MAIL];
  if (!(EMAIL_PUSH in layer.session.capabilities) || accountId === undefined) return { types: ['EmailDelivery'] };
  const { list } = await ask<{ list: Pick<Mailbox, 'id' | 'role'>[] }>(layer, 'Mailbox/get', { accountId, ids: null, properties: ['role'] });
  const chosen = setting('notifyFolders').peek();
  const there = list.filter(({ id, role }) => (chosen.length ? chosen.includes(id) : role === 'inbox')).map(({ id }) => id);
  return there.length > 0 && there.length <= FOLDERS_MAX ? pushesFor(accountId, there) : { types: ['EmailDelivery'], emailPush: null };
}

/** From which state on something is news, of what, and in which words it is told. */
async function tellWorker(layer: Layer): Promise<void> {
  const cache = await caches.open(STORE);
  const before = (await (await cache.match(KEPT))?.json()) as { states: Record<Id, State> } | undefined;
  const accounts = Object.keys(layer.session.accounts).filter((id) => MAIL in layer.session.accounts[id]!.accountCapabilities);
  const states = Object.fromEntries(accounts.filter((id) => before?.states[id]).map((id) => [id, before!.states[id]]));
  const words = { archive: t('notify.archive'), reply: t('notify.reply'), someone: t('notify.someone'), more: t('notify.more', { count: '{count}' }), notArchived: t('notify.notArchived') };
  await cache.put(KEPT, new Response(JSON.stringify({ states, words, folders: setting('notifyFolders').peek(), knownOnly: setting('notifyKnown').peek() })));
}
