/**
 * Each layer that a message's HTML goes through, alone, with all others off: what gets past it is stated in a table, name by name. What is not
 * named there is stopped by that layer alone. Without any layer all of it happens: so the table can be wrong. The other layers, which guard no
 * HTML, are in hostile-doors.test.ts; doc/security.md numbers all nine.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { cleanedByServer } from './hostile-clean.ts';
import type { Shown } from './hostile-alone-page.ts';
import { openStage, type Layer, type Stage } from './hostile-stage.ts';
import { hostileMail } from './hostile.ts';
import { demo, eventually, launch, type Server } from './server.ts';

const LONG = process.env['WEBMAIL_LONG'] === '1';

let server: Server;
let browser: Browser;
let stage: Stage;

const inBoth = (...names: string[]): string[] => names.flatMap((name) => [name, `${name}, in the head`]);

/** They lead the page elsewhere. */
const LEAVES = ['form', ...inBoth('meta refresh')];
const MOVES = [...LEAVES, 'link to data'];
const PINGS = inBoth('anchor ping');
/** What Chromium loads of the corpus, and what runs in it, where nothing stands in the way. The rest is for other browsers. */
const LOADS = [
  'img', 'img srcset', 'img with a break in the scheme', 'img with every lazy attribute', 'img without a scheme', 'input image', 'picture source', 'background attribute of a table',
  'background attribute of body', 'SVG image', 'SVG feImage', 'SVG fill', 'SVG fill by CSS escapes', 'SVG animate sets a source', 'video', 'video source and track', 'audio', 'object', 'embed',
  'iframe', 'iframe srcdoc', 'script', 'noembed, noframes, xmp, plaintext, textarea, title', 'template and shadow root',
  ...inBoth('stylesheet', 'prefetch and its kin', 'base', '@import', '@import by escapes', '@font-face', 'background', 'background without a scheme', 'background by escapes', 'unclosed url'),
  ...inBoth('image-set', 'cross-fade and image', 'list, cursor, content, mask, border, shape', 'variable that holds a url', 'rules by hover, media, layer, container and scope'),
  ...inBoth('attribute selector tells secrets', 'style that closes itself late'), ...LEAVES, ...PINGS,
];
const LINKS_THAT_RUN = ['link to a script', 'link in SVG to a script'];
const RUNS = [
  'script', 'event attributes', 'details ontoggle', 'animation events', 'SVG script and onload', 'SVG onrepeat', 'SVG foreignObject', 'iframe srcdoc', 'object of a script', 'noscript',
  'noembed, noframes, xmp, plaintext, textarea, title', 'template and shadow root', 'mutation by SVG and style', 'comment that ends early', ...LINKS_THAT_RUN,
];
/** Of no use within a page that is there already: they are for who parses a page. */
const PARSED_ONLY = ['background attribute of body', 'script', 'SVG script and onload', 'template and shadow root'];

interface Past {
  asked: string[];
  ran: string[];
  moved: string[];
}
const NOTHING: Past = { asked: [], ran: [], moved: [] };
const without = (all: readonly string[], ...less: readonly string[]): string[] => all.filter((name) => !less.includes(name));

/** What gets past each of them, of a message that is the page of its frame. */
const TABLE: { layer: Layer; past: Past; isLong: boolean }[] = [
  { layer: 'none', past: { asked: LOADS, ran: RUNS, moved: MOVES }, isLong: false },
  { layer: 'server', past: NOTHING, isLong: false },
  { layer: 'purifier', past: NOTHING, isLong: false },
  /* It forbids what a page does by itself, and nothing that it loads. A frame that leads itself to data: is still in the sandbox. */
  { layer: 'sandbox', past: { asked: without(LOADS, ...LEAVES), ran: [], moved: ['link to data'] }, isLong: false },
  /* A policy says what a page loads and runs, not where it goes. */
  { layer: 'frame policy', past: { asked: inBoth('meta refresh'), ran: [], moved: without(MOVES, 'form') }, isLong: false },
  /* Of a frame it says only what pages may be in it: instead of others the browser shows its own error. The rest of it is in the next table. */
  { layer: 'app policy', past: { asked: without(LOADS, ...LEAVES), ran: RUNS, moved: MOVES }, isLong: true },
  { layer: 'trusted types', past: { asked: LOADS, ran: RUNS, moved: MOVES }, isLong: true },
  { layer: 'links', past: { asked: without(LOADS, ...PINGS), ran: without(RUNS, ...LINKS_THAT_RUN), moved: without(MOVES, 'link to data') }, isLong: true },
];

