import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { demo, launch, type Server, signedIn } from './server.ts';

let server: Server;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('the cursor is where one types first, and a name without its domain is told what it lacks', async () => {
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  await page.goto(`${server.origin}/`);
  await page.locator('[name=username]:focus').waitFor();
  await page.keyboard.type('alice');
  await page.fill('[name=password]', 'no password of hers');
  await page.keyboard.press('Enter');
  await page.getByText('Type the whole address').waitFor();
  await page.locator('[name=password]:focus').waitFor();
  await page.context().close();
});

test('whoever signs in sees the folders, and nothing is refused by the policy', async () => {
  const page = await signedIn(browser, server);
  await page.getByText('Drafts').first().waitFor();
  assert.deepEqual(page.errors, []);
});

test('a new mailbox shows three things to do: a mail to oneself, old mail, and the codes that a phone scans', async () => {
  const page = await signedIn(browser, server, 'bob@example.test', { locale: 'de' });
  await page.getByRole('button', { name: 'Alte E-Mails importieren' }).waitFor();
  await page.getByRole('button', { name: 'Auf dem Smartphone einrichten' }).click();
  await page.waitForURL('**/setup?address=bob%40example.test');
  assert.equal(await page.getByRole('img', { name: 'QR-Code' }).count(), 2);
  assert.match(await page.locator('main').innerText(), /Benutzername\s+bob@example\.test/);
  await page.goBack();
  await page.getByRole('button', { name: 'An sich selbst schreiben' }).click();
  await page.locator('.compose-frame').waitFor();
  assert.match((await page.locator('[data-field=to]').innerText()), /bob@example\.test/);
  await page.locator('.compose-subject:focus').waitFor();
  await page.keyboard.type('Hallo');
  await page.keyboard.press('Control+Enter');
  // It is on its way: the help stays until it is there.
  await page.locator('.toast').waitFor();
  await page.getByRole('button', { name: 'Alte E-Mails importieren' }).waitFor();
  assert.deepEqual(page.errors, []);
  await page.context().close();
});
