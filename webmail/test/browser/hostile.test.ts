/**
 * Hostile mail in the frame that shows mail, under the policies that the server really sends, counted at a listening server: with all
 * layers, without what the server takes out, without DOMPurify, and without both: then the frame's sandbox and policies alone must hold. Each
 * layer alone is tried by hostile-alone.test.ts, which also shows that the messages do what they are said to.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import * as esbuild from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { hostileMail, type Hostile } from './hostile.ts';
import { cleanedByServer } from './hostile-clean.ts';
import type { Outcome } from './hostile-page.ts';
import { demo, launch, type Server } from './server.ts';

declare const __ROOT__: string;

const LONG = process.env['WEBMAIL_LONG'] === '1';

/** A frame may be as high as what it shows; nothing here shows more than some lines, but for what is deep on purpose. */
const HEIGHT_MAX = 20_000;

let server: Server;
let browser: Browser;
let script: string;
let tracker: http.Server;
let mail: Hostile[];
/** The same as the server gives them out. */
let cleaned: Hostile[];
const asked: string[] = [];

before(async () => {
  tracker = http.createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    if (/^\/\d+\//.test(request.url ?? '')) asked.push(request.url!);
    response.end('');
  });
  await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve));
  mail = hostileMail(`http://127.0.0.1:${(tracker.address() as AddressInfo).port}`);
  const made = await esbuild.build({ entryPoints: [path.join(__ROOT__, 'test/browser/hostile-page.ts')], bundle: true, format: 'esm', target: 'chrome120', write: false });
  script = made.outputFiles[0]!.text;
  [server, browser] = await Promise.all([demo(), launch()]);
  cleaned = await cleanedByServer(server, browser, mail);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  tracker?.close();
});

/** The app's page as the server gives it out, with another program in it. */
async function open(): Promise<{ page: Page; moves: string[]; errors: string[] }> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const moves: string[] = [];
  const errors: string[] = [];
  await page.route('**/mail/inbox', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: '<!doctype html><title>Test</title><script type="module" src="/assets/hostile-page.js"></script>' });
  });
  await page.route('**/assets/hostile-page.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
  await page.goto(`${server.origin}/mail/inbox`);
  await page.waitForFunction('window.postriderHostile');
  page.on('pageerror', (error) => errors.push(String(error)));
  /* Frames within the mail's frame are not shown, but by their policy's error page; the mail's own must stay where it is. */
  page.on('framenavigated', (frame) => {
    if (frame.parentFrame()?.parentFrame() || frame.url().split('#')[0] === `${server.origin}/frame-mail.html`) return;
    moves.push(frame.url());
  });
  page.on('popup', (popup) => moves.push(`popup ${popup.url()}`));
  return { page, moves, errors };
}

/** What the listening server was asked for, by the names of messages. */
const askedBy = (): string[] => [...new Set(asked.map((url) => mail[Number(url.split('/')[1])]?.name ?? url))];

function judge(outcomes: Outcome[], all: number): void {
  assert.equal(outcomes.length, all);
  assert.deepEqual(outcomes.filter((one) => one.ran).map((one) => one.name), [], 'scripts ran');
  assert.deepEqual(outcomes.filter((one) => !one.read).map((one) => one.name), [], 'not readable');
}

const settled = (page: Page): Promise<void> => page.waitForLoadState('networkidle');

const WAYS = [
  ['with all layers', true, true, false],
  ['without the server’s', false, true, true],
  ['without DOMPurify', true, false, true],
  ['without both', false, false, true],
] as const;
for (const [layers, served, purified, long] of WAYS)
  test(`${layers}: no request, no script, no navigation, and all can be read`, { skip: long && !LONG }, async () => {
    const { page, moves, errors } = await open();
    asked.length = 0;
    const shown = (served ? cleaned : mail).filter(({ isFlood }) => purified || !isFlood);
    const outcomes = (await page.evaluate(([list, way]) => (window as never as { postriderHostile(m: unknown, p: unknown): Promise<Outcome[]> }).postriderHostile(list, way), [shown, purified] as const)) as Outcome[];
    await settled(page);
    judge(outcomes, shown.length);
    assert.deepEqual(outcomes.filter((one) => one.height > HEIGHT_MAX).map((one) => one.name), [], 'too high');
    assert.deepEqual(askedBy(), []);
    assert.deepEqual(moves, []);
    if (purified) assert.deepEqual(errors, []);
  });

/* What of a policy no page can see the end of: names of hosts that links lead to are not looked up before somebody follows one. */
test('the page for mail has a policy of its own, under which nothing runs, loads or is looked up', async () => {
  const { page } = await open();
  const fields = await page.evaluate(async () => Object.fromEntries((await fetch('/frame-mail.html')).headers));
  assert.equal(fields['x-dns-prefetch-control'], 'off');
  assert.match(fields['content-security-policy']!, /^default-src 'none'.*img-src data: blob:;.*; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox$/);
  assert.doesNotMatch(fields['content-security-policy']!, /'self'(?!$|;)|https?:|allow-scripts|script-src/);
});

test('nothing is painted outside the frame', async () => {
  const { page } = await open();
  const covering = mail.find((one) => one.name === 'covers everything')!;
  await page.evaluate('postriderFrame()');
  const around = { x: 0, y: 150, width: 1200, height: 500 };
  const before = await page.screenshot({ clip: around });
  await page.evaluate((html) => {
    const own = window as never as { postriderRaw(frame: Element, html: string): void };
    own.postriderRaw(document.querySelector('iframe')!, html);
  }, covering.html.replaceAll('opacity:.01', ''));
  assert.ok((await page.screenshot({ clip: around })).equals(before));
});
