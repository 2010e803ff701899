/** The layer in a browser: what is kept, what two tabs do, what is left without a network and after signing out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { PATIENCE_MS, demo, eventually, launch, type Server, signedIn } from './server.ts';

const ALICE = 'alice@example.test';
const ADMIN = 'admin@example.test';
/** Longer than a leader may be silent: LEADER_ANSWERS_WITHIN_MS of worker.ts, twice. */
const FROZEN_MS = 14_000;

let server: Server;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  for (let at = 1; at <= 3; at++) server.deliver(ALICE, `From: Bob <bob@example.net>\r\nTo: ${ALICE}\r\nSubject: Kept ${at}\r\nMessage-ID: <kept${at}@example.net>\r\nDate: Mon, 0${at} Jun 2026 10:00:00 +0000\r\n\r\nText ${at}\r\n`);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** What the store of the browser says of its account: how many rows, and whether all is here. */
async function kept(page: Page): Promise<{ complete: boolean; rows: number; bodies: number; log: number }> {
  return page.evaluate(async () => {
    const name = (await indexedDB.databases()).find((one) => one.name!.startsWith('postrider '))?.name;
    if (!name) return { complete: false, rows: 0, bodies: 0, log: 0 };
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const all = (table: string): Promise<any[]> =>
      new Promise((resolve) => {
        const asking = db.transaction(table).objectStore(table).getAll();
        asking.onsuccess = () => resolve(asking.result);
      });
    const about = await all('about');
    const rows = (await all('rows')).reduce((sum, piece) => sum + piece.ids.split(' ').length, 0);
    const log = (await all('log')).length;
    const bodies = (await all('bodies')).length;
    db.close();
    return { complete: about.some((one) => one?.complete === true), rows, bodies, log };
  });
}

test('mail is kept, and a second tab has it by the first', async () => {
  const page = await signedIn(browser, server);
  await eventually(async () => (await kept(page)).complete, 'all mail is kept');
  const there = await kept(page);
  assert.ok(there.rows >= 3);
  const second = Object.assign(await page.context().newPage(), { errors: [] as string[] });
  second.on('pageerror', (error) => second.errors.push(String(error)));
  await second.goto(`${server.origin}/mail/inbox`);
  await second.getByText('Drafts').first().waitFor();
  const locks = await second.evaluate(async () => (await navigator.locks.query()).held!.filter((lock) => lock.name === 'postrider-layer').length);
  assert.equal(locks, 1);
  // The first tab goes: the second leads, and goes on.
  await page.close();
  await eventually(async () => second.evaluate(async () => (await navigator.locks.query()).held!.some((lock) => lock.name === 'postrider-layer')), 'the second tab leads');
  await second.reload();
  await second.getByText('Drafts').first().waitFor();
  assert.deepEqual([...page.errors, ...second.errors], []);
  await second.context().close();
});

/** What the browser keeps for the first screen of the next start. */
async function firstScreen(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const name = (await indexedDB.databases()).find((one) => one.name!.startsWith('postrider '))!.name!;
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const asking = db.transaction('answers').objectStore('answers').get('first screen');
    await new Promise((resolve) => (asking.onsuccess = resolve));
    db.close();
    return JSON.stringify(asking.result ?? '');
  });
}

