/** A folder is shared by its menu, with rights in words, and taken back; the other one sees it, and hides it from mail programs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { demo, launch, type Server, signedIn } from './server.ts';

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

async function openDialogue(): Promise<void> {
  await page.locator('[role=treeitem]', { hasText: 'Archive' }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Share', exact: true }).click();
  await page.getByRole('heading', { name: 'Share Archive' }).waitFor();
}

const shares = (): string => server.run('mailbox', 'shares', 'alice@example.test');

test('a folder is shared with somebody who is found by name, with more rights, and taken back by undo', async () => {
  await openDialogue();
  await page.getByText('It is shared with nobody.').waitFor();
  await page.getByLabel('Share with').fill('bob');
  await page.getByRole('button', { name: 'bob@example.test' }).click();
  const rights = page.getByLabel('What bob@example.test may do');
  await rights.waitFor();
  assert.equal(await rights.inputValue(), 'read');
  await rights.selectOption('work');
  await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('.sharing-row select')?.value === 'work');
  await page.getByRole('button', { name: 'Done' }).click();
  const bob = await signedIn(browser, server, 'bob@example.test');
  await bob.getByRole('heading', { name: /Shared by alice/ }).waitFor();
  const shared = bob.getByRole('tree', { name: /Shared by alice/ }).getByRole('treeitem').first();
  assert.match(shares(), /Archive.*bob@example\.test/);
  await shared.click({ button: 'right' });
  await bob.getByRole('menuitem', { name: 'Show it in mail programs, too' }).click();
  await bob.getByText(/^Mail programs show .* now\.$/).waitFor();
  assert.deepEqual(bob.errors, []);
  await bob.context().close();
  await openDialogue();
  await page.getByRole('button', { name: 'Take it back from bob@example.test' }).click();
  await page.getByText('It is shared with nobody.').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('Archive is not shared with bob@example.test any more.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await openDialogue();
  await page.getByLabel('What bob@example.test may do').waitFor();
});

test('nothing was reported as an error', () => assert.deepEqual(page.errors, []));
