/**
 * The extreme state: a mailbox of 100,000 messages, hundreds of folders and labels, names and words that find no place to break, 300
 * recipients, 60 files, a long conversation, and five people signed in in one browser. Looked at as screens.ts says.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { chosen, FOLDER, key, lookThrough, lookThroughIn, openMail, row, type Screen, skip, WAYS } from './screens.ts';
import { demo, launch, type Server, signedIn } from './server.ts';

const ALICE = 'alice@example.test';
const MESSAGES = 100_000;
const FOLDERS = 300;
const LABELS = 200;
const LABELS_OF_ONE = 40;
const RECIPIENTS = 300;
const FILES = 60;
const ANSWERS = 60;
/** The server's limit for one call. */
const AT_ONCE = 100;
const WORD = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';

let server: Server;
let browser: Browser;

const messageOf = (n: number, subject: string, text: string, { from = `Person ${n % 700} <p${n % 700}@example.net>`, fields = '' } = {}): string =>
  `From: ${from}\nTo: ${ALICE}\nSubject: ${subject}\nDate: ${new Date(Date.UTC(2024, 0, 1) + n * 600_000).toUTCString().replace('GMT', '+0000')}\nMessage-ID: <extreme-${n}@example.net>\n${fields}\n${text}\n`;

function fillInbox(): void {
  const file = path.join(server.folder, 'INBOX.mbox');
  const out = fs.openSync(file, 'w');
  for (let at = 0; at < MESSAGES; at += 1000) {
    fs.writeSync(out, Array.from({ length: 1000 }, (_, k) => `From x Mon Jan  1 00:00:00 2024\n${messageOf(at + k, `Number ${at + k}`, 'Some words.')}\n`).join(''));
  }
  fs.closeSync(out);
  server.run('mailbox', 'import', ALICE, file, '--into', 'INBOX', '--format', 'mbox');
  fs.rmSync(file);
}

const part = (n: number): string => `--b\nContent-Type: application/pdf; name="${n % 3 ? `File ${n}` : WORD.normalize('NFD').replace(/\W/g, '').repeat(2)}.pdf"\nContent-Disposition: attachment\n\n%PDF-1.4 ${n}\n`;