test('the first screen needs no layer, follows it when it has come, and is nothing to whoever has just signed in', async () => {
  const page = await signedIn(browser, server);
  await page.getByText('Kept 3').first().waitFor();
  await eventually(async () => (await firstScreen(page)).includes('Kept 3'), 'the first screen is kept');
  await page.addInitScript(() => {
    const { Worker } = globalThis;
    const begun: (() => void)[] = [];
    // A worker that begins when the test says so.
    const late = function (this: object, ...args: ConstructorParameters<typeof Worker>): object {
      const face: Record<string, unknown> = { postMessage: (data: unknown) => (face['worker'] ? (face['worker'] as Worker).postMessage(data) : begun.push(() => (face['worker'] as Worker).postMessage(data))), terminate: () => undefined };
      begun.unshift(() => {
        const worker = (face['worker'] = new Worker(...args));
        worker.onmessage = (event) => (face['onmessage'] as (event: MessageEvent) => void)(event);
      });
      return face;
    };
    Object.assign(globalThis, { Worker: late, begin: () => begun.splice(0).forEach((run) => run()) });
  });
  await page.reload();
  await page.getByRole('row', { name: /Kept 3/ }).waitFor();
  assert.ok((await page.getByRole('treeitem', { name: /Inbox/ }).count()) > 0);
  server.deliver(ALICE, `From: Bob <bob@example.net>\r\nTo: ${ALICE}\r\nSubject: Since then\r\nMessage-ID: <since@example.net>\r\nDate: Mon, 04 Jun 2026 10:00:00 +0000\r\n\r\nText\r\n`);
  await page.evaluate(() => (globalThis as unknown as { begin(): void }).begin());
  await page.getByRole('row', { name: /Since then/ }).waitFor();
  assert.deepEqual(page.errors, []);
  await page.evaluate(() => localStorage.setItem('postrider.signing-in', 'now'));
  await page.reload();
  await page.waitForFunction(() => 'begin' in globalThis && document.readyState === 'complete');
  assert.equal(await page.locator('.frame').count(), 0);
  await page.evaluate(() => (globalThis as unknown as { begin(): void }).begin());
  await page.getByRole('row', { name: /Since then/ }).waitFor();
  await page.context().close();
  const { ids } = await server.ask(ALICE, 'Email/query', { filter: { subject: 'Since then' } });
  await server.ask(ALICE, 'Email/set', { destroy: ids });
});

test('without a network the program starts, shows mail, and what is done reaches the server later', async () => {
  const page = await signedIn(browser, server);
  await page.getByText('Kept 3').first().waitFor();
  await eventually(async () => (await kept(page)).complete, 'all mail is kept');
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.context().setOffline(true);
  await page.reload();
  const row = page.getByText('Kept 2').first();
  await row.waitFor();
  await row.click();
  await page.keyboard.press('e');
  await page.getByText('Kept 2').first().waitFor({ state: 'hidden' });
  await eventually(async () => (await kept(page)).log > 0, 'the change waits');
  await page.reload();
  await page.getByText('Kept 3').first().waitFor();
  assert.equal(await page.getByText('Kept 2').count(), 0);
  // What is here can be searched, and what cannot be known here is said.
  await page.keyboard.press('/');
  await page.keyboard.type('text');
  await page.keyboard.press('Enter');
  await page.getByText('Kept 3').first().waitFor();
  await page.getByText('Without a network, people').waitFor();
  await page.goto(`${server.origin}/search/bcc:carol`);
  await page.getByText('This cannot be searched without a network.').waitFor();
  await page.context().setOffline(false);
  await eventually(async () => (await kept(page)).log === 0, 'the change has reached the server');
  const archive = (JSON.parse(server.run('mailbox', 'list', ALICE, '--json')) as { role: string; messages: number }[]).find(({ role }) => role === 'archive');
  assert.equal(archive?.messages, 1);
  await page.context().close();
});

