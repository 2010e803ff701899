/** Masked addresses: made, turned off, taken back; and one for a mail that is written. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { demo, holdNotices, launch, type Server, signedIn } from './server.ts';

let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  page = await signedIn(browser, server);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('an address is made for a shop, turned off, and on again by undo', async () => {
  await page.goto(`${server.origin}/settings/masked`);
  await page.getByText('There are none yet.').waitFor();
  await holdNotices(page);
  await page.getByRole('button', { name: 'New masked address' }).click();
  await page.getByLabel('For', { exact: true }).fill('https://www.shop.example/login');
  await page.getByRole('button', { name: 'Make', exact: true }).click();
  await page.getByText('shop.example', { exact: true }).waitFor();
  const address = await page.locator('.set-item .set-text').first().innerText();
  assert.match(address, /^[a-z0-9.]+@example\.test$/);
  assert.match(server.run('alias', 'list'), new RegExp(address.replaceAll('.', '\\.')));
  await page.getByRole('switch', { name: `${address} takes mail` }).uncheck();
  await page.getByText('off: it takes no mail').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByText('off: it takes no mail').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: `Remove ${address}` }).click();
  await page.getByText('There are none yet.').waitFor();
});

test('a mail goes out from an address that is made for whom it is to', async () => {
  await page.goto(`${server.origin}/mail/inbox`);
  await page.getByRole('button', { name: 'Compose' }).first().click();
  const form = page.locator('.compose-form');
  await form.locator('[data-field=to] input').fill('bob@example.test');
  await form.locator('[data-field=to] input').press('Enter');
  await form.getByLabel('Subject').fill('From behind a mask');
  await form.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Use a masked address' }).click();
  const said = await page.getByText(/^This mail goes out from /).innerText();
  const address = /from (\S+@example\.test)\./.exec(said)![1]!;
  await form.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('Mail sent').waitFor();
  await page.goto(`${server.origin}/settings/masked`);
  await page.getByText('example.test', { exact: true }).waitFor();
  const bob = await signedIn(browser, server, 'bob@example.test');
  await bob.getByText('From behind a mask', { exact: true }).click();
  await bob.getByText(address).first().waitFor();
});

test('nothing was reported as an error', () => assert.deepEqual(page.errors, []));
