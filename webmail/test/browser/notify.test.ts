/** News while no page is open: what a push shows, and what its action does. Chromium's debugger takes the place of a push service. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { pushesFor } from '../../src/model/notifications.ts';
import { demo, eventually, launch, type Server, signedIn } from './server.ts';

const ALICE = 'alice@example.test';

let server: Server;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('the server takes what this browser asks of it: pushes of chosen folders alone', async () => {
  const page = await signedIn(browser, server);
  const made = await page.evaluate(async (pushes) => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    const text = (octets: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(octets))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const keys = { p256dh: text(await crypto.subtle.exportKey('raw', pair.publicKey)), auth: text(crypto.getRandomValues(new Uint8Array(16)).buffer) };
    const create = { n: { deviceClientId: 'd', url: 'https://push.example.test/1', keys, ...pushes } };
    const using = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:emailpush'];
    const answer = await fetch('/jmap/api', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ using, methodCalls: [['PushSubscription/set', { create }, '0']] }) });
    return ((await answer.json()) as any).methodResponses[0][1];
  }, pushesFor('A1', ['M1-1', 'M1-6']));
  assert.equal(made.notCreated, null, JSON.stringify(made));
  await page.context().close();
});

test('new mail is shown, and archived and answered from where it is shown', async () => {
  const page = await signedIn(browser, server, ALICE, { permissions: ['notifications'] });
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    const words = { archive: 'Archive', reply: 'Reply', someone: 'Somebody', more: 'More: {count}' };
    await (await caches.open('notifications')).put('/service/notifications', new Response(JSON.stringify({ states: {}, words })));
  });
  const debug = await page.context().newCDPSession(page);
  const registration = new Promise<string>((resolve) =>
    debug.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => registrations[0] && resolve(registrations[0].registrationId)),
  );
  await debug.send('ServiceWorker.enable');
  const push = async (): Promise<void> =>
    void (await debug.send('ServiceWorker.deliverPushMessage', { origin: server.origin, registrationId: await registration, data: JSON.stringify({ '@type': 'StateChange', changed: {} }) }));
  const worker = await eventually(() => page.context().serviceWorkers()[0], 'the worker runs');
  const states = async (): Promise<string | undefined> =>
    worker.evaluate(async () => {
      const { states } = await (await (await caches.open('notifications')).match('/service/notifications'))!.json();
      return Object.values(states as Record<string, string>)[0];
    });
  /** Nobody looks at mail any more: a page that was left may still be among the worker's for a moment. */
  const leave = async (): Promise<void> => {
    await page.goto('about:blank');
    await eventually(() => worker.evaluate(async () => ((await (self as any).clients.matchAll({ type: 'window', includeUncontrolled: true })).length === 0 ? true : undefined)), 'no window is left');
  };
  await push();
  const first = await eventually(states, 'the first push notes from where on mail is new');
  server.deliver(ALICE, `From: Anna Petrova <anna@example.net>\r\nTo: ${ALICE}\r\nSubject: Budget\r\nMessage-ID: <news@example.net>\r\nDate: ${new Date().toUTCString()}\r\n\r\nHello\r\n`);
  // Whoever looks at the page is not told.
  await push();
  await eventually(async () => ((await states()) === first ? undefined : true), 'the second push was heard');
  assert.equal(await worker.evaluate(async () => (await (self as any).registration.getNotifications()).length), 0);
  await leave();
  server.deliver(ALICE, `From: Anna Petrova <anna@example.net>\r\nTo: ${ALICE}\r\nSubject: Budget for May\r\nMessage-ID: <news2@example.net>\r\nDate: ${new Date().toUTCString()}\r\n\r\nHello\r\n`);
  await push();
  const shown = await eventually(
    () =>
      worker.evaluate(async () => {
        const [one] = await (self as any).registration.getNotifications();
        return one && { title: one.title, body: one.body, actions: one.actions.map(({ action }: { action: string }) => action) };
      }),
    'the mail is shown',
  );
  assert.deepEqual(shown, { title: 'Anna Petrova', body: 'Budget for May\nHello', actions: ['archive', 'reply'] });
  await worker.evaluate(async () => {
    const [notification] = await (self as any).registration.getNotifications();
    self.dispatchEvent(new (globalThis as any).NotificationEvent('notificationclick', { notification, action: 'archive' }));
  });
  await eventually(async () => {
    const list = JSON.parse(server.run('mailbox', 'list', ALICE, '--json')) as { role: string; messages: number }[];
    return list.find(({ role }) => role === 'archive')?.messages === 1 ? true : undefined;
  }, 'the mail is archived');
  // "Reply" in a window that is elsewhere, and in one that begins there.
  server.deliver(ALICE, `From: Anna Petrova <anna@example.net>\r\nTo: ${ALICE}\r\nSubject: Budget for June\r\nMessage-ID: <news3@example.net>\r\nDate: ${new Date().toUTCString()}\r\n\r\nHello\r\n`);
  await page.goto(`${server.origin}/mail/archive`);
  await page.getByText('Budget for May').first().waitFor();
  await leave();
  await push();
  const path = await eventually(() => worker.evaluate(async () => (await (self as any).registration.getNotifications()).find((one: any) => one.body.includes('June'))?.data.path as string | undefined), 'the mail to answer is shown');
  const emailId = await worker.evaluate(async () => (await (self as any).registration.getNotifications()).find((one: any) => one.body.includes('June')).data.emailId as string);
  await page.goto(`${server.origin}${path}#reply=${emailId}`);
  await page.getByRole('region', { name: /Budget for June/ }).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await page.goto(`${server.origin}/mail/archive`);
  await page.getByText('Budget for May').first().waitFor();
  await worker.evaluate(async () => {
    const notification = (await (self as any).registration.getNotifications()).find((one: any) => one.body.includes('June'));
    self.dispatchEvent(new (globalThis as any).NotificationEvent('notificationclick', { notification, action: 'reply' }));
  });
  await page.getByRole('region', { name: /Budget for June/ }).waitFor();
  await page.context().close();
});
