/** What a large account costs in the browser: MESSAGES of them (without it, nothing is measured). Prints figures; fails at the limits that people notice. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { demo, launch, signedIn } from './server.ts';

const MESSAGES = Number(process.env['MESSAGES'] ?? 0);
const ALICE = 'alice@example.test';
const WORDS = 'budget meeting invoice garden report trip photos release schedule lunch contract review draft kitchen music school'.split(' ');

/** An mbox of messages of some hundred different people, in threads of up to five. */
function mbox(file: string): void {
  const out = fs.openSync(file, 'w');
  const start = Date.parse('2024-01-01T00:00:00Z');
  for (let at = 0; at < MESSAGES; at += 1000) {
    let text = '';
    for (let n = at; n < Math.min(at + 1000, MESSAGES); n++) {
      const date = new Date(start + n * 600_000).toUTCString().replace('GMT', '+0000');
      const word = (k: number): string => WORDS[(n * 7 + k * 13) % WORDS.length]!;
      const first = n - (n % 5);
      text += `From x Mon Jan  1 00:00:00 2024\nFrom: ${word(1)} ${word(2)} <p${n % 700}@example.net>\nTo: ${ALICE}\nSubject: ${n % 5 ? 'Re: ' : ''}${WORDS[first % 16]} ${first}\nDate: ${date}\nMessage-ID: <m${n}@example.net>\n${n % 5 ? `In-Reply-To: <m${first}@example.net>\nReferences: <m${first}@example.net>\n` : ''}\n${Array.from({ length: 40 }, (_, k) => word(k)).join(' ')}\n\n`;
    }
    fs.writeSync(out, text);
  }
  fs.closeSync(out);
}

async function about(page: Page): Promise<boolean> {
  return page.evaluate(async () => {
    const name = (await indexedDB.databases()).find((one) => one.name!.startsWith('postrider '))?.name;
    if (!name) return false;
    const db = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => resolve(opening.result);
    });
    const all = await new Promise<any[]>((resolve) => {
      const asking = db.transaction('about').objectStore('about').getAll();
      asking.onsuccess = () => resolve(asking.result);
    });
    db.close();
    return all.some((one) => one?.complete === true);
  });
}

test('a large account', { skip: !MESSAGES }, async () => {
  const [server, browser] = await Promise.all([demo(), launch()]);
  try {
    const file = path.join(server.folder, 'large.mbox');
    mbox(file);
    let began = Date.now();
    server.run('mailbox', 'import', ALICE, file, '--into', 'INBOX', '--format', 'mbox');
    console.log(`import of ${MESSAGES}: ${Date.now() - began} ms`);
    const page = await signedIn(browser, server);
    await page.evaluate(() => {
      const tasks: number[] = ((globalThis as any).longTasks = []);
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask', buffered: true });
    });
    await page.getByText('large', { exact: true }).first().click();
    began = Date.now();
    await page
      .locator('[role=row]')
      .first()
      .waitFor({ timeout: 30_000 })
      .catch(async (error) => {
        console.log(page.url(), await page.locator('body').innerText(), page.errors);
        throw error;
      });
    console.log(`first rows with nothing kept: ${Date.now() - began} ms after the start page`);
    while (!(await about(page))) await new Promise((resolve) => setTimeout(resolve, 200));
    console.log(`all kept: ${Date.now() - began} ms; long tasks in the page: ${JSON.stringify(await page.evaluate(() => (globalThis as any).longTasks))}`);
    for (let time = 0; time < 5; time++) {
      await page.reload({ waitUntil: 'commit' });
      const ms = await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const look = (): void => {
              if (document.querySelector('[role=row]')) requestAnimationFrame(() => resolve(performance.now()));
              else requestAnimationFrame(look);
            };
            look();
          }),
      );
      console.log(`first rows from the store: ${Math.round(ms)} ms`);
    }
    console.log(`storage: ${JSON.stringify(await page.evaluate(async () => (await navigator.storage.estimate()).usage! / 1e6))} MB`);
    assert.deepEqual(page.errors, []);
  } finally {
    await browser.close();
    await server.stop();
  }
});
