/** Folders and the list in a browser, by keys and by mouse, against a server of their own. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { demo, eventually, holdNotices, launch, sequence, type Server, signedIn } from './server.ts';

const COUNT = 60;
let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };

/** Each message is a conversation; number 59 is the newest. */
function mbox(): string {
  return Array.from({ length: COUNT }, (_, i) => {
    const date = new Date(Date.UTC(2024, 0, 1, 0, i));
    return `From x@example.net ${date.toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1 $3 $2 $5 $4')}\nFrom: Anna <anna@example.net>\nTo: alice@example.test\nSubject: Message ${i}\nDate: ${date.toUTCString()}\nMessage-ID: <${i}@example.net>\n\nText ${i}\n\n`;
  }).join('');
}

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  fs.writeFileSync(path.join(server.folder, 'INBOX'), mbox());
  server.run('mailbox', 'import', 'alice@example.test', path.join(server.folder, 'INBOX'));
  page = await signedIn(browser, server);
  await row(59).waitFor();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const row = (i: number) => page.locator('[role=row]', { has: page.getByText(`Message ${i}`, { exact: true }) });
const toast = (words: string) => page.locator('.toast', { hasText: words });
const gone = (i: number) => row(i).waitFor({ state: 'detached' });

/** What IMAP and the command line see. */
function counts(): Record<string, number> {
  const list = JSON.parse(server.run('mailbox', 'list', 'alice@example.test', '--json')) as { path: string; messages: number }[];
  return Object.fromEntries(list.map((one) => [one.path, one.messages]));
}

async function serverHas(mailbox: string, count: number): Promise<void> {
  await eventually(() => counts()[mailbox] === count, () => `${mailbox} has ${count} messages; it has ${counts()[mailbox]}`);
}

test('keys move, archive and undo, and the focus goes to the row below', async () => {
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.equal(await row(58).getAttribute('data-focused'), 'true');
  await page.keyboard.press('e');
  await gone(58);
  assert.equal(await row(57).getAttribute('data-focused'), 'true');
  await toast('archived').waitFor();
  await serverHas('Archive', 1);
  await page.keyboard.press('z');
  await row(58).waitFor();
  await serverHas('Archive', 0);
  // The focus stays in the list when one is opened: whoever does not see the screen is told.
  await page.keyboard.press('Enter');
  await page.locator('[data-spoken]', { hasText: /^Opened: Message \d+$/ }).waitFor();
  await page.keyboard.press('u');
  await page.waitForURL(/\/mail\/inbox$/);
});

test('a range is selected and deleted, and comes back by the button of the toast', async () => {
  await page.keyboard.press('Home');
  await page.keyboard.press('x');
  await page.keyboard.press('Shift+J');
  await page.keyboard.press('Shift+J');
  await page.getByText('3 selected').waitFor();
  await holdNotices(page);
  await page.keyboard.press('#');
  await gone(57);
  await serverHas('Trash', 3);
  await page.locator('.toast').getByText('Undo').click();
  await row(59).waitFor();
  await serverHas('Trash', 0);
});

test('the mouse selects ranges, stars a row, and opens a menu', async () => {
  await row(55).locator('[data-act=check]').click();
  await row(52).click({ modifiers: ['Shift'] });
  await page.getByText('4 selected').waitFor();
  await page.keyboard.press('Escape');
  await row(50).hover();
  await row(50).locator('[data-act=star]').click();
  await toast('starred').waitFor();
  assert.match((await row(50).getAttribute('aria-label')) ?? '', /^unread, starred, Anna, Message 50, /);
  await row(51).click({ button: 'right' });
  for (const name of ['Filter messages like this', 'Block the sender', 'Save the message', 'Show original']) await page.getByRole('menuitem', { name }).waitFor();
  await page.getByRole('menuitem', { name: 'Archive' }).click();
  await gone(51);
  await page.keyboard.press('Control+z');
  await row(51).waitFor();
});

test('the menu of a row that is not open shows its original', async () => {
  await row(54).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Show original' }).click();
  await page.getByRole('dialog').getByText('Message-ID: <54@example.net>').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('[data-list]').focus();
});

