/**
 * What goes wrong between a browser and the server while somebody works: a slow line, one that loses answers, a server that is killed in the
 * midst of it, one without room on its disk, and a full mailbox. Whatever happens, nothing is lost, nothing is done twice, and in the end
 * page and server say the same.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { type Line, lineTo } from './line.ts';
import { demo, eventually, holdNotices, launch, type Server, signedIn } from './server.ts';

const ALICE = 'alice@example.test';
const BOB = 'bob@example.test';
/** More than the machine that runs the tests has free: the server takes its disk for full. */
const NO_ROOM = '1T';
/** What waits for a line most of its time is done by `--long` alone. */
const skip = process.env['WEBMAIL_LONG'] !== '1';

let server: Server;
let browser: Browser;
let line: Line;

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  line = await lineTo(server.origin);
  for (let at = 1; at <= 12; at++) server.deliver(ALICE, `From: Anna <anna@example.net>\nTo: ${ALICE}\nSubject: Letter ${at}\nMessage-ID: <faults-${at}@example.net>\nDate: Mon, 0${(at % 9) + 1} Jun 2026 10:00:00 +0000\n\nText ${at}\n`);
});
after(async () => {
  await browser?.close();
  line?.close();
  await server?.stop();
});

afterEach(() => Object.assign(line, { delayMs: 0, losesOneIn: 0, holds: 'nothing' }));

type Watched = Page & { errors: string[] };
const openPage = (): Promise<Watched> => signedIn(browser, { ...server, origin: line.origin });

/** What the browser itself says of a connection that ends is no fault of the program. */
const faults = (page: Watched): string[] => page.errors.filter((one) => !/Failed to load resource|net::ERR_|WebSocket|Blocked script execution/.test(one));

const row = (page: Page, subject: string): Locator => page.locator('[role=row]', { has: page.getByText(subject, { exact: true }) });
const gone = (page: Page, subject: string): Promise<void> => row(page, subject).waitFor({ state: 'detached' });
const isShown = (page: Page, subject: string): Promise<void> => row(page, subject).waitFor();

interface Found {
  id: string;
  subject: string;
  keywords: Record<string, true>;
}

/** The emails of a folder, as the server has them. */
async function emails(who: string, role: string): Promise<Found[]> {
  const { list } = await server.ask(who, 'Mailbox/get', { ids: null });
  const { ids } = await server.ask(who, 'Email/query', { filter: { inMailbox: list.find((one: { role: string }) => one.role === role).id } });
  return (await server.ask(who, 'Email/get', { ids, properties: ['subject', 'keywords'] })).list;
}

const subjects = async (who: string, role: string): Promise<string[]> => (await emails(who, role)).map(({ subject }) => subject).sort();
const has = async (who: string, role: string, subject: string): Promise<boolean> => (await subjects(who, role)).includes(subject);
const count = async (who: string, role: string, subject: string): Promise<number> => (await subjects(who, role)).filter((one) => one === subject).length;

/** Nothing waits in this browser any more, and it has heard so. */
async function settled(page: Page): Promise<void> {
  await page.locator('.rail-status').waitFor({ state: 'detached' });
}

async function archive(page: Page, subject: string): Promise<void> {
  await row(page, subject).hover();
  await row(page, subject).locator('[data-act=archive]').click();
  await gone(page, subject);
}

async function write(page: Page, subject: string, text: string): Promise<Locator> {
  await page.locator('[data-list]').focus();
  await page.keyboard.press('c');
  const form = page.locator('.dock-window:not(.dock-folded)').last();
  await form.frameLocator('.compose-frame').locator('#editor').waitFor();
  await form.locator('[data-field=to] input').fill(`${BOB},`);
  await form.locator('.compose-subject').fill(subject);
  await form.frameLocator('.compose-frame').locator('#editor').click();
  await page.keyboard.type(text);
  return form;
}

const send = (form: Locator): Promise<void> => form.getByRole('button', { name: 'Send', exact: true }).click();

test('on a line of 400 ms, there and back, all can be done, and what is done is seen before the server has heard of it', { skip }, async () => {
  line.delayMs = 200;
  const page = await openPage();
  await isShown(page, 'Letter 1');
  line.holds = 'all';
  await archive(page, 'Letter 1');
  assert.equal(await has(ALICE, 'archive', 'Letter 1'), false);
  await page.keyboard.press('z');
  await isShown(page, 'Letter 1');
  await archive(page, 'Letter 2');
  line.holds = 'nothing';
  await eventually(() => has(ALICE, 'archive', 'Letter 2'), 'it is archived at the server');
  await row(page, 'Letter 3').click();
  await page.locator('.conversation').getByText('Text 3').waitFor();
  const form = await write(page, 'By a slow line', 'It takes its time.');
  await send(form);
  await eventually(() => has(ALICE, 'sent', 'By a slow line'), 'it is handed over');
  await settled(page);
  assert.deepEqual(await subjects(ALICE, 'archive'), ['Letter 2']);
  assert.deepEqual(faults(page), []);
  await page.context().close();
});

