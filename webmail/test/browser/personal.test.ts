/** What a person sets up: rules tried on past mail, two-step sign-in with a passkey, reminders, what is kept without a network. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { allThere, demo, eventually, holdNotices, launch, type Server, signedIn } from './server.ts';

const ALICE = 'alice@example.test';
let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };

const message = (i: number, subject: string) =>
  `From: Anna <anna${i}@example.net>\nTo: ${ALICE}\nSubject: ${subject}\nDate: ${new Date(Date.UTC(2024, 0, 1 + i)).toUTCString()}\nMessage-ID: <past-${i}@example.net>\n\nText ${i}\n`;

before(async () => {
  // A browser has passkeys for a name, and for no address.
  [server, browser] = await Promise.all([demo().then((one) => ({ ...one, origin: one.origin.replace('127.0.0.1', 'localhost') })), launch()]);
  server.deliver(ALICE, message(1, 'Invoice 1'));
  server.deliver(ALICE, message(2, 'Lunch'));
  server.deliver(ALICE, message(3, 'Invoice 2'));
  page = await signedIn(browser, server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

function messagesIn(folder: string): number | undefined {
  const list = JSON.parse(server.run('mailbox', 'list', ALICE, '--json')) as { path: string; messages: number }[];
  return list.find(({ path }) => path === folder)?.messages;
}

async function serverHas(folder: string, count: number): Promise<void> {
  await eventually(() => messagesIn(folder) === count, () => `${folder} has ${count} messages; it has ${messagesIn(folder)}`);
}

test('a rule is tried on past mail before it is kept, then all of it is done at once, and undone', async () => {
  const inbox = messagesIn('INBOX')!;
  await page.goto(`${server.origin}/settings/rules`);
  await page.getByRole('button', { name: 'New rule' }).click();
  const rule = page.getByRole('dialog', { name: 'New rule' });
  await rule.getByLabel('Name').fill('Money');
  await rule.getByLabel('What is looked at').selectOption('subject');
  await rule.getByLabel('Text; several with commas between').fill('invoice');
  await rule.getByLabel('Folder').selectOption('Archive');
  await rule.getByRole('button', { name: 'Try on past mail' }).click();
  const trial = page.getByRole('dialog', { name: 'Money: tried on past mail' });
  await trial.getByText('Something would be done with 2 of them.').waitFor();
  assert.deepEqual(await trial.locator('.trial-subject').allInnerTexts(), ['Invoice 2', 'Invoice 1']);
  assert.equal(await trial.locator('.trial-what').first().innerText(), 'move to Archive · rule Money');
  await page.keyboard.press('Escape');
  await trial.waitFor({ state: 'detached' });
  assert.equal(await rule.getByRole('button', { name: 'Try on past mail' }).evaluate((button) => button === document.activeElement), true);
  assert.equal(messagesIn('INBOX'), inbox);
  await rule.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The rule Money is added.').waitFor();
  await page.getByRole('button', { name: 'Try the rules on past mail' }).click();
  const all = page.getByRole('dialog', { name: 'Try the rules on past mail' });
  await all.getByRole('button', { name: 'Do this with 2 messages' }).click();
  await page.getByText('The rules were applied to 2 messages.').waitFor();
  await serverHas('Archive', 2);
  await serverHas('INBOX', inbox - 2);
  // Why they are there is told as of mail that rules filed when it came.
  assert.match(server.run('rule', 'log', ALICE), /Money/);
  await page.evaluate(() => {
    history.pushState(null, '', '/mail/archive');
    dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.locator('[role=row]', { hasText: 'Invoice 1' }).click();
  await page.locator('.conversation .message-body').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').last().fill('Why is this here');
  await page.keyboard.press('Enter');
  const why = page.getByRole('dialog', { name: 'Why is this here?' });
  await why.getByText('by “Money”').waitFor();
  await page.keyboard.press('Escape');
  await why.waitFor({ state: 'detached' });
  // By its key: the notice may have gone by now.
  await page.keyboard.press('Control+z');
  await serverHas('Archive', 0);
  await serverHas('INBOX', inbox);
});

test('mail like this: of a list by its list, with an attachment, gets a label; the rule is told in words and tried', async () => {
  const mail = (subject: string, disposition: string) =>
    `From: Anna <list@example.net>\nTo: ${ALICE}\nSubject: ${subject}\nList-Id: Gardeners <garden.lists.example.net>\nMessage-ID: <${subject}@example.net>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\nContent-Type: text/csv\nContent-Disposition: ${disposition}\n\n1,2\n--b--\n`;
  server.deliver(ALICE, mail('Seeds', 'attachment; filename=seeds.csv'));
  server.deliver(ALICE, mail('Roses', 'inline'));
  await page.goto(`${server.origin}/mail/inbox`);
  await page.locator('[role=row]', { hasText: 'Roses' }).click();
  await page.locator('.conversation .message-body').waitFor();
  await allThere(page);
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').last().fill('Filter messages like this');
  await page.keyboard.press('Enter');
  const rule = page.getByRole('dialog', { name: 'New rule' });
  assert.deepEqual(await Promise.all(['Name', 'What is looked at', 'Text; several with commas between'].map((label) => rule.getByLabel(label).inputValue())), ['Gardeners', 'list', 'garden.lists.example.net']);
  await rule.getByRole('button', { name: 'Add a condition' }).click();
  const second = rule.getByLabel('Text; several with commas between').nth(1);
  await second.pressSequentially('a, b');
  assert.equal(await second.inputValue(), 'a, b');
  await rule.getByLabel('What is looked at').nth(1).selectOption('attachment');
  await rule.getByLabel('What is done').selectOption('label');
  await rule.getByLabel('Label').fill('Spring fêtes');
  await rule.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The rule Gardeners is added.').waitFor();
  await page.goto(`${server.origin}/settings/rules`);
  await page.getByText('If Mailing list contains “garden.lists.example.net” and Attachments are there: give the label “Spring fêtes”').waitFor();
  await page.getByRole('button', { name: 'Try the rules on past mail' }).click();
  const trial = page.getByRole('dialog', { name: 'Try the rules on past mail' });
  await trial.locator('.trial-what', { hasText: 'label Spring fêtes' }).waitFor();
  assert.deepEqual(await trial.locator('.trial-row', { hasText: 'label Spring fêtes' }).locator('.trial-subject').allInnerTexts(), ['Seeds']);
  await page.keyboard.press('Escape');
  await trial.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Change Gardeners' }).click();
  const again = page.getByRole('dialog', { name: 'Rule', exact: true });
  assert.deepEqual([await again.getByLabel('What is looked at').nth(1).inputValue(), await again.getByLabel('Label').inputValue()], ['attachment', 'Spring fêtes']);
  await again.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Remove Gardeners' }).click();
  await page.getByText('The rule Gardeners is removed.').waitFor();
});

test('what is set is undone as all else: the look, a name, which keys do something', async () => {
  await page.goto(`${server.origin}/settings/appearance`);
  await page.getByLabel('Dark').check();
  await page.getByText('Theme: Dark').waitFor();
  await page.keyboard.press('Control+z');
  await page.locator('input:checked + *, label:has(input:checked)', { hasText: 'As the system' }).first().waitFor();
  await page.goto(`${server.origin}/settings/identities`);
  await holdNotices(page);
  const name = page.getByLabel('Your name, as others see it').first();
  const before = await name.inputValue();
  await name.fill('Alice of the garden');
  await name.blur();
  await page.getByText(`${ALICE} changed`).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => (await name.inputValue()) === before, 'the field shows the name as it was');
  await page.goto(`${server.origin}/settings/keys`);
  await page.getByRole('switch', { name: 'Letters and signs do something' }).uncheck();
  await page.getByText('Letters and signs do something: off').waitFor();
  await page.getByText('Conversations', { exact: true }).first().click();
  await page.keyboard.press('?');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').last().waitFor();
  assert.equal(await page.getByRole('dialog', { name: 'Keys', exact: true }).count(), 0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+z');
  await eventually(() => page.getByRole('switch', { name: 'Letters and signs do something' }).isChecked(), 'letters do something again');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys', exact: true }).waitFor();
  await page.keyboard.press('Escape');
});

test('one is reminded of a mail that nobody answers, sees it in the list and the mail, and takes it back', async () => {
  await page.goto(`${server.origin}/mail/inbox`);
  await page.getByRole('button', { name: 'Compose' }).first().click();
  const form = page.locator('.compose-form');
  await form.locator('[data-field=to] input').fill('bob@example.test');
  await form.locator('[data-field=to] input').press('Enter');
  await form.getByLabel('Subject').fill('When do we meet?');
  // By keys alone: the last entry of the menu opens another one, and the focus is back in the end.
  await form.getByRole('button', { name: 'Send later' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Remind me if nobody answers' }).waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: /^Within three days/ }).waitFor();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await form.getByText(/^If nobody answers, it comes to your inbox: /).waitFor();
  assert.equal(await form.getByRole('button', { name: 'Send later' }).evaluate((button) => button === document.activeElement), true);
  await holdNotices(page);
  await form.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Mail sent').waitFor();
  await serverHas('Snoozed', 1);
  await page.goto(`${server.origin}/mail/sent`);
  const row = page.getByRole('row', { name: /When do we meet\?.*If nobody answers/ });
  await row.click();
  const line = page.locator('.reminder-line');
  await holdNotices(page);
  await line.getByRole('button', { name: 'Cancel the reminder' }).click();
  await line.waitFor({ state: 'detached' });
  await serverHas('Snoozed', 0);
  assert.equal(messagesIn('Sent'), 1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await line.waitFor();
  await serverHas('Snoozed', 1);
  // Who takes the mail back is reminded of nothing, and has the choice in the draft again.
  await page.keyboard.press('r');
  const reply = page.locator('.compose-form');
  await reply.getByRole('button', { name: 'Send later' }).click();
  await page.getByRole('menuitem', { name: 'Remind me if nobody answers' }).click();
  await page.getByRole('menuitem', { name: /^Within a week/ }).click();
  await holdNotices(page);
  await reply.getByRole('button', { name: 'Send', exact: true }).click();
  await serverHas('Snoozed', 2);
  await page.locator('.toast', { hasText: 'Mail sent' }).getByRole('button', { name: 'Undo' }).click();
  await serverHas('Snoozed', 1);
  await reply.getByText(/^If nobody answers, it comes to your inbox: /).waitFor();
  await reply.getByRole('button', { name: 'Discard' }).click();
});

test('whole messages of fewer days are kept, as the person says, also after a reload', async () => {
  await page.goto(`${server.origin}/settings/devices`);
  await page.getByLabel('Keep whole messages of').selectOption({ label: 'the last 7 days' });
  await page.getByText(/^This browser keeps it\. This program uses [\d.]+ MB of its room\./).waitFor();
  await eventually(() => page.evaluate(async (name) => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
    });
    const days = await new Promise((resolve) => {
      const asking = db.transaction('about').objectStore('about').get('days');
      asking.onsuccess = () => resolve(asking.result);
    });
    db.close();
    return days === 7;
  }, `postrider ${ALICE}`), 'this browser has noted it');
  await page.reload();
  await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('.set-select')?.value === '7');
});

function code(secret: string): string {
  const bits = [...secret].map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((octet) => Number.parseInt(octet, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

test('two-step sign-in: a code switches it on, recovery codes are shown once, a passkey is added and taken back', async () => {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true } });
  await page.goto(`${server.origin}/settings/security`);
  await page.getByRole('button', { name: 'Set up' }).click();
  const dialog = page.getByRole('dialog', { name: 'Codes of an authenticator program' });
  await dialog.getByRole('img', { name: 'QR code for the authenticator program' }).waitFor();
  const secret = (await dialog.locator('.set-secret').innerText()).replaceAll(/\s/g, '');
  await dialog.getByLabel('Code', { exact: true }).fill('12');
  await dialog.getByLabel('Code', { exact: true }).press('Enter');
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Code', { exact: true }).fill(code(secret));
  await dialog.getByRole('button', { name: 'Switch on' }).click();
  const codes = page.getByRole('dialog', { name: 'Recovery codes' });
  await codes.getByText('Two-step sign-in is on.').waitFor();
  assert.equal(await codes.locator('li').count(), 10);
  await codes.getByRole('button', { name: 'Done' }).click();
  await page.getByText('10 are left.').waitFor();
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Name').fill('Laptop');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText('The passkey Laptop is added.').waitFor();
  // The session ends, and a link is followed: the passkey signs in, and leads to what the link named.
  await page.context().clearCookies();
  await page.goto(`${server.origin}/search/subject%3ABudget%20100%25`);
  await page.waitForURL(/sign-in/);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.waitForURL('**/search/subject%3ABudget%20100%25');
  await page.getByRole('searchbox').or(page.getByRole('combobox')).first().waitFor();
  await page.goto(`${server.origin}/settings/security`);
  await page.locator('.set-item', { hasText: 'Laptop' }).getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.locator('.set-item', { hasText: 'Laptop' }).waitFor({ state: 'detached' });
  await page.locator('.set-item', { hasText: 'Codes of an authenticator program' }).getByRole('button', { name: 'Switch off' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Switch off' }).click();
  await page.getByText('The codes are off.').waitFor();
  await page.getByText('It is off. Your password alone opens your account.').waitFor();
});

// The browser tells of the answer to the wrong code.
test('nothing was reported as an error', () => assert.deepEqual(page.errors.filter((one) => !one.includes('401')), []));