test('without a network a word is found in the text of a mail that is kept', async () => {
  // Far behind what lists show of a text.
  server.deliver(ALICE, `From: Bob <bob@example.net>\r\nTo: ${ALICE}\r\nSubject: Long one\r\nMessage-ID: <long@example.net>\r\n\r\n${'filling\r\n'.repeat(200)}persimmon\r\n`);
  const page = await signedIn(browser, server);
  await page.getByRole('row', { name: /Long one/ }).click();
  await page.getByText(/persimmon/).waitFor();
  await eventually(async () => ((now) => now.complete && now.bodies > 0)(await kept(page)), 'all mail is kept');
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.context().setOffline(true);
  await page.goto(`${server.origin}/mail/inbox`);
  await page.getByRole('row', { name: /Kept 3/ }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('persimmon');
  await page.keyboard.press('Enter');
  await page.getByText('Without a network, people').waitFor();
  await page.getByRole('row', { name: /Long one/ }).waitFor();
  assert.equal(await page.getByRole('row', { name: /Kept 3/ }).count(), 0);
  await page.context().setOffline(false);
  await page.context().close();
  const { ids } = await server.ask(ALICE, 'Email/query', { filter: { subject: 'Long one' } });
  await server.ask(ALICE, 'Email/set', { destroy: ids });
});

test('a tab that freezes while it leads gives way to another, and goes on as one of the others', async () => {
  const first = await signedIn(browser, server);
  await first.getByText('Kept 1').first().waitFor();
  await eventually(async () => (await kept(first)).complete, 'all mail is kept');
  const second = Object.assign(await first.context().newPage(), { errors: [] as string[] });
  second.on('pageerror', (error) => second.errors.push(String(error)));
  await second.goto(`${server.origin}/mail/inbox`);
  await second.getByText('Kept 1').first().waitFor();
  const worker = first.workers().find((one) => one.url().includes('/assets/layer'))!;
  const frozen = worker.evaluate((ms) => {
    for (const until = Date.now() + ms; Date.now() < until; );
  }, FROZEN_MS);
  const archived = (): number => (JSON.parse(server.run('mailbox', 'list', ALICE, '--json')) as { role: string; messages: number }[]).find(({ role }) => role === 'archive')!.messages;
  const before = archived();
  await second.getByText('Kept 1').first().click();
  await second.keyboard.press('e');
  await second.getByText('Kept 1').first().waitFor({ state: 'hidden' });
  await eventually(async () => archived() === before + 1, 'the second tab leads, and the mail is archived');
  await frozen;
  // The first one shows what the second did, and does more.
  await first.getByText('Kept 1').first().waitFor({ state: 'hidden' });
  await first.getByText('Kept 3').first().click();
  await first.keyboard.press('e');
  await second.getByText('Kept 3').first().waitFor({ state: 'hidden' });
  await eventually(async () => archived() === before + 2, 'what the first tab did is at the server, once');
  await eventually(async () => (await kept(second)).log === 0, 'nothing waits');
  assert.deepEqual([...first.errors, ...second.errors], []);
  await first.context().close();
});

async function signIn(page: Page, who: string): Promise<void> {
  await page.fill('[name=username]', who);
  await page.fill('[name=password]', server.passwords[who]!);
  await page.click('form[action="/auth/login"] button');
}

test('whoever signs in beside another person sees the own mail, and ends what the other one had open', async () => {
  for (const [at, who] of [ALICE, ADMIN].entries()) server.deliver(who, `From: Bob <bob@example.net>\r\nTo: ${who}\r\nSubject: For ${who}\r\nMessage-ID: <own${at}@example.net>\r\nDate: Mon, 01 Jun 2026 10:00:00 +0000\r\n\r\nText\r\n`);
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const [first, second] = [await context.newPage(), await context.newPage()];
  // Both show the form before anybody has signed in, as after a session that has ended.
  for (const page of [first, second]) await page.goto(`${server.origin}/`);
  await signIn(first, ALICE);
  await first.getByText(`For ${ALICE}`).first().waitFor();
  await eventually(async () => (await kept(first)).complete, 'all mail is kept');
  await signIn(second, ADMIN);
  await second.getByText(/^For a/).first().waitFor();
  assert.equal(await second.getByText(`For ${ALICE}`).count(), 0);
  await first.waitForURL(/sign-in/);
  await signIn(first, ALICE);
  await first.getByText(/^For a/).first().waitFor();
  assert.equal(await first.getByText(`For ${ADMIN}`).count(), 0);
  await second.waitForURL(/sign-in/);
  assert.equal(await first.evaluate(() => localStorage.getItem('postrider.signing-in')), null);
  await context.close();
});

async function signOut(page: Page): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('sign out');
  await page.keyboard.press('Enter');
}

