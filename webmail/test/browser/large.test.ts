/**
 * What a large account costs in the browser: MESSAGES of them (without it, nothing is measured). Prints a table of figures, and which scripts
 * the longest frames were of. HOUR: so many actions as somebody does in an hour, before memory is looked at. TIMES each action, PACE ms apart.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { demo, launch, signedIn } from './server.ts';
import { type Cost, longest, measure, memory, profiled, row, take, watch } from './speed.ts';

const MESSAGES = Number(process.env['MESSAGES'] ?? 0);
const HOUR = Number(process.env['HOUR'] ?? 1200);
const TIMES = Number(process.env['TIMES'] ?? 60);
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

async function isWhole(page: Page): Promise<boolean> {
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

const rows = (page: Page) => page.locator('[data-list] [role=row]');
const scroller = (page: Page) => page.locator('[data-list]').first();

/** Milliseconds from the address to the first rows. */
async function firstRows(page: Page): Promise<number> {
  await page.reload({ waitUntil: 'commit' });
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          if (document.querySelector('[role=row]')) requestAnimationFrame(() => resolve(performance.now()));
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
}

/** As somebody scrolls with a wheel: each step as soon as the one before is on the screen. */
async function wheel(page: Page, steps: number): Promise<void> {
  const box = (await scroller(page).boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  for (let step = 0; step < steps; step++) {
    await page.mouse.wheel(0, 400);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
}

async function actions(page: Page): Promise<Cost[]> {
  const press = (key: string) => async () => page.keyboard.press(key);
  const costs: Cost[] = [];
  await page.keyboard.press('j');
  costs.push(await measure(page, 'open', TIMES, press('Enter'), async () => {
    await page.keyboard.press('u');
    await page.keyboard.press('j');
  }));
  await page.keyboard.press('Enter');
  costs.push(await measure(page, 'next', TIMES, press('j')));
  costs.push(await measure(page, 'back to the list', TIMES, press('u'), press('Enter')));
  await page.keyboard.press('u');
  costs.push(await measure(page, 'archive', TIMES, press('e')));
  costs.push(await measure(page, 'undo', TIMES, press('z')));
  costs.push(await measure(page, 'jump in the list', TIMES, (n) => page.keyboard.press(n % 2 ? 'Home' : 'End')));
  await page.keyboard.press('Home');
  costs.push(await measure(page, 'select all', TIMES, press('Control+a'), press('Escape')));
  await page.keyboard.press('/');
  costs.push(await measure(page, 'search, each letter', TIMES, (n) => page.keyboard.type('meeting invoice gard'[n % 20]!)));
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await rows(page).first().waitFor();
  costs.push(await measure(page, 'scroll, 40 steps', 5, () => wheel(page, 40)));
  return costs;
}

/** What somebody does in an hour: reads, archives, takes back, looks for something, scrolls. */
async function hour(page: Page): Promise<void> {
  const keys = ['j', 'Enter', 'j', 'j', 'u', 'x', 'Escape', 'e', 'z', 's', 's', 'PageDown', 'PageDown', 'Home', 'End', 'Home'];
  for (let n = 0; n < HOUR; n++) {
    await page.keyboard.press(keys[n % keys.length]!);
    if (n % 60 !== 59) continue;
    await page.keyboard.press('/');
    await page.keyboard.type(`subject:${WORDS[n % 16]!}`);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/search/**');
    await rows(page).first().waitFor();
    await page.goBack();
    await page.waitForURL('**/mail/**');
    await rows(page).first().waitFor();
  }
}

async function loaded(page: Page): Promise<void> {
  const began = Date.now();
  await page.getByText('large', { exact: true }).first().click();
  await rows(page).first().waitFor();
  console.log(`first rows with nothing kept: ${Date.now() - began} ms after the start page`);
  while (!(await isWhole(page))) await new Promise((resolve) => setTimeout(resolve, 200));
  const { tasks } = await take(page);
  console.log(`all kept: ${Date.now() - began} ms; frames over 50 ms in the page meanwhile: ${JSON.stringify(tasks.filter(({ ms }) => ms > 50).map(({ ms, where }) => `${Math.round(ms)} of ${where}`))}`);
}

test('a large account', { skip: !MESSAGES && 'MESSAGES says how many' }, async () => {
  const [server, browser] = await Promise.all([demo(), launch()]);
  try {
    const file = path.join(server.folder, 'large.mbox');
    mbox(file);
    const began = Date.now();
    server.run('mailbox', 'import', ALICE, file, '--into', 'INBOX', '--format', 'mbox');
    console.log(`import of ${MESSAGES}: ${Date.now() - began} ms`);
    const page = await signedIn(browser, server);
    await watch(page);
    await page.reload();
    await profiled(page, 'first rows, until all is kept', () => loaded(page));
    const first: number[] = [];
    for (let time = 0; time < 5; time++) first.push(Math.round(await firstRows(page)));
    console.log(`first rows from the store: ${first.join(', ')} ms`);
    const costs = await actions(page);
    console.log(['', `| ${MESSAGES} messages | median ms | p95 ms | work ms | longest frame ms | frames over 50 ms |`, '|---|---|---|---|---|---|', ...costs.map(row), '', ...longest(costs), ''].join('\n'));
    const before = await memory(browser, page);
    await hour(page);
    const after = await memory(browser, page);
    const said = ({ page: own, workers, process }: typeof before): string => `${own.toFixed(1)} MB in the page, ${workers.toFixed(1)} MB in its worker, the process ${process.toFixed(0)} MB`;
    console.log(`memory: ${said(before)}; after ${HOUR} more actions: ${said(after)}`);
    console.log(`storage: ${JSON.stringify(await page.evaluate(async () => (await navigator.storage.estimate()).usage! / 1e6))} MB`);
    assert.deepEqual(page.errors, []);
  } finally {
    await browser.close();
    await server.stop();
  }
});
