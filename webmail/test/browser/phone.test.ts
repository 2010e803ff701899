/** The webmail on a phone's size: one pane at a time, the drawer, swipes, a long press, the browser's back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { demo, holdNotices, launch, type Server, signedIn } from './server.ts';

let server: Server;
let browser: Browser;
let page: Page & { errors: string[] };
let touch: CDPSession;

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  for (let i = 1; i <= 3; i++)
    server.deliver('alice@example.test', `From: Anna <anna@example.net>\nTo: alice@example.test\nSubject: Message ${i}\nDate: ${new Date(Date.UTC(2024, 0, i)).toUTCString()}\nMessage-ID: <phone-${i}@example.net>\n\nText ${i}\n`);
  page = await signedIn(browser, server, 'alice@example.test', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  touch = await page.context().newCDPSession(page);
  await row(3).waitFor();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const row = (i: number) => page.locator('[role=row]', { has: page.getByText(`Message ${i}`, { exact: true }) });

async function drag(i: number, by: number): Promise<void> {
  const box = (await row(i).boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const at = (step: number) => [{ x: x + (by * step) / 4, y }];
  // All at once: a pause before the first move would be a long press.
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number }[]) => touch.send('Input.dispatchTouchEvent', { type, touchPoints });
  await Promise.all([send('touchStart', at(0)), ...[1, 2, 3, 4].map((step) => send('touchMove', at(step)))]);
  // The finger rests before it leaves: what is flung still glides, and Chromium takes the next tap for the end of the glide.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await send('touchEnd', []);
}

test('a swipe archives, a short one does nothing, and undo brings it back', async () => {
  await drag(2, 40);
  assert.equal(await row(2).count(), 1);
  await holdNotices(page);
  await drag(2, 160);
  await row(2).waitFor({ state: 'detached' });
  await page.locator('.toast', { hasText: 'archived' }).getByText('Undo').click();
  await row(2).waitFor();
  await holdNotices(page);
  await drag(2, -160);
  await row(2).waitFor({ state: 'detached' });
  await page.locator('.toast', { hasText: 'Trash' }).getByText('Undo').click();
  await row(2).waitFor();
});

test('a conversation takes the place of the list, and back brings the list', async () => {
  await row(3).tap();
  await page.locator('[data-reading]').waitFor();
  assert.equal(await row(3).isVisible(), false);
  await page.goBack();
  await page.locator('[data-reading]').waitFor({ state: 'detached' });
  await row(3).waitFor();
});

test('folders are in a drawer, which closes when one of them is chosen', async () => {
  await page.locator('.list-top > .icon-button').first().tap();
  // Its menu lies over the drawer, and what is beside it closes it.
  const menu = page.getByRole('menu', { name: 'Archive' });
  await page.getByRole('treeitem', { name: 'Archive' }).locator('.folder-more').tap();
  await menu.waitFor();
  await page.touchscreen.tap(150, 800);
  await menu.waitFor({ state: 'detached' });
  await page.getByRole('treeitem', { name: 'Archive' }).locator('.folder-more').tap();
  await menu.getByRole('menuitem', { name: 'Share', exact: true }).tap();
  await page.getByRole('heading', { name: 'Share Archive' }).waitFor();
  await page.getByRole('button', { name: 'Done' }).tap();
  await page.getByRole('treeitem', { name: 'Archive' }).tap();
  await page.getByText('Archive is empty.').waitFor();
  await page.locator('.drawer').waitFor({ state: 'hidden' });
  await page.goBack();
  await row(3).waitFor();
});

test('controls are large enough for a finger', async () => {
  await page.locator('.rail-account').tap();
  await page.getByRole('menuitem').first().waitFor();
  const small = await page.locator('.bottom-bar a, .bottom-bar button, .list-top > .icon-button, .menu-item').evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 44 || one.getBoundingClientRect().width < 44).map((one) => one.className));
  assert.deepEqual(small, []);
  await page.keyboard.press('Escape');
});

test('where the tools of a mail go on beyond the edge, half of one is seen, whichever the phone', async () => {
  await page.getByRole('button', { name: 'Compose' }).first().tap();
  await page.locator('.compose-tools button').first().waitFor();
  for (const width of [320, 360, 375, 390, 412, 430]) {
    await page.setViewportSize({ width, height: 844 });
    const tools = await page.locator('.compose-tools button').evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
    const cut = tools.find((one) => one.left < width && one.right > width);
    assert.ok(cut && Math.abs((cut.left + cut.right) / 2 - width) < 2, `${width}: ${JSON.stringify(cut)}`);
    assert.ok(tools.every((one) => one.width >= 44 && one.height >= 44), String(width));
  }
  await page.setViewportSize({ width: 390, height: 844 });
  await page.locator('.dock-head button').last().tap();
});

test('nothing was reported as an error', () => assert.deepEqual(page.errors, []));
