/**
 * The webmail beside Roundcube, on the same mail: for scripts/bench-webmail, which says in MAILDIR where the mail is, and in PEER where the
 * peer. Each action is measured from the key or the click until its result is on the screen. Without MAILDIR nothing is measured.
 */
import { test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { demo, launch, PATIENCE_MS, signedIn, type Server } from './server.ts';

const MAILDIR = process.env['MAILDIR'];
const PEER = process.env['PEER'];
const TIMES = Number(process.env['TIMES'] ?? 20);
const ALICE = 'alice@example.test';
/** In one conversation's subject alone. */
const RARE = '4240';

/** What there is to do in both, as expressions of the page: `row` is one of the list's rows, `shown` what names the message that can be read now. */
interface Client {
  name: string;
  page: Page;
  row: string;
  shown: string;
  open(at: number): Promise<void>;
  next(): Promise<void>;
  toEnd(): Promise<void>;
  toStart(): Promise<void>;
  search(text: string): Promise<void>;
  leaveSearch(): Promise<void>;
}

/** Milliseconds from the first key or click of `act` until `there` holds, and is painted. */
async function timed(page: Page, act: () => Promise<void>, there: string): Promise<number> {
  await page.evaluate(`void (window.measured = new Promise((resolve) => {
    let begun;
    const begin = () => (begun ??= performance.now());
    for (const kind of ['keydown', 'pointerdown']) addEventListener(kind, begin, { capture: true, once: true });
    const look = () => {
      if (begun !== undefined && (${there})) requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
      else requestAnimationFrame(look);
    };
    look();
  }))`);
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`never: ${there}`)), PATIENCE_MS).unref());
  await act();
  return Promise.race([page.evaluate('window.measured') as Promise<number>, late]);
}

/** From the reload to the first rows. */
async function reloaded({ page, row }: Client): Promise<number> {
  await page.reload({ waitUntil: 'commit' });
  return page.evaluate(`new Promise((resolve) => {
    const look = () => (document.querySelector(${JSON.stringify(row)}) ? requestAnimationFrame(() => resolve(performance.now())) : requestAnimationFrame(look));
    look();
  })`) as Promise<number>;
}

const text = (row: string, which: 'first' | 'last' = 'first'): string => `[...document.querySelectorAll(${JSON.stringify(row)})].at(${which === 'first' ? 0 : -1})?.textContent`;

async function measure(client: Client): Promise<Record<string, number[]>> {
  const { page, row, shown } = client;
  const found: Record<string, number[]> = {};
  const add = (what: string, ms: number): void => void (found[what] ??= []).push(ms);
  const value = (expression: string): Promise<string> => page.evaluate(`JSON.stringify((${expression}) ?? null)`);
  const changed = async (expression: string): Promise<string> => `JSON.stringify((${expression}) ?? null) !== ${JSON.stringify(await value(expression))}`;
  for (let time = 0; time < 5; time++) add('the list after a reload', await reloaded(client));
  for (let time = 0; time < TIMES; time++) add('a message opened by a click', await timed(page, () => client.open(2 + (time % 8)), `${await changed(shown)} && (${shown})`));
  for (let time = 0; time < TIMES; time++) add('the next one by a key', await timed(page, () => client.next(), `${await changed(shown)} && (${shown})`));
  for (let time = 0; time < TIMES / 2; time++) {
    add('to the end of the list', await timed(page, () => client.toEnd(), `${await changed(text(row, 'last'))} && ${text(row, 'last')}`));
    await timed(page, () => client.toStart(), `${await changed(text(row, 'last'))} && ${text(row, 'last')}`);
  }
  for (let time = 0; time < TIMES / 4; time++) {
    add('a word searched for', await timed(page, () => client.search(RARE), `${text(row)}?.includes(${JSON.stringify(RARE)})`));
    await client.leaveSearch();
    await page.waitForFunction(`!${text(row)}?.includes(${JSON.stringify(RARE)}) && ${text(row)}`);
  }
  return found;
}

async function ours(browser: Browser, server: Server): Promise<Client> {
  const page = await signedIn(browser, server, ALICE, { viewport: { width: 1400, height: 900 } });
  const row = '[data-list] [role=row][id]';
  const key = (name: string) => () => page.keyboard.press(name);
  return {
    name: 'postrider',
    page,
    row,
    shown: `document.querySelector('.conversation .message .plain') && document.querySelector('.conversation .message')?.dataset.message`,
    open: (at) => page.locator(row).nth(at).click(),
    next: key('j'),
    toEnd: key('End'),
    toStart: key('Home'),
    search: async (words) => {
      await page.keyboard.press('/');
      await page.keyboard.type(words);
      await page.keyboard.press('Enter');
    },
    leaveSearch: () => page.getByRole('button', { name: 'End the search' }).click(),
  };
}

async function roundcube(browser: Browser): Promise<Client> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(PEER!);
  await page.fill('[name=_user]', process.env['PEER_USER']!);
  await page.fill('[name=_pass]', process.env['PEER_PASSWORD']!);
  await page.click('#rcmloginsubmit');
  const row = '#messagelist tbody tr';
  await page.locator(row).first().waitFor();
  const frame = `document.querySelector('#messagecontframe').contentWindow`;
  return {
    name: 'roundcube',
    page,
    row,
    shown: `${frame}.document.querySelector('#messagebody') && ${frame}.rcmail?.env.uid`,
    open: (at) => page.locator(row).nth(at).click(),
    next: () => page.keyboard.press('ArrowDown'),
    toEnd: () => page.click('.lastpage'),
    toStart: () => page.click('.firstpage'),
    search: async (words) => {
      await page.click('#mailsearchform');
      await page.keyboard.type(words);
      await page.keyboard.press('Enter');
    },
    leaveSearch: () => page.click('.searchbar .reset'),
  };
}

const at = (list: readonly number[], part: number): number => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))] ?? NaN;

test('beside Roundcube', { skip: !MAILDIR && 'MAILDIR says where the mail is' }, async () => {
  const [server, browser] = await Promise.all([demo(), launch()]);
  try {
    server.run('mailbox', 'import', ALICE, MAILDIR!);
    const clients = [await ours(browser, server), ...(PEER ? [await roundcube(browser)] : [])];
    const found: Record<string, number[]>[] = [];
    for (const client of clients) {
      await client.page.locator(client.row).first().waitFor();
      found.push(await measure(client));
    }
    const cell = (list: readonly number[]): string => `${Math.round(at(list, 0.5))} (${Math.round(at(list, 0.95))})`;
    console.log(['', '| ms, median (p95) | postrider | roundcube | times as fast |', '|---|---|---|---|',
      ...Object.keys(found[0]!).map((what) => {
        const [own, other] = found.map((one) => one[what]!);
        return `| ${what} | ${cell(own!)} | ${other ? cell(other) : ''} | ${other ? (at(other, 0.5) / at(own!, 0.5)).toFixed(1) : ''} |`;
      }), ''].join('\n'));
  } finally {
    await browser.close();
    await server.stop();
  }
});
