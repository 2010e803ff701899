/**
 * What lies over a screen, and screens that need something to have happened first: previews, the original, why and where a mail is, pickers,
 * dialogs, what goes out later, a mail that is written on the whole page, and a new mailbox. They are looked at as screens.ts says.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { chosen, FOLDER, lookThrough, openMail, type Screen, skip, WAYS } from './screens.ts';
import { demo, launch, type Server } from './server.ts';

const ALICE = 'alice@example.test';
const BOB = 'bob@example.test';
/* As the demo adds its own number to each. */
const [HTTPS, SMTP] = [443, 25];
const LONG_NAME = 'A folder whose name is much longer than the pane of folders is wide, of October and November';

let server: Server;
let browser: Browser;

const icon = (role: string, name: string): string => `${role}:has(use[href="#icon-${name}"])`;
const opened = (ready = 'dialog[open]') => (page: Page): Promise<void> => page.locator(ready).first().waitFor();

/** The menu of the message that is open, and one of what it offers. */
const ofMessage = (text: string, what: string) => async (page: Page): Promise<void> => {
  await openMail(text)(page);
  await page.locator('.message-tools').last().locator('button').last().click();
  await page.locator(icon('[role=menuitem]', what)).click();
  await opened()(page);
};

const byKey = (key: string, ready: string) => async (page: Page): Promise<void> => {
  await page.locator('[role=row]').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press(key);
  await opened(ready)(page);
};

const byButton = (button: string, ready = 'dialog[open]') => async (page: Page): Promise<void> => {
  await page.locator(button).first().click();
  await opened(ready)(page);
};

const OVERLAYS: Screen[] = [
  { name: 'over-preview-text', path: '/search/subject%3AFiles', ready: '[role=row]', open: async (page) => {
    await openMail('Files')(page);
    await page.locator('.file-open', { hasText: 'notes.txt' }).click();
    await opened('.preview-text')(page);
  } },
  { name: 'over-preview-list', path: '/search/subject%3AFiles', ready: '[role=row]', open: async (page) => {
    await openMail('Files')(page);
    await page.locator('.file-open', { hasText: 'winmail' }).click();
    await opened('.preview-list, .preview-content [role=alert]')(page);
  } },
  { name: 'over-original', path: '/search/subject%3ABudget', ready: '[role=row]', open: async (page) => {
    await openMail('Budget for May')(page);
    await page.keyboard.press('Shift+O');
    await opened('dialog[open] pre')(page);
  } },
  { name: 'over-why', path: '/search/subject%3AInvoice', ready: '[role=row]', open: ofMessage('Invoice 12', 'circle-question-mark') },
  { name: 'over-trace', path: '/mail/sent', ready: '[role=row]', open: async (page) => {
    await ofMessage('On its way', 'send')(page);
    await page.locator('dialog[open] .preview-waiting').waitFor({ state: 'detached' });
  } },
  { name: 'over-snooze', path: '/mail/inbox', ready: '[role=row]', open: byKey('b', '[role=option]') },
  { name: 'over-move', path: '/mail/inbox', ready: '[role=row]', open: byKey('v', '[role=option]') },
  { name: 'over-labels', path: '/mail/inbox', ready: '[role=row]', open: byKey('l', '[role=option]') },
  { name: 'over-share', path: '/mail/inbox', ready: '[role=row]', anew: true, open: async (page) => {
    const folder = page.locator('.folder', { hasText: LONG_NAME });
    if (await page.evaluate(() => matchMedia('(pointer: coarse)').matches)) {
      await page.locator('.list-top > .icon-button').first().tap();
      await folder.locator('.folder-more').tap();
    } else {
      if (page.viewportSize()!.width < 900) await page.keyboard.press('Control+b');
      await folder.click({ button: 'right' });
    }
    await page.locator(icon('[role=menuitem]', 'share-2')).click();
    await opened()(page);
  } },
  { name: 'over-rule', path: '/settings/rules', ready: '.set-item', open: byButton(icon('.page-content button', 'plus')) },
  { name: 'over-trial', path: '/settings/rules', ready: '.set-item', open: byButton(icon('.page-content button', 'search'), '.trial-subject') },
  { name: 'over-two-step', path: '/settings/security', ready: '.page-content button', open: byButton('.page-content .set-item button', 'dialog[open] [role=img]') },
  { name: 'scheduled-mail', path: '/mail/sent', ready: '[role=row]', open: openMail('Goes out in spring') },
  { name: 'over-scheduled', path: '/mail/inbox', ready: '[role=row]', open: async (page) => {
    if (page.viewportSize()!.width < 900) await page.keyboard.press('Control+b');
    await page.locator('.waiting-link').click();
    await opened('.waiting-row')(page);
  } },
  { name: 'compose-page', path: '/compose/new', ready: '.compose-page .compose-frame' },
];

