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

test('whoever signs in sees the folders, and nothing is refused by the policy', async () => {
  const page = await signedIn(browser, server);
  await page.getByText('Drafts').first().waitFor();
  assert.deepEqual(page.errors, []);
});
