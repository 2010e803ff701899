/**
 * Every screen, in its states, on three sizes, in all looks: axe finds nothing, nothing sticks out, and a picture of each is there to be looked
 * at. SCREENS is the folder of the pictures (without it, this is done by `--long` alone, since it takes minutes, and no picture is kept); ONLY,
 * parts of the names of screens, with commas between.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { chosen, FOLDER, key, lookAt, LOOKS, lookThrough, openMail, PHONE_LOOKS, row, type Screen, skip, WAYS } from './screens.ts';
import { demo, launch, type Server, signedIn } from './server.ts';

const ALICE = 'alice@example.test';

let server: Server;
let browser: Browser;

/** Larger than what goes as an attachment. */
const FILM = { name: 'A film with a name that is much longer than any card is wide, of October and November.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(26_000_000) };

const SETTINGS = ['appearance', 'keys', 'identities', 'templates', 'files', 'masked', 'rules', 'away', 'devices', 'security', 'transfer', 'deleted'];
const ADMIN = ['health', 'people', 'domains', 'aliases', 'queue', 'trace', 'reports', 'settings'];

const FULL: Screen[] = [
  { name: 'inbox', path: '/mail/inbox', ready: '[role=row]' },
  { name: 'empty-folder', path: '/mail/archive', ready: '.list-empty' },
  { name: 'found', path: '/search/from%3Aanna%40example.net', ready: '[role=row]' },
  { name: 'found-nothing', path: '/search/zzzzqq', ready: '.list-empty' },
  { name: 'conversation', path: '/search/subject%3ABudget', ready: '[role=row]', open: openMail('Budget for May') },
  { name: 'conversation-html', path: '/search/subject%3ANewsletter', ready: '[role=row]', open: openMail('Newsletter of the week') },
  { name: 'conversation-long', path: '/search/subject%3Along', ready: '[role=row]', open: openMail('A very long subject') },
  { name: 'conversation-files', path: '/search/subject%3AFiles', ready: '[role=row]', open: openMail('Files') },
  { name: 'menu', path: '/mail/inbox', ready: '[role=row]', anew: true, open: async (page) => {
    await row(page, 'Number 39').click({ button: 'right' });
    await page.getByRole('menu').waitFor();
  } },
  { name: 'selection', path: '/mail/inbox', ready: '[role=row]', open: async (page) => {
    await page.keyboard.press('j');
    await page.keyboard.press('x');
  } },
  { name: 'compose', path: '/mail/inbox', ready: '[role=row]', open: key('c', '.compose-frame') },
  { name: 'palette', path: '/mail/inbox', ready: '[role=row]', open: key('Control+k', '[role=combobox]') },
  { name: 'keys', path: '/mail/inbox', ready: '[role=row]', open: key('?', 'dialog[open]') },
  { name: 'drawer', path: '/mail/inbox', ready: '[role=row]', open: async (page) => {
    if (page.viewportSize()!.width < 900) await page.keyboard.press('Control+b');
  } },
  ...SETTINGS.map((name): Screen => ({ name: `settings-${name}`, path: `/settings/${name}`, ready: '.page-content > *' })),
  // The last ones: the window of a mail that is kept comes again with each page.
  { name: 'compose-file-link', path: '/mail/inbox', ready: '[role=row]', open: async (page) => {
    await key('c', '.compose-frame')(page);
    await page.locator('.compose-picker').setInputFiles(FILM);
    await page.frameLocator('.compose-frame').locator('.postrider-file').waitFor();
  } },
  { name: 'settings-files-full', path: '/settings/files', ready: '.set-item', open: async (page) => {
    await page.locator('.dock-head button:has(use[href="#icon-minus"])').click();
    await page.locator('.dock-folded').waitFor();
  } },
];
const ADMINISTRATION = ADMIN.map((name): Screen => ({ name: `admin-${name}`, path: `/admin/${name}`, ready: '.page-content > *' }));

const message = (i: number, subject: string, from = 'Anna Petrova <anna@example.net>', text = `The text of number ${i}.\n`, fields = '') =>
  `From: ${from}\nTo: ${ALICE}\nSubject: ${subject}\nDate: ${new Date(Date.UTC(2026, 9, 1, 8) + i * 86_400_000).toUTCString()}\nMessage-ID: <screens-${i}@example.net>\n${fields}\n${text}`;

const WIDE = `<div style="background:#f4f4f4;padding:20px"><table width="1200" bgcolor="#ffffff"><tr><td style="font-size:28px;color:#0b5">The week in pictures</td></tr>
<tr><td>${'Some words about this and that. '.repeat(30)}</td></tr><tr><td><a href="https://example.net/more">Read on</a> <img src="https://example.net/a.png" alt="A picture" width="300" height="120"></td></tr></table></div>`;

const FILES = `--b
Content-Type: text/plain

Three files.
--b
Content-Type: application/pdf; name="A report with a name that is much longer than any card is wide, of October and November.pdf"
Content-Disposition: attachment

%PDF-1.4
--b
Content-Type: application/octet-stream; name="setup.exe"
Content-Disposition: attachment

MZ
--b
Content-Type: text/plain; name="notes.txt"
Content-Disposition: attachment

Notes
--b--
`;

function fillAccount(): void {
  server.deliver(ALICE, message(1, 'Budget for May', undefined, 'Hi all,\n\nI attach what we said.\n\nOn 3 May Bob wrote:\n> And what of June?\n'));
  for (let i = 2; i < 12; i++) server.deliver(ALICE, message(i, 'Re: Budget for May', i % 2 ? 'Bob Miller <bob@example.net>' : undefined, `Answer ${i}: see https://example.net/plan\n`, 'In-Reply-To: <screens-1@example.net>\nReferences: <screens-1@example.net>\n'));
  server.deliver(ALICE, message(12, 'Newsletter of the week', 'The Weekly <news@weekly.example>', WIDE, 'MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nList-Unsubscribe: <https://weekly.example/u>\n'));
  server.deliver(ALICE, message(13, 'A very long subject '.repeat(15).trim(), `"${'Long Name '.repeat(30).trim()}" <long@example.net>`, `${'word'.repeat(200)}\n`));
  server.deliver(ALICE, message(14, 'مرحبا بكم في البريد', '"محمد" <m@example.net>', 'السلام عليكم ورحمة الله\n'));
  server.deliver(ALICE, message(15, 'Files', undefined, FILES, 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n'));
  for (let i = 16; i < 40; i++) server.deliver(ALICE, message(i, `Number ${i}`, `Person ${i} <p${i}@example.net>`));
}

before(async () => {
  if (skip) return;
  if (FOLDER) fs.mkdirSync(FOLDER, { recursive: true });
  [server, browser] = await Promise.all([demo(), launch()]);
  fillAccount();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const way of WAYS) test(`each screen, with ${way.name}`, { skip }, () => lookThrough(browser, server, ALICE, FULL, way.looks, way.context));
for (const way of WAYS) test(`each screen of an administrator, with ${way.name}`, { skip }, () => lookThrough(browser, server, 'admin@example.test', ADMINISTRATION, way.looks, way.context));

const WAITING: Screen[] = [
  { name: 'waiting-search', path: '/search/lunch', ready: 'main, [role=main]' },
  { name: 'waiting-security', path: '/settings/security', ready: 'h1, h2' },
  { name: 'waiting-deleted', path: '/settings/deleted', ready: 'h1, h2' },
];
let goOn: () => void = () => undefined;
function stopStore(): void {
  const stores = server.processesOf('store');
  assert.notEqual(stores.length, 0);
  for (const store of stores) process.kill(store, 'SIGSTOP');
  goOn = () => stores.forEach((store) => process.kill(store, 'SIGCONT'));
}

test('screens while the server does not answer', { skip: skip || !chosen('waiting') }, async () => {
  const wrong: string[] = [];
  for (const screen of WAITING) {
    const page = await signedIn(browser, server);
    try {
      await page.locator('[role=row]').first().waitFor();
      stopStore();
      await page.goto(server.origin + screen.path, { waitUntil: 'commit' });
      await page.locator(screen.ready).first().waitFor();
      // After 150 ms what is waited for is drawn.
      await page.waitForTimeout(400);
      wrong.push(...(await lookAt(page, screen.name, [LOOKS[0]!, LOOKS[1]!, PHONE_LOOKS[0]!])));
    } finally {
      goOn();
      await page.context().close();
    }
  }
  assert.deepEqual(wrong, []);
});

/** To a place by the program itself: without a network nothing else leads there. */
const within = (page: Page, to: string): Promise<void> =>
  page.evaluate((target) => {
    history.pushState(null, '', target);
    dispatchEvent(new PopStateEvent('popstate'));
  }, to);

test('screens without a server: nothing was loaded, or the connection is cut', { skip: skip || !chosen('offline') }, async () => {
  const page = await signedIn(browser, server);
  await page.locator('[role=row]').first().waitFor();
  await page.context().setOffline(true);
  const wrong: string[] = [];
  await row(page, 'Number 35').click();
  await page.locator('.conversation, [role=alert]').first().waitFor();
  wrong.push(...(await lookAt(page, 'offline-conversation', [LOOKS[0]!, LOOKS[1]!, PHONE_LOOKS[0]!])));
  await within(page, '/search/budget');
  wrong.push(...(await lookAt(page, 'offline-search', [LOOKS[0]!, LOOKS[1]!, PHONE_LOOKS[0]!])));
  await within(page, '/settings/security');
  wrong.push(...(await lookAt(page, 'offline-security', [LOOKS[0]!, LOOKS[1]!, PHONE_LOOKS[0]!])));
  assert.deepEqual(wrong, []);
  await page.context().close();
});

test('the pages on the way in', { skip: skip || !chosen('sign-in') }, async () => {
  const wrong: string[] = [];
  for (const locale of ['en', 'de', 'ja', 'ar']) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale });
    const page = await context.newPage();
    await page.goto(`${server.origin}/`);
    wrong.push(...(await lookAt(page, `sign-in-${locale}`, [...LOOKS, ...PHONE_LOOKS])));
    await page.fill('[name=username]', ALICE);
    await page.fill('[name=password]', 'not this one');
    await page.locator('form button').first().click();
    await page.getByRole('alert').first().waitFor();
    wrong.push(...(await lookAt(page, `sign-in-wrong-${locale}`, [LOOKS[0]!, LOOKS[1]!, PHONE_LOOKS[0]!])));
    await context.close();
  }
  const page = await signedIn(browser, server);
  for (const [name, place] of [['account', 'account'], ['setup', 'setup?address=alice%40example.test'], ['setup-anybody', 'setup']]) {
    await page.goto(`${server.origin}/${place}`);
    wrong.push(...(await lookAt(page, `page-${name}`, [...LOOKS, ...PHONE_LOOKS])));
  }
  assert.deepEqual(wrong, []);
  await page.context().close();
});

/** The address under which anybody has the page of a file. */
async function makeLink(name: string): Promise<string> {
  const { created } = await server.ask(ALICE, 'Blob/upload', { create: { octets: { data: [{ 'data:asText': 'So many words. '.repeat(100_000) }], type: 'text/plain' } } });
  const made = await server.ask(ALICE, 'FileLink/set', { create: { link: { blobId: created.octets.id, name } } });
  return made.created.link.url as string;
}

test('the pages of a file behind a link, for somebody without an account', { skip: skip || !chosen('file-link') }, async () => {
  const wrong: string[] = [];
  const links = { 'file-link': await makeLink('Plans.zip'), 'file-link-long': await makeLink(`${'word'.repeat(40)} ${FILM.name}`) };
  for (const locale of ['en', 'de', 'ja', 'ar']) {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale });
    const page = await context.newPage();
    for (const [name, url] of Object.entries({ ...links, 'file-link-missing': `${links['file-link'].slice(0, -1)}-` })) {
      await page.goto(url);
      await page.locator('h1').waitFor();
      wrong.push(...(await lookAt(page, `${name}-${locale}`, [...LOOKS, ...PHONE_LOOKS])));
    }
    await context.close();
  }
  assert.deepEqual(wrong, []);
});
