/** Frame, folders, list and settings for those who hear them, and in all themes and sizes: axe finds nothing. Search in the box. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { demo, launch, sequence, type Server, signedIn } from './server.ts';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };

interface Finding {
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** Rules of WCAG 2.2 AA. What frames of mail hold is the sender's. */
async function findings(on: Page): Promise<string[]> {
  // The page's policy lets no script of a test in; one that is evaluated is the tester's own.
  await on.evaluate(axe);
  const found = await on.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run(where: unknown, how: unknown): Promise<{ violations: Finding[] }> } }).axe;
    const { violations } = await run.run(document, { iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.map((one) => ({ id: one.id, nodes: one.nodes.map((node) => ({ target: node.target, failureSummary: node.failureSummary })) }));
  });
  return found.flatMap((one) => one.nodes.slice(0, 3).map((node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary}`));
}

const message = (i: number, subject: string, from = 'Anna Petrova <anna@example.net>') =>
  `From: ${from}\nTo: alice@example.test\nSubject: ${subject}\nDate: ${new Date(Date.UTC(2024, 0, 1 + i)).toUTCString()}\nMessage-ID: <looks-${i}@example.net>\n\nThe text of number ${i}\n`;

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  server.deliver('alice@example.test', message(1, 'Budget for May'));
  server.deliver('alice@example.test', message(2, 'Lunch', 'Bob <bob@example.test>'));
  server.deliver('alice@example.test', message(3, `${'A very long subject '.repeat(15)}`, `"${'Long Name '.repeat(30)}" <long@example.net>`));
  server.deliver('alice@example.test', message(4, 'مرحبا بكم', '"محمد" <m@example.net>'));
  page = await signedIn(browser, server);
  await page.getByText('Budget for May', { exact: true }).waitFor();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('axe finds nothing in the list, a selection, a menu, the palette, the sheet and the settings', async () => {
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('.');
  await page.getByRole('menu').waitFor();
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'All actions' }).waitFor();
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('Escape');
  await sequence(page, 'g', ',');
  await page.getByRole('heading', { name: 'Appearance' }).waitFor();
  assert.deepEqual(await findings(page), []);
  await page.goBack();
  await page.getByText('Budget for May', { exact: true }).waitFor();
});

test('axe finds nothing in dark, with high contrast, from right to left, at 400 % and on a phone', async () => {
  const html = page.locator('html');
  const set = (name: string, value: string) => html.evaluate((root, [n, v]) => root.setAttribute(n!, v!), [name, value]);
  await set('data-theme', 'dark');
  assert.deepEqual(await findings(page), []);
  await set('data-contrast', 'more');
  assert.deepEqual(await findings(page), []);
  await set('data-theme', 'light');
  assert.deepEqual(await findings(page), []);
  await set('dir', 'rtl');
  assert.deepEqual(await findings(page), []);
  await set('dir', 'ltr');
  await set('data-contrast', 'normal');
  // 1280 pixels at 400 % are 320.
  for (const size of [{ width: 320, height: 256 }, { width: 390, height: 844 }]) {
    await page.setViewportSize(size);
    await page.locator('.bottom-bar').waitFor();
    assert.deepEqual(await findings(page), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'nothing sticks out');
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  // The search box is another one now.
  await page.locator('.bottom-bar').waitFor({ state: 'detached' });
});

test('the search offers people and subjects, makes chips of operators, and finds', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('bud');
  await page.getByRole('option', { name: /Budget for May/ }).waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('ann');
  await page.getByRole('option', { name: /Anna Petrova/ }).first().click();
  await page.waitForURL(/\/search\/from%3Aanna%40example\.net$/);
  await page.getByText('1 conversation found').waitFor();
  assert.equal(await page.locator('.search-box .chip').innerText(), 'from:anna@example.net');
  await page.locator('.chip-remove').click();
  await page.waitForURL(/\/mail\/inbox$/);
  await page.keyboard.press('/');
  await page.keyboard.type('subject:lunch is:unread');
  await page.keyboard.press('Enter');
  await page.getByText('Lunch', { exact: true }).waitFor();
  await page.getByText('1 conversation found').waitFor();
  // Keys are the list's now.
  await page.locator('[data-list]:focus').waitFor();
  await page.keyboard.press('j');
  await page.locator('[data-focused]').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.waitForURL(/\/mail\/inbox$/);
});

test('Arabic runs from right to left, with icons and arrow keys', async () => {
  const arabic = await signedIn(browser, server, 'alice@example.test', { locale: 'ar-EG' });
  try {
    await arabic.getByText('Budget for May', { exact: true }).waitFor();
    assert.deepEqual(await arabic.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), ['ar', 'rtl']);
    assert.ok((await arabic.locator('.rail').boundingBox())!.x > 1280 / 2, 'the rail is on the right');
    assert.deepEqual(await findings(arabic), []);
    await arabic.getByText('Budget for May', { exact: true }).click();
    const mirrored = await arabic.locator('.icon-turns:has(use[href="#icon-reply"])').first().evaluate((icon) => getComputedStyle(icon).transform);
    assert.equal(mirrored, 'matrix(-1, 0, 0, 1, 0, 0)');
    await arabic.keyboard.press('r');
    await arabic.frameLocator('.compose-frame').locator('#editor:focus').waitFor();
    const tools = arabic.getByRole('toolbar').filter({ has: arabic.locator('[href="#icon-bold"]') }).getByRole('button');
    await tools.first().focus();
    await arabic.keyboard.press('ArrowLeft');
    assert.equal(await tools.nth(1).evaluate((tool) => tool === document.activeElement), true, 'the next tool stands on the left');
    assert.deepEqual(arabic.errors, []);
  } finally {
    await arabic.context().close();
  }
});

test('nothing was reported as an error', () => assert.deepEqual(page.errors, []));