function fillMails(): void {
  const MIME = 'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n';
  let n = MESSAGES;
  const bring = (subject: string, text: string, more: Parameters<typeof messageOf>[3] = {}): void => server.deliver(ALICE, messageOf(++n, subject, text, more));
  const recipients = Array.from({ length: RECIPIENTS }, (_, k) => `${k % 9 ? `"Recipient ${k}"` : `"${WORD.replace('ä', 'ae')}"`} <recipient-${k}@a-rather-long-name-of-a-domain.example.net>`);
  bring('To 300 people', 'Hello, everybody.', { fields: `Cc: ${recipients.join(',\n ')}\n` });
  bring('Sixty files', `--b\nContent-Type: text/plain\n\nFiles.\n${Array.from({ length: FILES }, (_, k) => part(k)).join('')}--b--`, { fields: 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n' });
  for (let k = 0; k < ANSWERS; k++) bring(`${k ? 'Re: ' : ''}A long conversation`, `Answer ${k}.`, { fields: k ? `References: <extreme-${n}@example.net>\nIn-Reply-To: <extreme-${n}@example.net>\n` : '' });
  bring('With forty labels', 'Labels.');
  bring('A word without an end', `${WORD.repeat(20)}\n\nhttps://example.net/${'path'.repeat(300)}\n`, { fields: MIME });
  bring(WORD.repeat(5), `The subject: ${WORD.repeat(3)}\n`, { fields: MIME, from: `"${WORD.repeat(4)}" <${'long'.repeat(15)}@${'domain'.repeat(10)}.example>` });
}

/** Below each other as deep as the server lets them, and beside each other; all that a name may hold. */
async function makeFolders(): Promise<void> {
  const make = async (create: Record<string, { name: string; parentId: string | null }>): Promise<Record<string, { id: string }>> => {
    const { created, notCreated } = await server.ask(ALICE, 'Mailbox/set', { create });
    assert.equal(notCreated ?? null, null);
    return created;
  };
  let parentId: string | null = null;
  for (let depth = 0; depth < 12; depth++) parentId = (await make({ k: { name: depth % 3 ? `Level ${depth}` : WORD, parentId } }))['k']!.id;
  for (let at = 0; at < FOLDERS; at += AT_ONCE) {
    await make(Object.fromEntries(Array.from({ length: AT_ONCE }, (_, k) => [`k${k}`, { name: (at + k) % 10 ? `Project ${at + k}` : `${at + k} ${WORD}`, parentId: null }])));
  }
}

async function setLabels(): Promise<void> {
  const { ids } = await server.ask(ALICE, 'Email/query', { filter: { inMailbox: await inbox() }, sort: [{ property: 'receivedAt', isAscending: false }], limit: 100 });
  const find = async (subject: string): Promise<string> => (await server.ask(ALICE, 'Email/query', { filter: { subject } })).ids[0];
  const label = (k: number): string => (k % 4 ? `label-${k}` : `label-${k}-with-a-name-that-is-much-longer-than-others`);
  const labelled = (from: number, count: number): Record<string, true> => Object.fromEntries(Array.from({ length: count }, (_, k) => [`keywords/${label(from + k)}`, true]));
  const update = Object.fromEntries((ids as string[]).slice(0, LABELS / 4).map((id, k) => [id, labelled(4 * k, 4)]));
  const { notUpdated } = await server.ask(ALICE, 'Email/set', { update: { ...update, [await find('With forty labels')]: labelled(0, LABELS_OF_ONE) } });
  assert.equal(notUpdated ?? null, null);
}

async function inbox(): Promise<string> {
  const { list } = await server.ask(ALICE, 'Mailbox/get', { ids: null, properties: ['role'] });
  return list.find((one: { role: string }) => one.role === 'inbox').id;
}

before(async () => {
  if (skip) return;
  if (FOLDER) fs.mkdirSync(FOLDER, { recursive: true });
  [server, browser] = await Promise.all([demo(), launch()]);
  fillInbox();
  fillMails();
  await makeFolders();
  await setLabels();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const found = (subject: string): string => `/search/${encodeURIComponent(`subject:"${subject}"`)}`;
const opened = (ready: string) => (page: Page): Promise<void> => page.locator(ready).first().waitFor();

const EXTREME: Screen[] = [
  { name: 'extreme-inbox', path: '/mail/inbox', ready: '[role=row]', open: async (page) => row(page, 'A long conversation').waitFor() },
  { name: 'extreme-everything', path: '/mail/inbox', ready: '[role=row]', open: async (page) => {
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+a');
    await opened('[aria-selected=true], .row-selected')(page);
  } },
  { name: 'extreme-folders', path: '/mail/inbox', ready: '[role=row]', open: async (page) => {
    if (page.viewportSize()!.width < 900) await page.keyboard.press('Control+b');
    await page.locator('.folder', { hasText: 'Level 11' }).first().scrollIntoViewIfNeeded();
  } },
  { name: 'extreme-move', path: '/mail/inbox', ready: '[role=row]', open: async (page) => {
    await page.keyboard.press('j');
    await key('v', '[role=option]')(page);
  } },
  { name: 'extreme-labels', path: '/mail/inbox', ready: '[role=row]', open: async (page) => {
    await page.keyboard.press('j');
    await key('l', '[role=option]')(page);
  } },
  { name: 'extreme-recipients', path: found('To 300 people'), ready: '[role=row]', open: async (page) => {
    await openMail('To 300 people')(page);
    await page.locator('.message-head .message-line').first().click();
    await opened('.message-details')(page);
  } },
  { name: 'extreme-word', path: found('A word without'), ready: '[role=row]', open: openMail('A word without') },
  { name: 'extreme-subject', path: found('Donaudampf'), ready: '[role=row]', open: openMail('Donaudampf') },
  { name: 'extreme-labelled', path: found('With forty labels'), ready: '[role=row]', open: openMail('With forty labels') },
  { name: 'extreme-files', path: found('Sixty files'), ready: '[role=row]', open: openMail('Sixty files') },
  { name: 'extreme-conversation', path: found('A long conversation'), ready: '[role=row]', open: openMail('A long conversation') },
  // The last one: a mail that is being written comes again with each page.
  { name: 'extreme-reply', path: found('To 300 people'), ready: '[role=row]', open: async (page) => {
    await openMail('To 300 people')(page);
    await page.keyboard.press('a');
    await page.frameLocator('.compose-frame').locator('#editor').waitFor();
  } },
];

for (const way of WAYS) test(`the extreme state, with ${way.name}`, { skip }, () => lookThrough(browser, server, ALICE, EXTREME, way.looks, way.context));

/** A browser has five seats (base/seat.ts). */
const BESIDE = ['bob@example.test', 'admin@example.test', `somebody.${'with.a.rather.long.address.'.repeat(2)}indeed@example.test`, 'dora@example.test'];

test('five people in one browser', { skip: skip || !chosen('extreme-people') }, async () => {
  for (const who of BESIDE.slice(2)) server.passwords[who] = server.run('account', 'add', who, '--generate').match(/\S{12,}\s*$/m)![0].trim();
  for (const way of WAYS) {
    const page = await signedIn(browser, server, ALICE, way.context);
    for (const [k, who] of BESIDE.entries()) {
      await page.goto(`${server.origin}/u/${k + 1}/?sign-in`);
      await page.fill('[name=username]', who);
      await page.fill('[name=password]', server.passwords[who]!);
      await page.click('form[action$="/auth/login"] button');
      await page.locator('[role=row], .list-empty').first().waitFor();
    }
    const menu: Screen = { name: 'extreme-people', path: '/mail/inbox', ready: '[role=row]', anew: true, open: async () => {
      await page.locator('.rail-account').first().click();
      for (const who of BESIDE) await page.getByRole('menuitem', { name: who }).waitFor();
    } };
    await lookThroughIn(page, server, [menu], way.looks);
  }
});