test('a folder is made, gets mail by drag, is renamed, and goes to the trash and back', async () => {
  // By the keyboard: Space belongs to the button, and selects no row.
  await page.getByRole('button', { name: 'New folder' }).focus();
  await page.keyboard.press('Space');
  await page.getByRole('textbox', { name: 'Name' }).fill('Projects');
  await page.keyboard.press('Enter');
  const folder = page.getByRole('treeitem', { name: /^Projects/ });
  await folder.waitFor();
  await row(49).dragTo(folder);
  await gone(49);
  await serverHas('Projects', 1);
  await folder.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Work');
  await page.keyboard.press('Enter');
  const renamed = page.getByRole('treeitem', { name: /^Work/ });
  await renamed.waitFor();
  await serverHas('Work', 1);
  await renamed.click();
  await row(49).waitFor();
  assert.match(page.url(), /\/mail\/M/);
  await renamed.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
  await serverHas('Trash/Work', 1);
  await page.keyboard.press('z');
  await serverHas('Work', 1);
  await sequence(page, 'g', 'i');
  await row(59).waitFor();
});

test('all of a folder is archived and comes back, more than was ever loaded', async () => {
  const total = counts()['INBOX']!;
  await page.keyboard.press('Control+a');
  await page.getByText(`${total} selected`).waitFor();
  await page.keyboard.press('e');
  await page.getByText('Your inbox is empty.').waitFor();
  await toast('archived').waitFor();
  await serverHas('INBOX', 0);
  await page.keyboard.press('z');
  await row(59).waitFor();
  await serverHas('INBOX', total);
});

