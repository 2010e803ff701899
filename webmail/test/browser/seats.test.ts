/** Two people side by side in one browser, each in a seat of their own: lists, sending, without a network, and one who signs out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { demo, eventually, keptHere, launch, PATIENCE_MS, type Server, signedIn } from './server.ts';

const [ALICE, BOB, ADMIN] = ['alice@example.test', 'bob@example.test', 'admin@example.test'];
let server: Server;
let browser: Browser;
let context: BrowserContext;
let alice: Page;
let bob: Page;
const errors: string[] = [];

before(async () => {
  // A browser has passkeys for a name, and for no address.
  [server, browser] = await Promise.all([demo().then((one) => ({ ...one, origin: one.origin.replace('127.0.0.1', 'localhost') })), launch()]);
  for (const who of [ALICE, BOB, ADMIN]) server.deliver(who, `From: Anna <anna@example.net>\r\nTo: ${who}\r\nSubject: For ${who}\r\nMessage-ID: <for-${who}>\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<p>Dear <b>reader</b></p>\r\n`);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const mailOf = (page: Page, who: string) => page.locator('[role=row]', { hasText: `For ${who}` });
const pathOf = (page: Page): string => page.url().slice(server.origin.length);

/** Each sees the own mail, and nothing of the other's. */
async function eachSeesTheOwn(): Promise<void> {
  for (const [page, own, other] of [[alice, ALICE, BOB], [bob, BOB, ALICE]] as const) {
    await mailOf(page, own).waitFor();
    assert.equal(await page.getByText(`For ${other}`).count(), 0);
  }
  assert.deepEqual([pathOf(alice), pathOf(bob)], ['/mail/inbox', '/u/1/mail/inbox']);
}

async function open(path: string): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(server.origin + path);
  return page;
}

async function choose(page: Page, who: string, entry: string): Promise<void> {
  await page.getByRole('button', { name: `Account of ${who}` }).first().click();
  await page.getByRole('menuitem', { name: entry }).click();
}

async function signIn(page: Page, who: string): Promise<void> {
  await page.fill('[name=username]', who);
  await page.fill('[name=password]', server.passwords[who]!);
  await page.click('form[action$="/auth/login"] button');
}

async function write(page: Page, to: string, subject: string): Promise<void> {
  await page.getByRole('button', { name: 'Compose' }).first().click();
  const form = page.locator('.compose-form');
  await form.locator('[data-field=to] input').fill(to);
  await form.locator('[data-field=to] input').press('Enter');
  await form.getByLabel('Subject').fill(subject);
}

/** The stores of the browser: changes that wait, by person; undefined: there is no store. */
const waiting = (page: Page, who: string): Promise<number | undefined> =>
  page.evaluate(async (name) => {
    if (!(await indexedDB.databases()).some((one) => one.name === name)) return undefined;
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
    });
    const count = await new Promise<number>((resolve) => {
      const asking = db.transaction('log').objectStore('log').count();
      asking.onsuccess = () => resolve(asking.result);
    });
    db.close();
    return count;
  }, `postrider ${who}`);

async function found(who: string, subject: string): Promise<{ preview: string; mailboxIds: Record<string, boolean>; keywords: Record<string, boolean> }[]> {
  const { ids } = await server.ask(who, 'Email/query', { filter: { subject } });
  return (await server.ask(who, 'Email/get', { ids, properties: ['preview', 'mailboxIds', 'keywords'] })).list;
}

