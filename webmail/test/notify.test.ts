/** News of the second person in a browser: what the service worker of that seat asks, shows and opens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Shown } from '../src/service/notify.ts';

const ORIGIN = 'https://mail.example.test';
const asked: [path: string, method: string, args: Record<string, any>][] = [];
const shown: { title: string; tag: string; data: Shown; actions?: { action: string }[] }[] = [];
const opened: string[] = [];
const went: [url: string, path: string][] = [];
let windows: string[] = [];
/** Of all of them. */
let visibilityState = 'hidden';
let created: string[] = [];
const kept = new Map<string, string>();

const email = (id: string) => ({ id, threadId: `T${id}`, mailboxIds: { inbox: true }, keywords: {}, from: [{ name: 'Anna', email: 'anna@example.net' }], subject: 'Budget', preview: 'Hello', receivedAt: '2026-11-30T10:00:00Z' });

function answer(path: string, name: string, args: Record<string, any>): Record<string, unknown> {
  asked.push([path, name, args]);
  if (name === 'Mailbox/get') return { list: [{ id: 'inbox', role: 'inbox' }, { id: 'archive', role: 'archive' }] };
  if (name === 'Email/changes') return { newState: 's2', created };
  if (name === 'Email/get') return { list: created.map(email) };
  return { notUpdated: null };
}

const cacheOf = (store: string) => ({
  match: async (name: string) => (kept.has(`${store} ${name}`) ? new Response(kept.get(`${store} ${name}`)) : undefined),
  put: async (name: string, value: Response) => void kept.set(`${store} ${name}`, await value.text()),
});

// The program's seat is that of its address: it is imported once that is there.
Object.assign(globalThis, {
  location: new URL(`${ORIGIN}/u/1/service-worker.js`),
  caches: { open: async (store: string) => cacheOf(store) },
  registration: { showNotification: async (title: string, options: object) => void shown.push({ title, ...options } as (typeof shown)[number]) },
  clients: {
    matchAll: async () => windows.map((url) => ({ url, visibilityState, focus: () => Promise.reject(new Error('not in front')), postMessage: ({ path }: { path: string }) => went.push([url, path]) })),
    openWindow: async (path: string) => opened.push(path),
  },
  fetch: async (path: string, request?: { body: string }) => {
    if (path.endsWith('/session')) return asked.push([path, '', {}]) && Response.json({ accounts: { A2: { accountCapabilities: { 'urn:ietf:params:jmap:mail': {} } } }, capabilities: {} });
    const { methodCalls } = JSON.parse(request!.body) as { methodCalls: [string, Record<string, any>, string][] };
    return Response.json({ methodResponses: methodCalls.map(([name, args, id]) => [name, answer(path, name, args), id]) });
  },
});

async function told(ids: string[]): Promise<typeof shown> {
  const { pushed } = await import('../src/service/notify.ts');
  kept.set('notifications-1 /service/notifications', JSON.stringify({ states: { A2: 's1' }, words: { archive: 'Archive', reply: 'Reply', someone: 'Somebody', more: 'More: {count}' } }));
  created = ids;
  shown.length = asked.length = 0;
  await pushed({ '@type': 'StateChange' });
  return shown;
}

test('news are asked for in the seat, and take the place of nothing that another seat shows', async () => {
  const all = await told(['E1', 'E2', 'E3', 'E4', 'E5']);
  assert.deepEqual([...new Set(asked.map(([path]) => path))], ['/u/1/jmap/session', '/u/1/jmap/api']);
  assert.deepEqual(all.map(({ tag }) => tag), ['E1-1', 'E2-1', 'E3-1', 'E4-1', 'more-1']);
  assert.equal(JSON.parse(kept.get('notifications-1 /service/notifications')!).states.A2, 's2');
});

test('a notification opens a place of the seat, in a window of the program if there is one', async () => {
  const { clicked } = await import('../src/service/notify.ts');
  const [{ data }] = (await told(['E1'])) as [(typeof shown)[number]];
  windows = [`${ORIGIN}/mail/inbox`, `${ORIGIN}/u/2/mail/inbox`, `${ORIGIN}/u/1/account`];
  await clicked('', data);
  await clicked('reply', data);
  assert.deepEqual([opened, went], [['/u/1/mail/inbox/TE1', '/u/1/mail/inbox/TE1#reply=E1'], []]);
  windows.push(`${ORIGIN}/u/1/settings`);
  await clicked('reply', data);
  assert.deepEqual([opened.length, went], [2, [[`${ORIGIN}/u/1/settings`, '/mail/inbox/TE1#reply=E1']]]);
});

test('only who looks at the mail of the seat is told nothing', async () => {
  visibilityState = 'visible';
  for (const [path, count] of [['/u/1/account', 1], ['/u/1/setup', 1], ['/mail/inbox', 1], ['/u/1/mail/inbox', 0]] as const) {
    windows = [`${ORIGIN}${path}`];
    assert.equal((await told(['E1'])).length, count, path);
  }
  visibilityState = 'hidden';
});

test('what is archived from a notification is the mail of the seat', async () => {
  const { clicked } = await import('../src/service/notify.ts');
  const [{ data, actions }] = (await told(['E1'])) as [(typeof shown)[number]];
  assert.deepEqual(actions!.map(({ action }) => action), ['archive', 'reply']);
  asked.length = 0;
  await clicked('archive', data);
  assert.deepEqual(asked, [['/u/1/jmap/api', 'Email/set', { accountId: 'A2', update: { E1: { 'mailboxIds/inbox': null, 'mailboxIds/archive': true } } }]]);
});
