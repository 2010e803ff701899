/** Mail comes in as files and goes out as files: by a dialogue, by a drop on a folder, over a reload, told twice and taken back. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser, Download, Page } from 'playwright-core';
import { allThere, demo, eventually, holdNotices, launch, type Server, signedIn } from './server.ts';

let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };

const one = (i: number): string => `Subject: Old ${i}\nFrom: Anna <anna@example.net>\nDate: Mon, 1 Jan 2018 10:00:00 +0000\nMessage-ID: <old-${i}@example.net>\n\nText ${i}\n`;
const mbox = (from: number, to: number): Buffer => {
  let text = '';
  for (let i = from; i <= to; i++) text += `From anna@example.net Mon Jan  1 10:00:00 2018\nStatus: ${i % 2 ? 'RO' : 'O'}\n${one(i)}\n`;
  return Buffer.from(text);
};
const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/octet-stream', buffer });
const count = (mailbox: string): number => Number(new RegExp(`^ *(\\d+) .*  ${mailbox}\\b`, 'm').exec(server.run('mailbox', 'list', 'alice@example.test'))?.[1] ?? -1);

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  page = await signedIn(browser, server);
  // The browser's own dialogue for saving cannot be answered here: what browsers without it do is tested.
  await page.context().addInitScript(() => delete (globalThis as { showSaveFilePicker?: unknown }).showSaveFilePicker);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('an mbox is imported with what was read; the same once more adds nothing; undo takes it away', async () => {
  await page.goto(`${server.origin}/settings/transfer`);
  await page.getByLabel('Into the folder').selectOption({ label: 'Archive' });
  const offered = await page.getByLabel('Into the folder').locator('option').allTextContents();
  const roles = ['Inbox', 'Drafts', 'Sent', 'Archive', 'Junk', 'Trash'];
  assert.deepEqual(offered.filter((one) => roles.includes(one)), roles, 'as they stand in the tree');
  await page.locator('.transfer-input').setInputFiles([file('old.mbox', mbox(1, 120)), file('notes.pdf', Buffer.from('%PDF-1.4'))]);
  await page.getByText('Added: 120. There already: 0. Not taken: 1.').waitFor();
  await page.getByText('What was not taken (1)').click();
  await page.getByText('notes.pdf: it is no mail').waitFor();
  assert.equal(count('Archive'), 120);
  assert.match(server.run('mailbox', 'list', 'alice@example.test'), /^ *120 +60 .*Archive/m);
  await holdNotices(page);
  await page.locator('.transfer-input').setInputFiles(file('again.mbox', mbox(119, 122)));
  await page.getByText('Added: 2. There already: 2. Not taken: 0.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('Added: 2. There already: 2. Not taken: 0.').waitFor({ state: 'detached' });
  await eventually(() => count('Archive') === 120, () => `Archive has 120 messages; it has ${count('Archive')}`);
});

test('an import goes on after a reload', async () => {
  await page.goto(`${server.origin}/settings/transfer`);
  await page.getByLabel('Into the folder').selectOption({ label: 'Junk' });
  await page.locator('.transfer-input').setInputFiles(file('long.mbox', mbox(1_000, 1_599)));
  // Some groups are at the server, and not all.
  await page.waitForFunction(() => /Added: [1-9]/.test(document.body.innerText));
  await page.reload();
  await page.getByText(/long\.mbox into Junk/).waitFor();
  await page.locator('.transfer-job', { hasText: 'long.mbox' }).getByText('All of it was read.').waitFor();
  assert.equal(count('Junk'), 600);
});

test('an import that began before each person had a database goes on, and the earlier database goes', async () => {
  await page.evaluate(async (text) => {
    const answered = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => ((request.onsuccess = () => resolve(request.result)), (request.onerror = () => reject(request.error))));
    const own = await answered(indexedDB.open('postrider-transfer alice@example.test'));
    const job = (await answered(own.transaction('jobs').objectStore('jobs').getAll())).find((one) => one.files[0].name === 'long.mbox');
    own.close();
    const opening = indexedDB.open('postrider-transfer', 1);
    opening.onupgradeneeded = () => ['jobs', 'files'].forEach((table) => opening.result.createObjectStore(table));
    const earlier = await answered(opening);
    const writing = earlier.transaction(['jobs', 'files'], 'readwrite');
    writing.objectStore('files').put([new Blob([text])], 'earlier');
    writing.objectStore('jobs').put({ ...job, key: 'earlier', files: [{ name: 'earlier.mbox', size: text.length }], file: 0, done: 0, octets: 0, added: [], present: 0, state: 'running' }, 'earlier');
    await new Promise((resolve) => (writing.oncomplete = resolve));
    earlier.close();
  }, mbox(2_000, 2_002).toString());
  await page.reload();
  await page.locator('.transfer-job', { hasText: 'earlier.mbox' }).getByText('All of it was read.').waitFor();
  assert.equal(count('Junk'), 603);
  await page.waitForFunction(async () => !(await indexedDB.databases()).some(({ name }) => name === 'postrider-transfer'));
});

test('a file that is dropped on a folder goes into it', async () => {
  await page.goto(`${server.origin}/mail/inbox`);
  const target = page.locator('[role=treeitem]', { hasText: 'Trash' });
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], 'one.eml'));
    return transfer;
  }, one(7));
  await target.dispatchEvent('dragover', { dataTransfer: data });
  await target.dispatchEvent('drop', { dataTransfer: data });
  await page.getByText('Messages added to Trash: 1').waitFor();
  await target.click();
  await page.getByText('Old 7', { exact: true }).waitFor();
});

async function saved(download: Promise<Download>): Promise<Buffer> {
  return fs.readFileSync((await (await download).path())!);
}

test('a folder is exported as an mbox, a selection as an archive', async () => {
  await page.goto(`${server.origin}/settings/transfer`);
  await page.getByLabel('The folder', { exact: true }).selectOption({ label: 'Archive' });
  await holdNotices(page);
  let download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as mbox' }).click();
  const text = (await saved(download)).toString();
  assert.equal((await download).suggestedFilename(), 'Archive.mbox');
  assert.equal(text.match(/^From MAILER-DAEMON Mon Jan  1 10:00:00 2018$/gm)?.length, 120);
  assert.equal(text.match(/^Status: RO$/gm)?.length, 60);
  await page.getByText('Messages in Archive.mbox: 120').waitFor();
  await page.goto(`${server.origin}/mail/archive`);
  await page.locator('[role=row]').first().waitFor();
  await allThere(page);
  await page.locator('[data-list]').focus();
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('.');
  await page.getByRole('menuitem', { name: 'Save as a file' }).click();
  download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as ZIP' }).click();
  const archive = await saved(download);
  assert.equal(archive.readUInt32LE(0), 0x04034b50);
  assert.match(archive.toString('latin1'), /2018-01-01 Old \d+\.eml[^]*Message-ID: <old-\d+@example\.net>/);
});

test('what Gmail gives out goes where it lay, once, when it is brought into the inbox', async () => {
  const lay = ['Sent,Opened', 'Inbox,Big Deal', 'Trash', 'Big Deal,Unread'].map((labels, i) => `From x@y Mon Jan  1 10:00:00 2018\nX-GM-THRID: 1612\nX-Gmail-Labels: ${labels}\n${one(i + 9_000)}\n`).join('');
  await page.goto(`${server.origin}/settings/transfer`);
  const before = ['INBOX', 'Archive', 'Sent', 'Trash'].map(count);
  await page.getByLabel('Into the folder').selectOption({ label: 'Inbox' });
  await page.locator('.transfer-input').setInputFiles(file('All mail.mbox', Buffer.from(lay)));
  await page.getByText('Added: 4. There already: 0. Not taken: 0.').waitFor();
  await page.getByText('Messages added: 4', { exact: true }).waitFor();
  assert.deepEqual(['INBOX', 'Archive', 'Sent', 'Trash'].map(count), before.map((number) => number + 1));
  await page.locator('.transfer-input').setInputFiles(file('again.mbox', Buffer.from(lay)));
  await page.getByText('Added: 0. There already: 4. Not taken: 0.').waitFor();
  const french = `From x@y Mon Jan  1 10:00:00 2018\nX-GM-THRID: 1612\nX-Gmail-Labels: Important,Non lus\n${one(9_100)}\n`;
  await page.locator('.transfer-input').setInputFiles(file('Tous.mbox', Buffer.from(french)));
  await page.locator('.transfer-job', { hasText: 'Tous.mbox' }).getByText('Gmail’s labels are not in English').waitFor();
  const { ids } = await server.ask('alice@example.test', 'Email/query', { filter: { hasKeyword: 'big_deal' } });
  assert.equal(ids.length, 2);
});

test('nothing was reported as an error', () => assert.deepEqual(page.errors, []));
