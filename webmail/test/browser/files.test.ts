/** Large files as links: up, into the text, out to somebody without an account; attached instead, taken out and back; full, cut off and offline. */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';
import { filterOf } from '../../src/features/compose/linkUse.ts';
import { demo, eventually, holdNotices, launch, type Server, signedIn } from './server.ts';

const BOB = 'bob@example.test';
/** Above what goes as a link once the person has chosen 10 MB, and of three pieces. */
const LARGE = 20_000_000;
const FOLDER = process.env['SCREENS'] ?? '';

let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };
let film: string;
let digest: string;

const digestOf = (octets: Buffer): string => crypto.createHash('sha256').update(octets).digest('hex');

before(async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  [server, browser] = await Promise.all([demo(), launch()]);
  film = path.join(server.folder, 'film <1>.mp4');
  const octets = crypto.randomBytes(LARGE);
  fs.writeFileSync(film, octets);
  digest = digestOf(octets);
  page = await signedIn(browser, server, 'alice@example.test', { permissions: ['clipboard-read', 'clipboard-write'] });
  await holdNotices(page);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Nothing bars anybody from what is shown; and a picture of it, where somebody wants one. */
async function look(name: string): Promise<void> {
  if (FOLDER) {
    fs.mkdirSync(FOLDER, { recursive: true });
    for (const [kind, size, colorScheme] of [['light', { width: 1280, height: 800 }, 'light'], ['dark', { width: 1280, height: 800 }, 'dark'], ['phone', { width: 390, height: 844 }, 'light']] as const) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(200);
      await page.screenshot({ path: path.join(FOLDER, `${name}-${kind}.png`) });
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.waitForTimeout(200);
  }
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { violations } = await (window as any).axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], iframes: false });
    return violations.map((one: any) => `${one.id}: ${one.nodes.map((node: any) => node.html).join(' ')}`);
  });
  assert.deepEqual(found, [], name);
}

async function newMail(subject: string): Promise<Locator> {
  await page.locator('[data-list], .list, main').first().waitFor();
  await page.keyboard.press('c');
  const form = page.locator('.dock-window:not(.dock-folded)').last();
  await editor(form).locator('#editor').waitFor();
  await form.locator('.compose-subject').fill(subject);
  return form;
}

const editor = (form: Locator): FrameLocator => form.frameLocator('.compose-frame');
/** Its card as an attachment, with nothing but its size. */
const attached = (form: Locator): Locator => form.locator('.compose-file', { has: page.getByText('20 MB', { exact: true }) });
const card = (form: Locator, words: string | RegExp): Locator => form.locator('.compose-file', { hasText: words });
const block = (form: Locator): Locator => editor(form).locator('.postrider-file a');
const attach = (form: Locator, file = film): Promise<void> => form.locator('.compose-picker').setInputFiles(file);

async function discard(form: Locator): Promise<void> {
  await form.getByRole('button', { name: 'Discard' }).click();
  await form.waitFor({ state: 'detached' });
}

test('from which size files go as links is chosen in the settings', async () => {
  await page.goto(`${server.origin}/settings/files`);
  await page.getByText('No file of yours is behind a link.').waitFor();
  await look('settings-empty');
  await page.getByLabel('Files larger than 10 MB').check();
  await page.goto(`${server.origin}/mail/inbox`);
});

test('a file that is too large goes up, and the text has its link', async () => {
  const form = await newMail('A film');
  await form.locator('[data-field=to] input').fill(`${BOB},`);
  await editor(form).locator('#editor').click();
  await page.keyboard.type('Look at this');
  await attach(form);
  await card(form, 'As a link, until').waitFor();
  assert.equal(await block(form).innerText(), 'film <1>.mp4');
  assert.match(await editor(form).locator('#editor').innerText(), /^Look at this\s+film <1>\.mp4 \(20 MB, until .*\)/);
  const url = (await block(form).getAttribute('href'))!;
  assert.ok(url.startsWith(`${server.origin}/file/`), url);
  await look('compose-link');
  await form.getByRole('button', { name: 'Send', exact: true }).click();
  await form.waitFor({ state: 'detached' });
});

const links = (): Promise<string[]> =>
  page.evaluate(async () => {
    const using = ['urn:ietf:params:jmap:core', 'urn:postrider:params:jmap:filelink'];
    const answer = await fetch('/jmap/api', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ using, methodCalls: [['FileLink/get', { accountId: 'A1', ids: null }, 'a']] }) });
    return ((await answer.json()) as any).methodResponses[0][1].list.map(({ id }: { id: string }) => id);
  });

