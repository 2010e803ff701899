/** Deleted mail comes back: some of it, all of it, what lay there on a day, and what was in a folder that is gone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { allThere, demo, holdNotices, launch, type Server, signedIn } from './server.ts';

let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };

const message = (i: number): string =>
  `From: Anna <anna@example.net>\nTo: alice@example.test\nSubject: Number ${i}\nDate: Mon, 1 Jan 2024 10:00:00 +0000\nMessage-ID: <deleted-${i}@example.net>\n\nText ${i}\n`;

const rows = (): Promise<string[]> => page.locator('.deleted-row strong').allInnerTexts();

/** Deletes for ever what has these subjects; another program has done it. */
async function destroy(subjects: string[]): Promise<void> {
  await page.evaluate(async (wanted) => {
    const session = (await (await fetch('/jmap/session')).json()) as { apiUrl: string; capabilities: object; primaryAccounts: Record<string, string> };
    const accountId = session.primaryAccounts['urn:ietf:params:jmap:mail'];
    const ask = async (name: string, args: object): Promise<any> => {
      const body = JSON.stringify({ using: Object.keys(session.capabilities), methodCalls: [[name, { accountId, ...args }, '0']] });
      return (await (await fetch(session.apiUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json()).methodResponses[0][1];
    };
    const { ids } = await ask('Email/query', {});
    const { list } = await ask('Email/get', { ids, properties: ['subject'] });
    await ask('Email/set', { destroy: list.filter((one: { subject: string }) => wanted.includes(one.subject)).map((one: { id: string }) => one.id) });
  }, subjects);
}

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  for (let i = 1; i <= 5; i++) server.deliver('alice@example.test', message(i));
  page = await signedIn(browser, server);
  await page.getByText('Number 5', { exact: true }).waitFor();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('one of the deleted messages comes back, and goes again by undo', async () => {
  await destroy(['Number 1', 'Number 2', 'Number 3']);
  await page.goto(`${server.origin}/settings/deleted`);
  await page.getByText('Deleted messages: 3').waitFor();
  await page.locator('.deleted-row', { hasText: 'Number 2' }).getByRole('checkbox').check();
  await holdNotices(page);
  await page.getByRole('button', { name: 'Bring back the chosen ones (1)' }).click();
  await page.getByText('Messages brought back: 1').waitFor();
  await page.getByText('Deleted messages: 2').waitFor();
  assert.deepEqual((await rows()).sort(), ['Number 1', 'Number 3']);
  // What is undone is what the page has heard of: three are unread again.
  await page.waitForFunction(() => document.title.startsWith('(3)'));
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Deleted messages: 3').waitFor();
});

test('the folder’s menu leads to what was deleted in it; all of a day come back', async () => {
  await page.goto(`${server.origin}/mail/inbox`);
  await allThere(page);
  await page.locator('[role=treeitem]', { hasText: 'Inbox' }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Bring back deleted mail' }).click();
  await page.waitForURL(/\/settings\/deleted\/M/);
  await page.getByText('Deleted messages: 3').waitFor();
  const today = await page.evaluate(() => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10));
  // Tomorrow's midnight has not come: nothing was deleted behind it.
  await page.getByLabel('What was here on').fill(today);
  await page.getByText(/still here: 2\. Deleted since then: 0\./).waitFor();
  await page.getByRole('button', { name: 'Any day' }).click();
  await page.getByRole('button', { name: 'Bring back all (3)' }).click();
  await page.getByText('Messages brought back: 3').waitFor();
  await page.getByText('Nothing that was deleted is kept here.').waitFor();
  await page.goto(`${server.origin}/mail/inbox`);
  for (let i = 1; i <= 5; i++) await page.getByText(`Number ${i}`, { exact: true }).waitFor();
});

test('mail of a folder that was removed comes back with its folder', async () => {
  server.run('mailbox', 'create', 'alice@example.test', 'Old/Things');
  server.deliver('alice@example.test', message(6), 'Old/Things');
  server.run('mailbox', 'remove', 'alice@example.test', 'Old/Things');
  await page.goto(`${server.origin}/settings/deleted`);
  const folder = page.getByLabel('Folder', { exact: true });
  await folder.locator('optgroup option').waitFor({ state: 'attached' });
  await folder.selectOption({ label: 'Old / Things' });
  await page.getByRole('button', { name: 'Bring back all (1)' }).click();
  await page.getByText('Messages brought back: 1').waitFor();
  assert.match(server.run('mailbox', 'list', 'alice@example.test'), /Old\/Things/);
});

test('nothing was reported as an error', () => assert.deepEqual(page.errors, []));