test('on a line that loses pieces, and connections with them, all is done, and nothing twice', async () => {
  const page = await openPage();
  await isShown(page, 'Letter 3');
  line.losesOneIn = 12;
  const form = await write(page, 'By a lossy line', 'Some of this is lost on its way.');
  for (const at of [3, 4, 5]) await archive(page, `Letter ${at}`);
  await eventually(() => has(ALICE, 'archive', 'Letter 5'), 'all are archived');
  await page.keyboard.press('z');
  await isShown(page, 'Letter 5');
  await send(form);
  await eventually(() => has(ALICE, 'sent', 'By a lossy line'), 'it is handed over');
  assert.notEqual(line.lost, 0);
  line.losesOneIn = 0;
  await settled(page);
  await eventually(async () => (await subjects(ALICE, 'drafts')).length === 0, 'no version of it is left');
  assert.deepEqual((await subjects(ALICE, 'archive')).filter((one) => one !== 'Letter 2'), ['Letter 3', 'Letter 4']);
  assert.equal(await count(ALICE, 'sent', 'By a lossy line'), 1);
  assert.equal((await server.ask(ALICE, 'EmailSubmission/get', { ids: null })).list.length, (await subjects(ALICE, 'sent')).length, 'what was sent was handed over once');
  assert.deepEqual(faults(page), []);
  await page.context().close();
});

test('a server that is killed before it answers has done once what it was asked for', async () => {
  const page = await openPage();
  await isShown(page, 'Letter 6');
  const form = await write(page, 'In the midst', 'Kept, and kept once.');
  line.holds = 'answers';
  await form.locator('.compose-subject').fill('In the midst of it');
  await eventually(() => has(ALICE, 'drafts', 'In the midst of it'), 'the server has made it, and has said so in vain');
  await archive(page, 'Letter 6');
  for (const role of ['store', 'web']) for (const pid of server.processesOf(role)) process.kill(pid, 'SIGKILL');
  line.holds = 'nothing';
  await form.locator('.compose-state', { hasText: /^Saved$/ }).waitFor();
  await settled(page);
  assert.equal(await count(ALICE, 'drafts', 'In the midst of it'), 1);
  assert.equal(await count(ALICE, 'archive', 'Letter 6'), 1);
  await form.getByRole('button', { name: 'Discard' }).click();
  await eventually(async () => (await subjects(ALICE, 'drafts')).length === 0, 'it is thrown away');
  assert.deepEqual(faults(page), []);
  await page.context().close();
});

test('while the server’s disk is full, what is done waits in the browser, and outlasts a reload and the server’s end', async () => {
  const page = await openPage();
  await isShown(page, 'Letter 7');
  await server.restart({ disk_reserve: NO_ROOM });
  await archive(page, 'Letter 7');
  await row(page, 'Letter 8').click();
  await page.locator('.conversation').getByText('Text 8').waitFor();
  const form = await write(page, 'Without room', 'Every word of it.');
  await form.locator('.compose-state', { hasText: /^Saved/ }).waitFor();
  await page.getByText(/^The server cannot take (one|\d) changes? now/).waitFor();
  await page.reload();
  await isShown(page, 'Letter 8');
  // The first picture is the one that was kept before.
  await gone(page, 'Letter 7');
  assert.deepEqual([await has(ALICE, 'archive', 'Letter 7'), await count(ALICE, 'drafts', 'Without room')], [false, 0]);
  await server.restart();
  await eventually(() => has(ALICE, 'archive', 'Letter 7'), 'it is archived at the server');
  await eventually(() => has(ALICE, 'drafts', 'Without room'), 'the draft is there');
  await settled(page);
  await eventually(async () => (await count(ALICE, 'drafts', 'Without room')) === 1, 'one version of it is there');
  assert.deepEqual(faults(page), []);
  await page.context().close();
});

test('a mailbox that becomes full while the page is open says so, keeps the text, and takes it once there is room', async () => {
  const page = await openPage();
  await isShown(page, 'Letter 9');
  server.run('account', 'quota', ALICE, '1K');
  const form = await write(page, 'Too much', 'The mailbox is full.');
  await form.getByText('Your mailbox is full.').waitFor();
  assert.equal(await count(ALICE, 'drafts', 'Too much'), 0);
  // What takes no room goes on.
  await archive(page, 'Letter 9');
  await eventually(() => has(ALICE, 'archive', 'Letter 9'), 'it is archived');
  const before = (await form.elementHandle())!;
  await send(form);
  await before.waitForElementState('hidden');
  await page.locator('.dock-window').getByText('Your mailbox is full.').waitFor();
  assert.equal(await count(ALICE, 'sent', 'Too much'), 0);
  server.run('account', 'quota', ALICE, '0');
  await holdNotices(page);
  await send(page.locator('.dock-window'));
  await eventually(() => has(ALICE, 'sent', 'Too much'), 'it is handed over');
  await settled(page);
  assert.equal(await count(ALICE, 'sent', 'Too much'), 1);
  await eventually(async () => (await count(ALICE, 'drafts', 'Too much')) === 0, 'no version of it is left');
  assert.deepEqual(faults(page), []);
  await page.context().close();
});
