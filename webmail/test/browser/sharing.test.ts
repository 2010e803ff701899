/** A folder is shared by its menu, with rights in words, and taken back; the other one sees it, and hides it from mail programs. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { allThere, demo, eventually, holdNotices, launch, type Server, signedIn } from './server.ts';

let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  page = await signedIn(browser, server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function openDialogue(): Promise<void> {
  await allThere(page);
  await page.locator('[role=treeitem]', { hasText: 'Archive' }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Share', exact: true }).click();
  await page.getByRole('heading', { name: 'Share Archive' }).waitFor();
}

const shares = (): string => server.run('mailbox', 'shares', 'alice@example.test');

test('a folder is shared with somebody who is found by name, with more rights, and taken back by undo', async () => {
  await openDialogue();
  await page.getByText('It is shared with nobody.').waitFor();
  await page.getByLabel('Share with').fill('bob');
  await page.getByRole('button', { name: 'bob@example.test' }).click();
  const rights = page.getByLabel('What bob@example.test may do');
  await rights.waitFor();
  assert.equal(await rights.inputValue(), 'read');
  await rights.selectOption('work');
  await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('.sharing-row select')?.value === 'work');
  await page.getByRole('button', { name: 'Done' }).click();
  const bob = await signedIn(browser, server, 'bob@example.test');
  await bob.getByRole('heading', { name: /Shared by alice/ }).waitFor();
  const shared = bob.getByRole('tree', { name: /Shared by alice/ }).getByRole('treeitem').first();
  assert.match(shares(), /Archive.*bob@example\.test/);
  await allThere(bob);
  await shared.click({ button: 'right' });
  await bob.getByRole('menuitem', { name: 'Show it in mail programs, too' }).click();
  await bob.getByText(/^Mail programs show .* now\.$/).waitFor();
  assert.deepEqual(bob.errors, []);
  await bob.context().close();
  await openDialogue();
  await holdNotices(page);
  await page.getByRole('button', { name: 'Take it back from bob@example.test' }).click();
  await page.getByText('It is shared with nobody.').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('Archive is not shared with bob@example.test any more.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await openDialogue();
  await page.getByLabel('What bob@example.test may do').waitFor();
});

const ALICE = 'alice@example.test';
const BOB = 'bob@example.test';
const mailTo = (to: string, subject: string): string => `From: Carol <carol@example.net>\nTo: ${to}\nSubject: ${subject}\nDate: Mon, 01 Jan 2024 00:00:00 +0000\nMessage-ID: <${subject.replaceAll(' ', '-')}@example.net>\n\n${subject}\n`;
const inboxOf = (who: string): number => (JSON.parse(server.run('mailbox', 'list', who, '--json')) as { path: string; messages: number }[]).find(({ path }) => path === 'INBOX')!.messages;

test('all inboxes are one list by date; each row names its account, and what is done is done in it, with one undo', async () => {
  for (const folder of ['INBOX', 'Archive']) {
    server.run('mailbox', 'share', BOB, folder, ALICE, 'write');
    server.run('mailbox', 'accept', ALICE, BOB, folder);
  }
  server.deliver(ALICE, mailTo(ALICE, 'First for Alice'));
  server.deliver(BOB, mailTo(BOB, 'Second for Bob'));
  server.deliver(ALICE, mailTo(ALICE, 'Third for Alice'));
  await page.goto(`${server.origin}/mail/inbox`);
  await page.getByRole('link', { name: /^All inboxes/ }).click();
  await page.waitForURL('**/mail/all');
  const rows = page.getByRole('row', { name: / for (Alice|Bob)/ });
  await rows.nth(2).waitFor();
  assert.deepEqual(await rows.evaluateAll((all) => all.map((row) => row.querySelector('.row-title')?.textContent)), ['Third for Alice', 'Second for Bob', 'First for Alice']);
  assert.deepEqual(await rows.locator('.row-folder').allTextContents(), [ALICE, BOB, ALICE]);
  assert.match((await rows.nth(1).getAttribute('aria-label'))!, /bob@example\.test$/);
  if (process.env['SCREENS']) await pictures('all-inboxes');
  await axeFindsNothing();
  const before = [inboxOf(ALICE), inboxOf(BOB)];
  await holdNotices(page);
  await rows.nth(0).locator('[data-act=check]').click();
  await rows.nth(1).locator('[data-act=check]').click();
  await page.keyboard.press('e');
  await page.getByRole('row', { name: /Second for Bob/ }).waitFor({ state: 'detached' });
  await eventually(() => inboxOf(ALICE) === before[0]! - 1 && inboxOf(BOB) === before[1]! - 1, 'each is archived in its own account');
  await page.getByText('2 conversations archived.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await rows.nth(2).waitFor();
  await eventually(() => inboxOf(ALICE) === before[0]! && inboxOf(BOB) === before[1]!, 'both are back');
  // It is opened in the list, and answered from where it was written to.
  await rows.nth(1).click();
  await page.waitForURL(/\/mail\/all\/T/);
  await page.locator('.conversation').getByText('Second for Bob').first().waitFor();
  await page.reload();
  await page.locator('.conversation').getByText('Second for Bob').first().waitFor();
  // What comes is put in at its place.
  server.deliver(BOB, mailTo(BOB, 'Fourth for Bob'));
  await page.getByRole('row', { name: /Fourth for Bob/ }).waitFor();
  assert.equal(await rows.nth(0).locator('.row-title').textContent(), 'Fourth for Bob');
});

test('a search finds mail of all accounts, of others by their folder alone, and brackets hold words together', async () => {
  await page.goto(`${server.origin}/search/${encodeURIComponent('subject:(for {Alice Bob})')}`);
  const rows = page.getByRole('row', { name: / for (Alice|Bob)/ });
  await rows.nth(3).waitFor();
  assert.deepEqual(await rows.locator('.row-title').allTextContents(), ['Fourth for Bob', 'Third for Alice', 'Second for Bob', 'First for Alice']);
  // A row of one's own says its folder; that of another says whose it is, too.
  assert.deepEqual(await rows.nth(0).locator('.row-folder').allTextContents(), [BOB, 'Inbox']);
  assert.deepEqual(await rows.nth(1).locator('.row-folder').allTextContents(), ['Inbox']);
  if (process.env['SCREENS']) await pictures('search-all');
  await axeFindsNothing();
  await page.goto(`${server.origin}/search/${encodeURIComponent('to:me subject:second')}`);
  await page.getByText('Nothing was found.').waitFor();
  await page.goto(`${server.origin}/search/${encodeURIComponent('to:me {deliveredto:nobody@example.net subject:third}')}`);
  await page.getByRole('row', { name: /Third for Alice/ }).waitFor();
  assert.equal(await rows.count(), 1);
});

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function axeFindsNothing(): Promise<void> {
  await page.evaluate(axe);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(async () => {
      const run = (globalThis as unknown as { axe: { run(where: unknown, how: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }).axe;
      const { violations } = await run.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], iframes: false });
      return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
    });
    assert.deepEqual(found, []);
  }
}

/** SCREENS: a folder for pictures to look at. */
async function pictures(name: string): Promise<void> {
  const folder = process.env['SCREENS']!;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 780 });
  await page.screenshot({ path: `${folder}/${name}-phone.png` });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  await page.screenshot({ path: `${folder}/${name}-rtl.png` });
  await page.evaluate(() => (document.documentElement.dir = 'ltr'));
}

test('nothing was reported as an error', () => assert.deepEqual(page.errors, []));