const FILES = `--b\nContent-Type: text/plain\n\nTwo files.\n--b\nContent-Type: text/plain; name="notes.txt"\nContent-Disposition: attachment\n\n${'Notes of the meeting, which somebody took down line by line.\n'.repeat(30)}\n--b\nContent-Type: application/ms-tnef; name="winmail.dat"\nContent-Disposition: attachment; filename="winmail.dat"\nContent-Transfer-Encoding: base64\n\n`;

/** A winmail.dat (MS-OXTNEF) with two files. */
function winmail(...names: string[]): Buffer {
  const attribute = (id: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(9, 2);
    head.writeUInt32LE(id, 1);
    head.writeUInt32LE(data.length, 5);
    return Buffer.concat([head, data, Buffer.alloc(2)]);
  };
  return Buffer.concat([Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1, 0]), ...names.flatMap((name) => [attribute(0x00069002, Buffer.alloc(14)), attribute(0x00018010, Buffer.from(`${name}\0`)), attribute(0x0006800f, Buffer.alloc(23_456))])]);
}

const letter = (subject: string, fields = '', text = 'Some words.\n', from = 'Anna Petrova <anna@example.net>'): string => `From: ${from}\nTo: ${ALICE}\nSubject: ${subject}\nMessage-ID: <${Buffer.from(subject).toString('hex')}@example.net>\nDate: Mon, 05 Oct 2026 10:00:00 +0000\n${fields}\n${text}`;

/** A mail of alice's goes to somebody elsewhere: at once, or in spring. */
async function send(subject: string, folder: string, parameters: Record<string, string> | null): Promise<void> {
  const { list } = await server.ask(ALICE, 'Mailbox/get', { ids: null, properties: ['role'] });
  const mailbox = list.find((one: { role: string }) => one.role === folder)?.id as string;
  const { created } = await server.ask(ALICE, 'Email/set', {
    create: { mail: { mailboxIds: { [mailbox]: true }, from: [{ email: ALICE }], to: [{ email: 'carol@example.net' }], subject, textBody: [{ partId: 'text' }], bodyValues: { text: { value: 'Hello, Carol.' } } } },
  });
  const identities = await server.ask(ALICE, 'Identity/get', { ids: null });
  const envelope = { mailFrom: { email: ALICE, parameters }, rcptTo: [{ email: 'carol@example.net' }] };
  const sent = await server.ask(ALICE, 'EmailSubmission/set', { create: { sent: { emailId: created.mail.id, identityId: identities.list[0].id, envelope } } });
  assert.ok(sent.created?.sent, JSON.stringify(sent.notCreated));
}

async function fillAlice(): Promise<void> {
  server.deliver(ALICE, letter('Budget for May'));
  server.deliver(ALICE, letter('Files', 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n', `${FILES}${winmail('Plan.docx', 'A report with a name that is much longer than any dialog is wide, of October and November.pdf').toString('base64').replace(/.{76}/g, '$&\n')}\n--b--\n`));
  for (let i = 0; i < 12; i++) server.deliver(ALICE, letter(`Number ${i}`));
  server.run('mailbox', 'create', ALICE, LONG_NAME);
  server.run('rule', 'add', ALICE, '--name', 'Invoices', '--if', 'subject contains invoice', '--then', `file into ${LONG_NAME}`);
  server.run('message', 'send', '--server', `127.0.0.1:${Number(new URL(server.origin).port) - HTTPS + SMTP}`, '--no-tls', '--from', 'shop@shop.example', '--to', ALICE, '--subject', 'Invoice 12', '--text', 'Please pay.');
  server.deliver(ALICE, letter('Invoice 11'));
  await send('On its way', 'sent', null);
  await send('Goes out in spring', 'sent', { HOLDUNTIL: new Date(Date.now() + 20 * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z') });
  const { ids } = await server.ask(ALICE, 'Email/query', { filter: { subject: 'Budget for May' } });
  await server.ask(ALICE, 'Email/set', { update: { [ids[0]]: { 'keywords/garden': true, 'keywords/a-label-with-a-name-that-is-quite-long': true } } });
}

before(async () => {
  if (skip) return;
  if (FOLDER) fs.mkdirSync(FOLDER, { recursive: true });
  [server, browser] = await Promise.all([demo(), launch()]);
  await fillAlice();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const way of WAYS) test(`what lies over screens, with ${way.name}`, { skip }, () => lookThrough(browser, server, ALICE, OVERLAYS, way.looks, way.context));

test('a new mailbox', { skip: skip || !chosen('first-run') }, async () => {
  for (const way of WAYS) await lookThrough(browser, server, BOB, [{ name: 'first-run', path: '/mail/inbox', ready: '.list-empty' }], way.looks, way.context);
});