test('a second person signs in beside the first, and each tab stays whose it is', async () => {
  const first = await signedIn(browser, server);
  context = first.context();
  alice = first;
  bob = await open('/mail/inbox');
  await mailOf(bob, ALICE).waitFor();
  await choose(bob, ALICE, 'Add an account');
  await bob.waitForURL('**/u/1/?sign-in');
  await signIn(bob, BOB);
  await bob.waitForURL('**/u/1/mail/inbox');
  await eachSeesTheOwn();
  await Promise.all([alice.reload(), bob.reload()]);
  await eachSeesTheOwn();
  // A place of one has a path of its own, in the bar and in links.
  await mailOf(bob, BOB).click();
  await bob.frameLocator('.message-frame').getByText('reader').waitFor();
  assert.match(pathOf(bob), /^\/u\/1\/mail\/inbox\/./);
  await bob.goto(`${server.origin}/u/1/settings/appearance`);
  await bob.getByLabel('Dark').check();
  await eventually(() => bob.evaluate(() => document.documentElement.dataset['theme'] === 'dark'), 'it is dark for bob');
  assert.equal(await alice.evaluate(() => document.documentElement.dataset['theme']), 'light');
  await bob.goto(`${server.origin}/u/1/mail/inbox`);
  // One goes over to the other by the menu, and back.
  await choose(alice, ALICE, BOB);
  await alice.waitForURL('**/u/1/mail/inbox');
  await mailOf(alice, BOB).waitFor();
  await choose(alice, BOB, ALICE);
  await alice.waitForURL((url) => url.pathname === '/mail/inbox');
  await eachSeesTheOwn();
});

test('what each sends comes from each', async () => {
  await Promise.all([write(alice, 'carol@example.net', 'By the first'), write(bob, 'carol@example.net', 'By the second')]);
  for (const page of [alice, bob]) await page.locator('.compose-form').getByRole('button', { name: 'Send', exact: true }).click();
  for (const [who, own, other] of [[ALICE, 'By the first', 'By the second'], [BOB, 'By the second', 'By the first']] as const) {
    await eventually(async () => (await found(who, own)).some(({ keywords }) => !keywords['$draft']), `${who} has sent it`);
    assert.deepEqual(await found(who, other), []);
  }
  for (const page of [alice, bob]) await page.locator('.compose-form').waitFor({ state: 'detached' });
});

test('what the second person is told of is archived as his, and opens in his page', async () => {
  await context.grantPermissions(['notifications']);
  server.deliver(BOB, `From: Anna <anna@example.net>\r\nTo: ${BOB}\r\nSubject: Told of\r\nMessage-ID: <told@example.net>\r\nDate: Mon, 01 Jun 2026 11:00:00 +0000\r\n\r\nText\r\n`);
  const { ids: [emailId] } = await server.ask(BOB, 'Email/query', { filter: { subject: 'Told of' } });
  const { list: [email] } = await server.ask(BOB, 'Email/get', { ids: [emailId], properties: ['threadId', 'mailboxIds'] });
  const { list: mailboxes } = await server.ask(BOB, 'Mailbox/get', { ids: null });
  const folder = (role: string): string => mailboxes.find((one: { role: string }) => one.role === role).id;
  const data = { accountId: 'A2', emailId, path: `/mail/archive/${email.threadId}`, archive: folder('archive'), inbox: folder('inbox'), title: 'Anna', body: 'Told of' };
  const worker = await eventually(() => context.serviceWorkers().find((one) => one.url().endsWith('/u/1/service-worker.js')), 'his service worker runs');
  const click = (action: string): Promise<void> =>
    worker.evaluate(async ([action, data]) => {
      const { registration } = self as any;
      await registration.showNotification('Anna', { tag: 'told', data });
      const [notification] = await registration.getNotifications({ tag: 'told' });
      self.dispatchEvent(new (globalThis as any).NotificationEvent('notificationclick', { notification, action }));
    }, [action, data] as const);
  await click('archive');
  await eventually(async () => (await found(BOB, 'Told of'))[0]!.mailboxIds[data.archive], 'it is in his archive');
  await click('reply');
  await bob.getByRole('region', { name: /Told of/ }).waitFor();
  assert.deepEqual([pathOf(alice), pathOf(bob)], ['/mail/inbox', `/u/1/mail/archive/${email.threadId}`]);
  assert.deepEqual(await found(ALICE, 'Told of'), []);
  await bob.goto(`${server.origin}/u/1/mail/inbox`);
  await eachSeesTheOwn();
});