/** What gets past them of HTML that is written into the program's own page. */
const WITHIN: { layer: Layer; past: Past; isLong: boolean }[] = [
  { layer: 'none', past: { asked: without(LOADS, ...PARSED_ONLY), ran: [...without(RUNS, ...PARSED_ONLY), 'SVG animate by'], moved: LEAVES }, isLong: false },
  { layer: 'trusted types', past: NOTHING, isLong: false },
  { layer: 'app policy', past: { ...NOTHING, asked: inBoth('meta refresh'), moved: inBoth('meta refresh') }, isLong: true },
];

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  const { request } = await browser.newContext({ ignoreHTTPSErrors: true });
  const [app, frame] = await Promise.all(['/mail/inbox', '/frame-mail.html'].map((at) => request.get(server.origin + at)));
  stage = await openStage({ app: app!.headers()['content-security-policy']!, frame: frame!.headers()['content-security-policy']! });
  stage.framePage = await frame!.text();
  stage.mail = hostileMail(stage.tracker);
  stage.cleaned = await cleanedByServer(server, browser, stage.mail);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  stage?.close();
});

/* What is there to hold up says nothing of a layer, and holds up those without limits. */
const numbers = (): number[] => stage.mail.flatMap(({ name, isFlood }, n) => (isFlood || name === 'hundred thousand open tags' ? [] : [n]));
const nameOf = (n: number): string => stage.mail[n]!.name;

async function open(layer: Layer): Promise<Page> {
  stage.layer = layer;
  stage.asked.length = 0;
  const page = await (await browser.newContext()).newPage();
  await page.goto(stage.origin);
  await page.waitForFunction('window.stage');
  return page;
}

/** The names of those for which the listening server was asked. */
const asked = (): string[] => [...new Set(stage.asked.flatMap(({ path }) => /^\/(\d+)\//.exec(path)?.[1] ?? []))].map((n) => nameOf(Number(n)));

const sorted = ({ asked: loaded, ran, moved }: Past): Past => ({ asked: [...loaded].sort(), ran: [...ran].sort(), moved: [...moved].sort() });

/** Each of them did so; what nobody expects is seen afterwards. */
async function all(expected: readonly string[], look: () => Promise<string[]>, what: string): Promise<void> {
  let found: string[] = [];
  await eventually(async () => (found = await look()) && expected.every((name) => found.includes(name)), () => `${what}: ${without(expected, ...found).join('; ')}`);
}

for (const { layer, past, isLong } of TABLE)
  test(`in its frame, with one layer: ${layer}`, { skip: isLong && !LONG }, async () => {
    const page = await open(layer);
    const shown = async (is: (one: Shown) => boolean): Promise<string[]> => ((await page.evaluate('stage.look()')) as [number, Shown][]).filter(([, one]) => is(one)).map(([n]) => nameOf(n));
    const [ran, moved] = [(): Promise<string[]> => shown((one) => one.ran), (): Promise<string[]> => shown((one) => one.moved)];
    await page.evaluate(([list, on]) => (window as never as { stage: { show(list: number[], layer: string): Promise<void> } }).stage.show(list, on), [numbers(), layer] as const);
    await all(past.asked, async () => asked(), 'asked for');
    await all(past.ran, ran, 'ran');
    await all(past.moved, moved, 'moved');
    await stage.settled();
    assert.deepEqual(sorted({ asked: asked(), ran: await ran(), moved: await moved() }), sorted(past));
    if (past === NOTHING) assert.deepEqual(await shown((one) => !one.read), [], 'not readable');
    await page.context().close();
  });

for (const { layer, past, isLong } of WITHIN)
  test(`in the program’s own page, with one layer: ${layer}`, { skip: isLong && !LONG }, async () => {
    const page = await open(layer);
    const write = (list: number[]): Promise<void> => page.evaluate((numbers) => (window as never as { stage: { write(list: number[]): Promise<void> } }).stage.write(numbers), list);
    const ran = async (): Promise<string[]> => ((await page.evaluate('stage.ran()')) as number[]).map(nameOf);
    const leaving = numbers().filter((n) => LEAVES.includes(nameOf(n)));
    await write(numbers().filter((n) => !leaving.includes(n)));
    await all(without(past.asked, ...LEAVES), async () => asked(), 'asked for');
    await all(past.ran, ran, 'ran');
    await stage.settled();
    const found: Past = { asked: asked(), ran: await ran(), moved: [] };
    for (const n of leaving) {
      await page.goto(stage.origin);
      await page.waitForFunction('window.stage');
      stage.asked.length = 0;
      const isLed = past.moved.includes(nameOf(n));
      /* A page that is led away takes the answer with it. */
      await write([n]).catch((error) => assert.ok(isLed, String(error)));
      if (isLed) await page.waitForURL(`${stage.tracker}/**`);
      else await stage.settled();
      if (page.url().startsWith(stage.tracker)) found.moved.push(nameOf(n));
      found.asked.push(...asked());
    }
    assert.deepEqual(sorted(found), sorted(past));
    await page.context().close();
  });