test('a link becomes an attachment and a link again; taken out, it comes back', async () => {
  const form = await newMail('To and fro');
  await holdNotices(page);
  // What is taken out can be had back for 10 s: longer here.
  await page.evaluate(() => {
    const real = window.setTimeout;
    window.setTimeout = ((run: TimerHandler, ms?: number, ...more: unknown[]) => real(run, ms === 10_000 ? 60_000 : ms, ...more)) as typeof window.setTimeout;
    Object.assign(window, { asBefore: () => (window.setTimeout = real) });
  });
  await attach(form);
  await card(form, 'As a link, until').getByRole('button', { name: 'Attach film <1>.mp4 instead' }).click();
  await attached(form).waitFor();
  await block(form).waitFor({ state: 'detached' });
  await look('compose-attached');
  await attached(form).getByRole('button', { name: 'Send film <1>.mp4 as a link' }).click();
  await card(form, 'As a link, until').getByRole('button', { name: 'Remove film <1>.mp4' }).click();
  await block(form).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await card(form, 'As a link, until').waitFor();
  await page.evaluate(() => void (window as never as { asBefore(): void }).asBefore());
  // Plain text has its address.
  await form.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Write as plain text' }).click();
  assert.match(await form.locator('.compose-plain').inputValue(), /film <1>\.mp4 \(20 MB, until .*\)\nhttps:\/\/.*\/file\/[\w-]+\n/);
  await look('compose-plain');
  await form.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Write with formatting' }).click();
  await block(form).waitFor();
  await discard(form);
  // A page that goes while this can be undone leaves the file to the next one; that of the mail that was sent stays.
  await page.reload();
  await eventually(async () => (await links()).length === 1, 'the file of the mail that was thrown away is gone');
});

test('a connection that is cut, and a page that is loaded anew, cost no more than a piece', async () => {
  const form = await newMail('Cut off');
  let sent = 0;
  let fate: 'pass' | 'cut' = 'pass';
  await page.route('**/jmap/upload/**', async (route) => {
    if (fate === 'cut') return route.abort();
    sent++;
    // The second piece is the last one that gets through.
    if (sent === 2) fate = 'cut';
    await route.continue();
  });
  await attach(form);
  await card(form, 'waits for a connection').waitFor();
  await look('compose-waiting');
  await form.locator('.compose-state', { hasText: 'Saved' }).waitFor();
  // Nothing goes on before the page is another one.
  await page.goto('about:blank');
  fate = 'pass';
  await page.goto(`${server.origin}/mail/inbox`);
  const again = page.locator('.dock-window:not(.dock-folded)').last();
  await card(again, 'As a link, until').waitFor();
  assert.equal(sent, 3, 'pieces that were sent');
  assert.equal(await block(again).innerText(), 'film <1>.mp4');
  await page.unroute('**/jmap/upload/**');
  await discard(again);
  await holdNotices(page);
});

test('who gets the mail fetches the file by its link, without an account', async () => {
  const bob = await signedIn(browser, server, BOB);
  // The mail was held, so that it could be taken back.
  await bob.getByText('A film', { exact: true }).first().click();
  const url = (await bob.frameLocator('.message-frame').last().getByRole('link', { name: 'film <1>.mp4' }).getAttribute('href'))!;
  await bob.context().close();
  // The server finds mails with a link, though the text shows the file's name: a draft that is thrown away asks it.
  const [, id] = /\/file\/(\w+-\d+)-/.exec(url)!;
  const ask = (name: string, args: object): Promise<any> =>
    page.evaluate(async ([method, more]) => {
      const { apiUrl, primaryAccounts } = await (await fetch('/.well-known/jmap')).json();
      const using = ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail'];
      const methodCalls = [[method, { accountId: primaryAccounts[using[1]!], ...more }, 'a']];
      const answer = await fetch(apiUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ using, methodCalls }) });
      return (await answer.json()).methodResponses[0][1];
    }, [name, args] as const);
  const { list } = await ask('Mailbox/get', { ids: null });
  const [trash, drafts] = ['trash', 'drafts'].map((role) => list.find((mailbox: { role: string | null }) => mailbox.role === role).id as string) as [string, string];
  // Of two drafts with a link, the one in the trash does not count, nor does a version of the own one.
  const draftOf = (key: string, mailbox: string) => ({ mailboxIds: { [mailbox]: true }, keywords: { $draft: true }, messageId: [`${key}@example.test`], bodyValues: { t: { value: `See https://mail.example.test/file/A1-77-${'B'.repeat(22)}` } }, textBody: [{ partId: 't', type: 'text/plain' }] });
  const { created } = await ask('Email/set', { create: { thrown: draftOf('Dthrown', trash), own: draftOf('Down', drafts) } });
  const foundOf = async (link: string, own?: string): Promise<string[]> => (await ask('Email/query', { filter: filterOf(link, trash, own) })).ids;
  assert.deepEqual([await foundOf('A1-77'), await foundOf('A1-77', 'Down'), await foundOf('A1-7')], [[created.own.id], [], []]);
  await ask('Email/set', { destroy: [created.own.id, created.thrown.id] });
  assert.equal((await foundOf(id!, 'no draft')).length, 1);
  const anybody = await browser.newContext({ ignoreHTTPSErrors: true });
  const there = await anybody.newPage();
  await there.goto(url);
  await there.getByText('film <1>.mp4').waitFor();
  await there.getByText('alice@example.test').waitFor();
  const [download] = await Promise.all([there.waitForEvent('download'), there.getByRole('link', { name: 'Download' }).click()]);
  const copy = path.join(server.folder, 'copy');
  await download.saveAs(copy);
  assert.equal(digestOf(fs.readFileSync(copy)), digest, 'the same octets');
  await page.goto(`${server.origin}/settings/files`);
  const row = page.locator('.set-item', { has: page.getByText('fetched once', { exact: false }) });
  await row.waitFor();
  await row.getByRole('button', { name: 'Remove film <1>.mp4' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await row.waitFor({ state: 'detached' });
  await page.getByText('nobody can fetch it any more').waitFor();
  assert.equal((await there.goto(url))!.status(), 404);
  await anybody.close();
  await page.goto(`${server.origin}/mail/inbox`);
});