test('a passkey is added, and signs in, in the seat of the one it is for', async () => {
  const cdp = await context.newCDPSession(bob);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true } });
  await bob.goto(`${server.origin}/u/1/account`);
  await bob.getByLabel('A name for the new passkey').fill('Laptop');
  await bob.getByRole('button', { name: 'Add a passkey' }).click();
  await bob.getByRole('link', { name: 'Back to the account' }).click();
  await bob.waitForURL('**/u/1/account');
  // His session ends, and hers does not.
  await context.clearCookies({ name: '__Host-postrider-1' });
  await bob.goto(`${server.origin}/u/1/mail/archive`);
  await bob.waitForURL(/\/u\/1\/\?sign-in/);
  await bob.getByRole('button', { name: 'Use a passkey' }).click();
  await bob.waitForURL('**/u/1/mail/archive');
  await bob.goto(`${server.origin}/u/1/mail/inbox`);
  await alice.reload();
  await eachSeesTheOwn();
});

test('without a network each starts with the own mail', async () => {
  for (const [page, who] of [[alice, ALICE], [bob, BOB]] as const) {
    await eventually(async () => (await waiting(page, who)) === 0, `nothing of ${who} waits`);
    await eventually(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).every(({ active }) => active?.state === 'activated')), 'service workers run');
  }
  assert.deepEqual(await bob.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname).sort()), ['/', '/u/1/']);
  await context.setOffline(true);
  await Promise.all([alice.reload(), bob.reload()]);
  await eachSeesTheOwn();
  // Mail that was seen can be read: its frame is a page of the seat, too.
  await mailOf(bob, BOB).click();
  await bob.frameLocator('.message-frame').getByText('reader').waitFor();
  await bob.goBack();
});

test('one signs out, and leaves the other as she was: her mail, her changes and her draft, which were not at the server', async () => {
  await mailOf(alice, ALICE).hover();
  await write(alice, 'carol@example.net', 'Not yet sent');
  await eventually(async () => ((await waiting(alice, ALICE)) ?? 0) > 0, 'the draft waits');
  await eventually(() => keptHere(alice, 'Not yet sent'), 'it is kept with its subject');
  await alice.close();
  await context.setOffline(false);
  // It is bob's program that hears of the network, and it sends nothing of hers.
  await bob.reload();
  await mailOf(bob, BOB).waitFor();
  await eventually(async () => (await waiting(bob, BOB)) === 0, 'nothing of bob waits');
  assert.ok((await waiting(bob, ALICE))! > 0);
  assert.deepEqual(await found(ALICE, 'Not yet sent'), []);
  // A third one was here once: her session has ended, and her mail has stayed.
  await bob.evaluate(async () => {
    const opening = indexedDB.open('postrider carol@example.test', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('rows').put('mail', 'M1');
    await new Promise((resolve) => (opening.onsuccess = resolve));
    opening.result.close();
  });
  // The page of the account leaves it to the webmail, which knows what to take away.
  await bob.goto(`${server.origin}/u/1/account`);
  await bob.getByRole('button', { name: 'Sign out' }).click();
  await bob.waitForURL((url) => url.pathname === '/mail/inbox');
  await mailOf(bob, ALICE).waitFor();
  alice = bob;
  await eventually(async () => (await found(ALICE, 'Not yet sent')).length === 1, 'her draft is at the server');
  const left = await alice.evaluate(async () => ({ databases: (await indexedDB.databases()).map(({ name }) => name!), caches: await caches.keys(), local: Object.keys(localStorage), scopes: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => new URL(scope).pathname) }));
  assert.ok(left.databases.includes(`postrider ${ALICE}`));
  assert.deepEqual([left.databases.filter((name) => name.includes(BOB) || name.includes('carol')), left.caches.filter((name) => name.endsWith('-1')), left.local.filter((name) => name.startsWith('postrider.1.')), left.scopes], [[], [], [], ['/']]);
  assert.deepEqual(await alice.evaluate(async () => (await (await fetch('/auth/seats')).json()) as unknown), { seats: 5, taken: [0] });
});

