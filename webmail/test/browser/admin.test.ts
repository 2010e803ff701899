/** What an administrator sees, and that nobody else sees it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { demo, holdNotices, launch, type Server, signedIn } from './server.ts';

let server: Server;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('an administrator sees health, and adds an alias that the command line knows', async () => {
  const page = await signedIn(browser, server, 'admin@example.test');
  await page.goto(`${server.origin}/admin/health`);
  // Nobody has asked name servers yet, so nothing is said of the records.
  await page.getByText('No problem is known. Nobody has looked at any DNS records yet.').waitFor();
  assert.equal(await page.getByText('All is well.').count(), 0);
  const processes = page.getByRole('table', { name: 'Processes' });
  await processes.getByRole('rowheader', { name: 'store' }).waitFor();
  assert.equal(await processes.getByRole('cell', { name: 'ready' }).count(), JSON.parse(server.run('status', '--json')).roles.length);
  await page.goto(`${server.origin}/admin/aliases`);
  await page.getByRole('button', { name: 'Add an alias' }).click();
  await holdNotices(page);
  await page.getByLabel('Address').fill('info@example.test');
  await page.getByLabel('Targets, with commas between').fill('alice@example.test, bob@example.test');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('rowheader', { name: 'info@example.test' }).waitFor();
  assert.match(server.run('alias', 'list'), /info@example\.test/);
  await page.locator('.toast', { hasText: 'postrider alias add info@example.test' }).waitFor();
  await page.getByRole('button', { name: 'More about info@example.test' }).click();
  await page.getByRole('menuitem', { name: 'Command line' }).click();
  await page.locator('.toast', { hasText: 'postrider address explain info@example.test' }).waitFor();
  // A password that was made here can be read until it is put away, however fast it was taken.
  await page.goto(`${server.origin}/admin/people`);
  await page.getByRole('button', { name: 'Add a person' }).click();
  await page.getByLabel('Address').fill('new@example.test');
  const field = page.getByLabel('Password', { exact: true });
  assert.deepEqual(await field.evaluate((one: HTMLInputElement) => [one.spellcheck, one.autocapitalize, one.autocomplete]), [false, 'none', 'off']);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Password of new@example.test' }).waitFor();
  const first = await page.locator('dialog .set-secret').innerText();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'More about new@example.test' }).click();
  await page.getByRole('menuitem', { name: 'Set a new password' }).click();
  const made = await field.inputValue();
  await field.press('Enter');
  await page.getByRole('dialog', { name: 'Password of new@example.test' }).waitFor();
  const later = await page.locator('dialog .set-secret').innerText();
  assert.equal(later, made);
  assert.notEqual(later, first);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.locator('.toast', { hasText: 'Copied.' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), made);
  await page.getByRole('button', { name: 'Done' }).click();
  server.passwords['new@example.test'] = made;
  await signedIn(browser, server, 'new@example.test');
  // Whoever adds a domain is told what to publish.
  await page.goto(`${server.origin}/admin/domains`);
  await page.getByRole('button', { name: 'Add a domain' }).click();
  await page.getByLabel('Name', { exact: true }).fill('second.test');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const second = page.getByRole('region', { name: 'second.test' });
  await second.getByText(/^DNS records to publish/).click();
  await second.getByRole('button', { name: 'Copy the value of MX second.test' }).waitFor();
  await second.getByRole('cell', { name: /v=spf1 / }).first().waitFor();
  await second.getByRole('button', { name: 'Change' }).click();
  await page.getByLabel('Mail for nobody goes to').fill('alice@example.test');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await second.getByText('mail for nobody goes to alice@example.test').waitFor();
  assert.deepEqual(page.errors, []);
});

test('others have no pages of administration', async () => {
  const page = await signedIn(browser, server, 'bob@example.test');
  await page.goto(`${server.origin}/admin/people`);
  await page.waitForLoadState('networkidle');
  assert.equal(await page.getByText('alice@example.test').count(), 0);
});

test('a rule that is made in the settings files mail', async () => {
  const page = await signedIn(browser, server, 'alice@example.test');
  await page.goto(`${server.origin}/settings/rules`);
  await page.getByRole('button', { name: 'New rule' }).click();
  await page.getByLabel('Name', { exact: true }).fill('From Bob');
  await page.locator('.rule-value').first().fill('bob@example.test');
  await page.getByLabel('Folder', { exact: true }).selectOption({ label: 'Archive' });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The rule From Bob is added.').waitFor();
  assert.match(server.run('rule', 'simple', 'alice@example.test'), /From Bob/);
  assert.deepEqual(page.errors, []);
});