const left = (page: Page) =>
  page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name!),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    local: { ...localStorage },
  }));
const NOTHING = { databases: [], caches: [], workers: 0, local: {} };

test('what waits of one person outlasts the sign-out of another, and is sent at the next sign-in', async () => {
  const page = await signedIn(browser, server);
  await page.getByText(`For ${ALICE}`).first().waitFor();
  await eventually(async () => (await kept(page)).complete, 'all mail is kept');
  await page.context().setOffline(true);
  await page.getByText(`For ${ALICE}`).first().click();
  await page.keyboard.press('e');
  await eventually(async () => (await kept(page)).log > 0, 'the change waits');
  // The session ends elsewhere.
  assert.ok((await page.request.post(`${server.origin}/auth/logout`, { data: {}, headers: { origin: server.origin } })).ok());
  await page.context().setOffline(false);
  await page.waitForURL(/sign-in/);
  await signIn(page, ADMIN);
  await page.getByText(`For ${ADMIN}`).first().waitFor();
  // A browser whose worker fails on a day has mail of another one all the same.
  await eventually(async () => (await left(page)).databases.includes(`postrider ${ADMIN}`), 'mail of the admin is kept');
  await page.addInitScript('if (location.pathname !== "/") delete globalThis.Worker');
  await page.reload();
  await page.getByText(`For ${ADMIN}`).first().waitFor();
  await signOut(page);
  await page.waitForURL(/sign-in/);
  await eventually(async () => (await left(page)).databases.length === 1, 'the databases are gone');
  assert.deepEqual(await left(page), { ...NOTHING, databases: [`postrider ${ALICE}`] });
  const { rows, log } = await kept(page);
  assert.deepEqual([rows, log > 0], [0, true]);
  const next = await page.context().newPage();
  await page.close();
  await next.goto(`${server.origin}/`);
  await signIn(next, ALICE);
  await eventually(async () => (await kept(next)).complete && (await kept(next)).log === 0, 'what waited is at the server');
  const archived = JSON.parse(server.run('mailbox', 'list', ALICE, '--json')) as { role: string; messages: number }[];
  assert.equal(archived.find(({ role }) => role === 'inbox')!.messages, 0);
  // A page of an older version signs out: it asks whoever leads, and says of nobody who is signed in beside.
  await next.evaluate(() => new BroadcastChannel('postrider-layer').postMessage({ kind: 'ask', tab: 'of an older page', id: 1, again: false, question: { kind: 'sign-out' } }));
  await next.waitForURL(/sign-in/);
  await eventually(async () => (await left(next)).databases.length === 0, 'the databases are gone');
  await next.context().close();
});

test('without a network signing out is refused and changes nothing; with one, nothing is left', async () => {
  const page = await signedIn(browser, server);
  await eventually(async () => (await kept(page)).complete, 'all mail is kept');
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  const before = await left(page);
  await page.context().setOffline(true);
  await signOut(page);
  await page.getByText('You are still signed in').first().waitFor();
  // Parts of the program that came late may have kept more: nothing goes.
  const after = await left(page);
  const gone = (which: 'databases' | 'caches'): string[] => before[which].filter((name) => !after[which].includes(name));
  assert.deepEqual([gone('databases'), gone('caches'), after.workers, Object.keys(before.local).filter((name) => !(name in after.local))], [[], [], before.workers, []]);
  await page.context().setOffline(false);
  await signOut(page);
  await page.waitForURL(/sign-in/);
  await eventually(async () => (await left(page)).databases.length === 0, 'the databases are gone');
  assert.deepEqual(await left(page), NOTHING);
  await page.goto(`${server.origin}/mail/inbox`);
  await page.waitForURL(/sign-in/);
  await page.context().close();
});