test('one who keeps nothing this time signs out, and what was kept before goes', async () => {
  const before = await open('/u/1/?sign-in');
  await signIn(before, ADMIN);
  await mailOf(before, ADMIN).waitFor();
  await eventually(async () => (await waiting(before, ADMIN)) === 0, 'the mail is kept');
  await before.close();
  const again = await context.newPage();
  await again.addInitScript(() => Reflect.deleteProperty(globalThis, 'Worker'));
  await again.goto(`${server.origin}/u/1/mail/inbox`);
  await mailOf(again, ADMIN).waitFor();
  await choose(again, ADMIN, 'Sign out');
  await again.waitForURL((url) => url.pathname === '/mail/inbox');
  assert.deepEqual([await waiting(again, ADMIN), (await waiting(again, ALICE)) !== undefined], [undefined, true]);
  await again.close();
  // A page of an older version, which knows of no seats, signs out by the worker of this one.
  const older = await open('/u/1/?sign-in');
  await signIn(older, ADMIN);
  await mailOf(older, ADMIN).waitFor();
  await older.evaluate(() => new BroadcastChannel('postrider-layer-1').postMessage({ kind: 'ask', tab: 'of an older page', id: 1, again: false, question: { kind: 'sign-out' } }));
  await older.waitForURL((url) => url.pathname === '/mail/inbox');
  assert.deepEqual([await waiting(older, ADMIN), (await waiting(older, ALICE)) !== undefined], [undefined, true]);
  await older.close();
});

test('whose session has ended while no page was open is not noted any more', async () => {
  await alice.evaluate(() => localStorage.setItem('postrider.3.person', 'carol@example.test'));
  const page = await open('/u/3/mail/inbox');
  await page.waitForURL(/\/u\/3\/\?sign-in/);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith('postrider.3.'))), []);
  await page.close();
});

test('whoever signs in twice is led to the first seat, and leaves nothing in the other one', async () => {
  const again = await open('/u/2/?sign-in');
  // What was kept here on another day.
  const keep = () => again.evaluate(async () => Promise.all(['blobs-2', 'notifications-2'].map((name) => caches.open(name))));
  const isLed = async () => {
    await again.waitForURL((url) => url.pathname === '/mail/inbox', { timeout: PATIENCE_MS });
    await mailOf(again, ALICE).waitFor();
    assert.deepEqual(await again.evaluate(async () => (await (await fetch('/auth/seats')).json()) as unknown), { seats: 5, taken: [0] });
    assert.deepEqual(await again.evaluate(async () => (await caches.keys()).filter((name) => name.endsWith('-2'))), []);
  };
  await keep();
  await signIn(again, ALICE);
  await isLed();
  // The other way: her session went on here, and her mail is shown at once.
  await keep();
  await again.evaluate(
    async ([username, password]) => {
      await fetch('/u/2/auth/login', { method: 'POST', body: new URLSearchParams({ username: username!, password: password! }) });
      const opening = indexedDB.open('postrider');
      await new Promise((resolve) => (opening.onsuccess = resolve));
      const writing = opening.result.transaction('about', 'readwrite');
      writing.objectStore('about').put(username, 'user-2');
      await new Promise((resolve) => (writing.oncomplete = resolve));
      opening.result.close();
    },
    [ALICE, server.passwords[ALICE]!],
  );
  await again.goto(`${server.origin}/u/2/mail/inbox`);
  await isLed();
  await choose(again, ALICE, 'Sign out');
  await again.waitForURL(/\/\?sign-in$/);
  await alice.waitForURL(/\/\?sign-in$/);
  await eventually(() => again.evaluate(async () => (await indexedDB.databases()).length === 0), 'the databases are gone');
  assert.deepEqual(await again.evaluate(async () => [(await indexedDB.databases()).length, await caches.keys(), { ...localStorage }]), [0, [], {}]);
});

test('nothing was reported as an error', () => assert.deepEqual(errors, []));