test('where there is no room, that is said in words, and what is removed makes some', async () => {
  const kept = await newMail('Keeps its file');
  await attach(kept);
  await card(kept, 'As a link, until').waitFor();
  await kept.getByRole('button', { name: 'Close' }).click();
  await kept.waitFor({ state: 'detached' });
  fs.appendFileSync(path.join(server.folder, 'var/postrider.conf'), `\nfile_link_space = "${LARGE * 1.5}"\n`);
  server.run('reload');
  await page.reload();
  await holdNotices(page);
  const form = await newMail('No room');
  await attach(form);
  await form.getByText('Your files behind links take all the space that you have.').waitFor();
  await look('compose-no-room');
  await form.getByRole('button', { name: 'Files behind links' }).click();
  await form.getByRole('button', { name: 'Fold' }).click();
  const rows = page.locator('.set-item');
  await rows.first().waitFor();
  for (let left = await rows.count(); left > 0; left--) {
    await rows.last().getByRole('button', { name: 'Remove film <1>.mp4' }).click();
    if (left === 1) await look('settings-remove');
    await page.getByRole('dialog', { name: 'Remove film <1>.mp4?' }).getByRole('button', { name: 'Remove' }).click();
    await page.waitForFunction((count) => document.querySelectorAll('.set-item').length < count, left);
  }
  await page.getByText('No file of yours is behind a link.').waitFor();
  await page.locator('.dock-folded').getByRole('button').first().click();
  await form.getByRole('button', { name: 'Upload again' }).click();
  await card(form, 'As a link, until').waitFor();
  await form.getByRole('button', { name: 'Close' }).click();
  await form.waitFor({ state: 'detached' });
});

test('the page lists what is there, and keeps it longer or shorter', async () => {
  const row = page.locator('.set-item', { hasText: 'film <1>.mp4' });
  await row.waitFor();
  const until = row.locator('time').first();
  const before = await until.getAttribute('datetime');
  await look('settings-list');
  await row.getByRole('button', { name: 'Keep film <1>.mp4 for longer or shorter' }).click();
  await page.getByRole('menu').waitFor();
  await look('settings-menu');
  // A window of another size has closed it.
  if (!(await page.getByRole('menu').isVisible())) await row.getByRole('button', { name: 'Keep film <1>.mp4 for longer or shorter' }).click();
  await page.getByRole('menuitem', { name: 'For 7 more days' }).click();
  await page.getByText(/^film <1>\.mp4 is kept until/).waitFor();
  assert.notEqual(await until.getAttribute('datetime'), before);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator(`time[datetime="${before}"]`).waitFor();
  await row.getByRole('button', { name: 'Copy the link to film <1>.mp4' }).click();
  await page.getByText('The link to film <1>.mp4 is copied.').waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^https:.*\/file\/F1-\d+-[\w-]{22}$/);
});

test('without a connection the page says so, and shows what it knows', async () => {
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.context().setOffline(true);
  await page.reload();
  const row = page.locator('.set-item', { hasText: 'film <1>.mp4' });
  await row.getByRole('button', { name: 'Remove film <1>.mp4' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('The file can still be fetched; try again.').waitFor();
  await row.waitFor();
  await look('settings-offline');
  await page.context().setOffline(false);
});

test('nothing was reported as an error', () => assert.deepEqual(page.errors.filter((one) => !/Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_FAILED|WebSocket/.test(one)), []));