test('a label gets mail by drag, is seen and taken off in the conversation, is renamed, deleted, and comes back', async () => {
  await page.getByRole('button', { name: 'New label' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Wrok plän');
  await page.keyboard.press('Enter');
  const label = page.getByRole('link', { name: 'Wrok plän' });
  await row(57).dragTo(label);
  await toast('Label Wrok plän added').waitFor();
  await row(57).locator('.label-chip', { hasText: 'Wrok plän' }).waitFor();
  await row(57).click();
  const chip = page.locator('.conversation .label-chip');
  assert.equal(await chip.textContent(), 'Wrok plän');
  await page.getByRole('button', { name: 'Take the label Wrok plän off' }).click();
  await chip.waitFor({ state: 'detached' });
  await page.keyboard.press('z');
  await chip.waitFor();
  await page.keyboard.press('Shift+U');
  await toast('marked as unread').waitFor();
  await chip.getByText('Wrok plän').click();
  await page.getByText('1 conversation found').waitFor();

  await label.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Work plan');
  await page.keyboard.press('Enter');
  await toast('The label Wrok plän is now Work plan.').waitFor();
  await label.waitFor({ state: 'detached' });
  await page.getByText('1 conversation found').waitFor();
  assert.match(decodeURIComponent(page.url()), /label:"work plan"/);
  await page.getByRole('button', { name: 'Actions of the label Work plan' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await toast('The label Work plan was deleted').waitFor();
  await row(57).locator('.row-title').waitFor();
  assert.equal(await row(57).locator('.label-chip').count(), 0);
  await page.keyboard.press('z');
  await row(57).locator('.label-chip', { hasText: 'Work plan' }).waitFor();
  await page.getByRole('link', { name: 'Work plan' }).waitFor();
});

test('all of a search is labelled, snoozed and deleted at once, and each is undone', async () => {
  // One of them lies in another folder.
  const total = counts()['INBOX']!;
  await page.keyboard.press('/');
  await page.keyboard.type('from:anna@example.net');
  await page.keyboard.press('Enter');
  await page.getByText(`${COUNT} conversations found`).waitFor();
  const all = async (key: string): Promise<void> => {
    await page.locator('[data-list]').focus();
    await page.keyboard.press('Control+a');
    await page.getByText(`${COUNT} selected`).waitFor();
    await page.keyboard.press(key);
  };
  const undone = async (words: string, there: () => Promise<void> = async () => undefined): Promise<void> => {
    await toast(words).waitFor();
    await there();
    await page.keyboard.press('z');
    await toast('Undone').waitFor();
  };
  await all('l');
  await page.keyboard.type('Yearly');
  await page.getByRole('option', { name: 'New label: Yearly' }).click();
  await page.keyboard.press('Escape');
  await page.locator('.row-labels .label-chip', { hasText: 'Yearly' }).first().waitFor();
  await undone('Label Yearly added');
  await page.locator('.row-labels .label-chip', { hasText: 'Yearly' }).first().waitFor({ state: 'detached' });

  await all('b');
  await page.getByRole('option', { name: /^Tomorrow/ }).click();
  await undone('snoozed until', () => serverHas('INBOX', 0));
  await serverHas('INBOX', total);

  await all('#');
  await page.getByText('Nothing was found.').waitFor();
  await undone('moved to Trash', () => serverHas('Trash', COUNT));
  await serverHas('INBOX', total);
  await page.getByText(`${COUNT} conversations found`).waitFor();
  await sequence(page, 'g', 'i');
  await row(59).waitFor();
});

test('what is snoozed leaves, waits in its own folder, and comes back by undo', async () => {
  const total = counts()['INBOX']!;
  await page.keyboard.press('Home');
  await page.keyboard.press('b');
  await page.getByRole('option', { name: /^Tomorrow/ }).click();
  await gone(59);
  await toast('Snoozed until').waitFor();
  const snoozed = page.getByRole('treeitem', { name: /^Snoozed 1/ });
  await snoozed.waitFor();
  await serverHas('INBOX', total - 1);
  await page.keyboard.press('z');
  await row(59).waitFor();
  await serverHas('INBOX', total);
});

test('what is pinned stands above all else', async () => {
  await page.keyboard.press('End');
  await row(0).waitFor();
  await page.keyboard.press('p');
  await page.keyboard.press('p');
  await toast('pinned').waitFor();
  await page.keyboard.press('Home');
  await page.waitForFunction(() => document.querySelector('[role=row]')?.getAttribute('aria-label')?.includes('Message 0,'));
  await page.keyboard.press('z');
  await page.waitForFunction(() => document.querySelector('[role=row]')?.getAttribute('aria-label')?.includes('Message 59,'));
});

test('mail that comes is put in above, and the row of the reader stays where it is', async () => {
  await page.locator('[data-list]').evaluate((list) => (list.scrollTop = 64 * 20 + 10));
  await row(38).waitFor();
  const before = (await row(38).boundingBox())!.y;
  server.deliver('alice@example.test', `From: Bob <bob@example.test>\nTo: alice@example.test\nSubject: It is new\nDate: ${new Date().toUTCString()}\nMessage-ID: <new@example.net>\n\nNew\n`);
  await page.getByRole('treeitem', { name: new RegExp(`^Inbox ${COUNT} unread`) }).waitFor();
  await page.waitForFunction((want) => document.querySelector('[role=grid]')?.getAttribute('aria-rowcount') === String(want), counts()['INBOX']);
  assert.equal((await row(38).boundingBox())!.y, before);
  await page.getByRole('status').filter({ hasText: 'New message: Bob' }).waitFor({ state: 'attached' });
  await page.keyboard.press('Home');
  await page.getByText('It is new', { exact: true }).waitFor();
});

test('a muted conversation leaves, what comes to it goes past the inbox, and who writes first is marked and can be left out', async () => {
  await page.keyboard.press('Home');
  const fresh = page.getByRole('row', { name: /It is new, .*First message from this sender/ });
  await fresh.waitFor();
  await page.getByRole('group', { name: 'Filters' }).getByText('People I know').click();
  await fresh.waitFor({ state: 'detached' });
  await row(59).waitFor();
  await page.getByRole('group', { name: 'Filters' }).getByText('People I know').click();
  await fresh.click();
  await page.keyboard.press('m');
  await toast('muted').waitFor();
  await fresh.waitFor({ state: 'detached' });
  await serverHas('Archive', 1);
  await page.keyboard.press('z');
  await fresh.waitFor();
  await serverHas('Archive', 0);
});

test('the palette finds actions and folders, the sheet shows keys, and each gives the focus back', async () => {
  await page.locator('[data-list]').focus();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('dark');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('vacation');
  await page.keyboard.press('Enter');
  await page.locator('h2:focus', { hasText: 'Out of office' }).waitFor();
  await page.goBack();
  await page.locator('[data-list]').waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('work');
  await page.keyboard.press('Enter');
  await row(49).waitFor();
  await page.goBack();
  await row(38).or(row(59)).first().waitFor();
  await page.locator('[data-list]').focus();
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Keys' }).waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement?.hasAttribute('data-list')), true);
});

test('a place that is reloaded is the same place', async () => {
  await sequence(page, 'g', 'a');
  await page.getByText('Archive is empty.').waitFor();
  await page.reload();
  await page.getByText('Archive is empty.').waitFor();
  assert.match(page.url(), /\/mail\/archive$/);
});

test('what is typed as a search stays when another conversation of the list opens or closes', async () => {
  await sequence(page, 'g', 'i');
  await row(59).waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/mail\/inbox\/./);
  await page.keyboard.press('/');
  await page.keyboard.type('gard');
  await page.goBack();
  await page.waitForURL(/\/mail\/inbox$/);
  await page.keyboard.type('en');
  assert.equal(await page.locator('[data-search]').inputValue(), 'garden');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('[data-search]').inputValue(), '');
});

test('nothing was reported as an error', () => assert.deepEqual(page.errors, []));
