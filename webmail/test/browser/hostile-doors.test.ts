/**
 * The layers that guard no HTML of a message, each with the others off: attachments, pictures of other hosts, and what other sites may ask of
 * the server in somebody's name; and the holes of others that have no HTML. What is tried goes through first where the layer is off, so that the
 * test can fail. Fields of answers are taken off on the way to the browser: the program has no switch for them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { hostileMail, MARK } from './hostile.ts';
import { listening } from './hostile-stage.ts';
import { demo, eventually, launch, PATIENCE_MS, type Server, signedIn } from './server.ts';

const ALICE = 'alice@example.test';
const LONG = process.env['WEBMAIL_LONG'] === '1';
const EVIL = 'https://evil.example';

let server: Server;
let browser: Browser;
let tracker: Awaited<ReturnType<typeof listening>>;
const asked: string[] = [];

const SCRIPT = `(self.top||self).${MARK}=1; self.document||postMessage('ran')`;
const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';
const FILES: [string, string][] = [
  ['page.html', `<script>top.${MARK}=1</script><img src=x onerror="top.${MARK}=1">`],
  ['page.xhtml', `<html ${XHTML}><script>top.${MARK}=1</script></html>`],
  ['picture.svg', `<svg xmlns="http://www.w3.org/2000/svg" onload="top.${MARK}=1"><script>top.${MARK}=1</script></svg>`],
  ['code.js', SCRIPT],
  ['sheet.css', `:root{--${MARK}:1}`],
];

/** How a page may use somebody's file, and the type that it asks for. */
const USES = [
  ['iframe', 'page.html', 'text/html'],
  ['object', 'page.html', 'text/html'],
  ['embed', 'page.html', 'text/html'],
  ['iframe', 'page.xhtml', 'application/xhtml+xml'],
  ['iframe', 'page.xhtml', 'text/xml'],
  ['iframe', 'picture.svg', 'image/svg+xml'],
  ['object', 'picture.svg', 'image/svg+xml'],
  ['script', 'code.js', 'text/javascript'],
  ['script', 'code.js', 'text/plain'],
  ['module', 'code.js', 'text/javascript'],
  ['import', 'code.js', 'text/javascript'],
  ['worker', 'code.js', 'text/javascript'],
  ['stylesheet', 'sheet.css', 'text/css'],
] as const;

before(async () => {
  tracker = await listening((request, response) => {
    asked.push(request.url!);
    response.end();
  });
  [server, browser] = await Promise.all([demo(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  tracker?.[0].close();
});

/** Takes fields off the answers for these paths, on their way to the browser. */
async function takeOff(on: Page | BrowserContext, paths: string, fields: readonly string[], body?: string): Promise<void> {
  await on.route(server.origin + paths, async (route) => {
    const answer = await route.fetch();
    const left = Object.fromEntries(Object.entries(answer.headers()).filter(([name]) => !fields.includes(name)));
    await route.fulfill({ response: answer, headers: left, ...(body === undefined ? {} : { body }) });
  });
}

const BARE = '<!doctype html><title>Bare</title><body>';
const POLICIES = ['content-security-policy', 'cross-origin-opener-policy', 'x-frame-options', 'x-content-type-options', 'referrer-policy'];

/** A page of the server's origin, of somebody who is signed in, without a policy and without the program. */
async function barePage(): Promise<Page> {
  const page = await signedIn(browser, server, ALICE, { serviceWorkers: 'block' });
  await takeOff(page, '/mail/archive', POLICIES, BARE);
  await page.goto(`${server.origin}/mail/archive`);
  return page;
}

function multipart(files: readonly { name: string; type: string; text: string | Buffer }[], subject: string): string {
  const parts = files.map(({ name, type, text }) => `--b\nContent-Type: ${type}\nContent-Disposition: attachment; filename="${name}"\nContent-Transfer-Encoding: base64\n\n${Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\n')}\n`);
  return `From: a@example.net\nTo: ${ALICE}\nSubject: ${subject}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHarmless\n${parts.join('')}--b--\n`;
}

async function find(subject: string): Promise<any> {
  const { ids } = await server.ask(ALICE, 'Email/query', { filter: { subject } });
  const { list } = await server.ask(ALICE, 'Email/get', { ids: ids.slice(0, 1), properties: ['id', 'attachments', 'keywords'] });
  return list[0];
}

interface Use {
  how: string;
  url: string;
}

/** Runs in the page. Whether what was asked for ran or was used; `patience`: for so many ms it may come late. */
async function use({ how, url, mark, patience }: Use & { mark: string; patience: number }): Promise<boolean> {
  Reflect.deleteProperty(window, mark);
  const over = new Promise<void>((resolve) => {
    const done = (): void => resolve();
    const add = (name: string, fields: Record<string, string>): void => void document.body.append(Object.assign(document.createElement(name), { onload: done, onerror: done }, fields));
    if (how === 'worker') {
      const worker = new Worker(url);
      worker.onmessage = () => ((Object.assign(window, { [mark]: 1 }), done()));
      worker.onerror = done;
    } else if (how === 'import') void import(url).then(done, done);
    else if (how === 'module') add('script', { type: 'module', src: url });
    else if (how === 'stylesheet') add('link', { rel: 'stylesheet', href: url });
    else if (how === 'object') add('object', { data: url });
    else add(how, { src: url });
  });
  /* A frame whose answer is a download has nothing to load, and says nothing: then another frame that came behind it has. */
  const behind = new Promise<void>((resolve) => {
    if (how !== 'iframe' && how !== 'embed' && how !== 'object') return;
    void fetch(url).then(() => document.body.append(Object.assign(document.createElement('iframe'), { src: '/frame-mail.html', onload: () => setTimeout(resolve, 100) })));
  });
  await Promise.race([over, behind]);
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 20)));
  const isUsed = (): boolean => mark in window || getComputedStyle(document.documentElement).getPropertyValue(`--${mark}`) !== '';
  for (const end = performance.now() + patience; !isUsed() && performance.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 20));
  return isUsed();
}

test('attachments: as they are given out, no page can run or use them, whatever type it asks for', async () => {
  server.deliver(ALICE, multipart(FILES.map(([name, text]) => ({ name, type: 'application/octet-stream', text })), 'Doors'));
  const { attachments } = await find('Doors');
  const blobs = new Map<string, string>(attachments.map((one: { name: string; blobId: string }) => [one.name, one.blobId]));
  const page = await barePage();
  const url = (name: string, type: string): string => `/jmap/download/A1/${blobs.get(name)}/${name}?type=${encodeURIComponent(type)}`;
  const ran = async (patience = 0): Promise<string[]> => {
    const found: string[] = [];
    for (const [how, name, type] of USES) if (await page.evaluate(use, { how, url: `${url(name, type)}&as=${how}`, mark: MARK, patience })) found.push(`${how} ${type}`);
    return found;
  };
  assert.deepEqual(await ran(), []);
  const [download] = await Promise.all([page.waitForEvent('download'), page.goto(server.origin + url('page.html', 'text/html')).catch(() => undefined)]);
  assert.equal(download.suggestedFilename(), 'page.html');
  /* The control: the same octets, of the types that are asked for, with nothing else. */
  await page.route('**/jmap/download/**', (route) => {
    const at = new URL(route.request().url());
    const file = FILES.find(([name]) => at.pathname.endsWith(`/${name}`));
    return file ? route.fulfill({ contentType: at.searchParams.get('type')!, body: file[1] }) : route.fulfill({ status: 404 });
  });
  assert.deepEqual(await ran(PATIENCE_MS), USES.map(([how, , type]) => `${how} ${type}`));
  await page.context().close();
});

test('pictures: the server fetches none from an address that is not public', async () => {
  const urls = hostileMail(tracker[1]).flatMap(({ html, isFlood }): string[] => (isFlood ? [] : (html.match(/https?:\/\/127\.0\.0\.1:\d+\/[\w/.]+/g) ?? [])));
  const page = await barePage();
  const [host, port] = [new URL(tracker[1]).hostname, new URL(tracker[1]).port];
  const others = ['localhost', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '127.0.0.1.', '0'].flatMap((name) => [`http://${name}:${port}/`, `https://${name}/`]);
  const statuses = await page.evaluate(async (all) => {
    const found = new Set<number>();
    for (const url of all) found.add((await fetch('/picture', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url }) })).status);
    return [...found];
  }, [...new Set([...urls, ...others, `//${host}:${port}/`])]);
  assert.deepEqual(statuses.filter((status) => ![400, 404, 502].includes(status)), []);
  assert.deepEqual([...asked], []);
  /* Asked by the browser itself, the same addresses tell that somebody reads. */
  await page.goto(`${tracker[1]}/page`);
  const some = urls.slice(0, 9);
  await page.evaluate((all) => all.forEach((src) => document.body.append(Object.assign(new Image(), { src }))), some);
  await eventually(() => some.every((url) => asked.includes(new URL(url).pathname)), () => `asked: ${asked}`);
  await page.context().close();
});

/** What a page of another site tries with the browser of somebody who is signed in. Each changes something, if it is let. */
async function attack(page: Page, change: string): Promise<void> {
  await page.evaluate(
    async ({ origin, body }) => {
      await fetch(`${origin}/jmap/api`, { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'content-type': 'text/plain' }, body }).catch(() => undefined);
      await fetch(`${origin}/jmap/api`, { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body }).catch(() => undefined);
      await fetch(`${origin}/auth/logout`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: new URLSearchParams() }).catch(() => undefined);
      await new Promise<void>((resolve) => {
        const socket = new WebSocket(`${origin.replace('https', 'wss')}/jmap/ws`, 'jmap');
        socket.onopen = () => socket.send(JSON.stringify({ '@type': 'Request', ...JSON.parse(body) }));
        socket.onmessage = socket.onclose = () => resolve();
      });
      const form = document.createElement('form');
      const frame = document.createElement('iframe');
      frame.name = 'target';
      const answered = new Promise((resolve) => (frame.onload = resolve));
      document.body.append(frame, form);
      Object.assign(form, { action: `${origin}/auth/logout`, method: 'post', target: 'target' });
      await answered;
      const sent = new Promise((resolve) => (frame.onload = resolve));
      form.submit();
      await sent;
    },
    { origin: server.origin, body: change },
  );
}

test('other sites: no cookie goes with what they ask for; if one did, the server would refuse it', async () => {
  server.deliver(ALICE, `From: a@example.net\nTo: ${ALICE}\nSubject: Target\n\nText\n`);
  const { id } = await find('Target');
  const change = JSON.stringify({ using: ['urn:ietf:params:jmap:core', 'urn:ietf:params:jmap:mail'], methodCalls: [['Email/set', { accountId: 'A1', update: { [id]: { 'keywords/taken': true } } }, 'a']] });
  const own = await barePage();
  const context = own.context();
  await context.route(`${EVIL}/**`, (route) => route.fulfill({ contentType: 'text/html', body: BARE }));
  const cookies: string[] = [];
  context.on('request', async (request) => {
    if (!request.url().startsWith(`${server.origin}/`) || request.frame().url() !== `${EVIL}/`) return;
    const fields = await request.allHeaders().catch(() => ({}) as Record<string, string>);
    if (fields['cookie']) cookies.push(request.url());
  });
  const evil = await context.newPage();
  const isUnchanged = async (what: string): Promise<void> => {
    assert.deepEqual(Object.keys((await find('Target')).keywords), [], what);
    assert.equal(await own.evaluate(async () => (await fetch('/jmap/session')).status), 200, what);
  };

  await evil.goto(EVIL);
  await attack(evil, change);
  await isUnchanged('as it is');
  assert.deepEqual(cookies, [], 'the browser sends no cookie');
  const [cookie] = (await context.cookies(server.origin)).filter(({ name }) => name !== 'language');
  assert.deepEqual({ name: cookie!.name, httpOnly: cookie!.httpOnly, secure: cookie!.secure, sameSite: cookie!.sameSite, path: cookie!.path }, { name: '__Host-postrider', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });

  /* Without what SameSite says, the browser sends it. */
  await context.clearCookies();
  await context.addCookies([{ ...cookie!, sameSite: 'None' }]);
  await evil.goto(EVIL);
  await attack(evil, change);
  await isUnchanged('with the cookie');
  await eventually(() => cookies.length > 0, 'the cookie goes with what another site asks for');

  /* The control: the server's own page may. */
  await own.evaluate((body) => fetch('/jmap/api', { method: 'POST', headers: { 'content-type': 'application/json' }, body }), change);
  assert.deepEqual(Object.keys((await find('Target')).keywords), ['taken']);
  await context.close();
});

/** What another site gets hold of: a picture of ours, a page of ours in a frame, a window of ours. */
async function reach(page: Page): Promise<{ picture: boolean; frame: boolean; window: boolean }> {
  return page.evaluate(async (origin) => {
    const picture = new Image();
    const loaded = new Promise<boolean>((resolve) => Object.assign(picture, { onload: () => resolve(true), onerror: () => resolve(false), src: `${origin}/icon.svg` }));
    const frame = document.createElement('iframe');
    const framed = new Promise((resolve) => (frame.onload = resolve));
    frame.src = `${origin}/mail/inbox`;
    document.body.append(frame);
    const opened = window.open(`${origin}/mail/archive`)!;
    await framed;
    /* A page in a frame has frames of its own; the browser's error page has none. */
    return { picture: await loaded, frame: frame.contentWindow!.length > 0, window: await new Promise<boolean>((resolve) => {
      /* A window that another group of pages got is closed for us; one that is ours has the frame that was put into it. */
      const look = setInterval(() => {
        if (!opened.closed && opened.length === 0) return;
        clearInterval(look);
        resolve(!opened.closed);
      }, 20);
    }) };
  }, server.origin);
}

test('other sites: they show no page of ours, load none of our files, and hold no window', async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, serviceWorkers: 'block' });
  await context.route(`${EVIL}/**`, (route) => route.fulfill({ contentType: 'text/html', body: BARE }));
  const page = await context.newPage();
  await page.goto(EVIL);
  assert.deepEqual(await reach(page), { picture: false, frame: false, window: false });
  const within = `${BARE}<iframe srcdoc="x"></iframe>`;
  for (const at of ['/mail/inbox', '/mail/archive']) await takeOff(context, at, POLICIES, within);
  await takeOff(context, '/icon.svg', ['cross-origin-resource-policy']);
  await page.goto(EVIL);
  assert.deepEqual(await reach(page), { picture: true, frame: true, window: true });
  await context.close();
});

/* A winmail.dat (MS-OXTNEF) whose one file has such a name, and says such a type of itself. */
function winmail(words: string): Buffer {
  const attribute = (level: number, id: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head[0] = level;
    head.writeUInt32LE(id, 1);
    head.writeUInt32LE(data.length, 5);
    const sum = Buffer.alloc(2);
    sum.writeUInt16LE(data.reduce((a, b) => (a + b) & 0xffff, 0));
    return Buffer.concat([head, data, sum]);
  };
  const text = Buffer.from(`${words}\0`, 'latin1');
  const number = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);
  /* One property: PidTagAttachMimeTag. */
  const type = Buffer.concat([number(1), number(0x370e001e), number(1), number(text.length), text, Buffer.alloc((4 - (text.length % 4)) % 4)]);
  return Buffer.concat([
    Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1, 0]),
    attribute(2, 0x00069002, Buffer.alloc(14)),
    attribute(2, 0x00018010, text),
    attribute(2, 0x0006800f, Buffer.from(`<script>top.${MARK}=1</script>`)),
    attribute(2, 0x00069005, type),
  ]);
}

for (const [how, isBare] of [['under the program’s policy', false], ['without the program’s policy', true]] as const)
  test(`a draft’s subject, what winmail.dat says, fields of calendars, and XML are text: ${how}`, { skip: isBare && !LONG }, async () => {
    const bad = `<img src=x onerror=top.${MARK}=1><script>top.${MARK}=1</script>"'\``;
    const calendar = `BEGIN:VCALENDAR\r\nMETHOD:COUNTER\r\nBEGIN:VEVENT\r\n${['SUMMARY', 'LOCATION', 'DESCRIPTION', 'URL'].map((name) => `${name}:${bad}\r\n`).join('')}ATTENDEE;CN="${bad.replaceAll('"', '')}":mailto:a@example.net\r\nX-ALT-DESC;FMTTYPE=text/html:<details open ontoggle=top.${MARK}=1>\r\nATTACH:${tracker[1]}/attach\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
    const xml = (root: string): string => `<?xml version="1.0"?><?xml-stylesheet href="${tracker[1]}/xsl"?><!DOCTYPE x SYSTEM "${tracker[1]}/dtd">${root}`;
    const files = [
      { name: 'winmail.dat', type: 'application/ms-tnef', text: winmail(bad) },
      { name: 'event.ics', type: 'text/calendar; method=COUNTER', text: calendar },
      { name: 'a.xml', type: 'text/xml', text: xml(`<html ${XHTML}><script>top.${MARK}=1</script></html>`) },
      { name: 'b.xml', type: 'application/xml', text: xml(`<html ${XHTML}><script>top.${MARK}=1</script></html>`) },
      { name: 'c.svg', type: 'image/svg+xml', text: FILES[2]![1] },
    ];
    const subject = `Holes ${Number(isBare)}`;
    server.deliver(ALICE, multipart(files, subject));
    server.deliver(ALICE, `From: ${ALICE}\nTo: b@example.net\nSubject: Draft${Number(isBare)} ${bad}\n\nText\n`, 'Drafts');
    const draft = await find(`Draft${Number(isBare)}`);
    await server.ask(ALICE, 'Email/set', { update: { [draft.id]: { 'keywords/$draft': true } } });
    const page = await signedIn(browser, server, ALICE, { serviceWorkers: 'block' });
    if (isBare) await takeOff(page, '/mail/**', ['content-security-policy']);
    await page.goto(`${server.origin}/mail/inbox`);
    asked.length = 0;
    await page.getByText(subject, { exact: true }).first().click();
    await page.locator('.file-open').first().waitFor();
    const shown: string[] = [];
    for (const card of await page.locator('.file-open').all()) {
      await card.click();
      const dialog = page.getByRole('dialog');
      await dialog.locator('.preview-text, .preview-list, [role=alert], .dialog-text').first().waitFor();
      shown.push(await dialog.innerText());
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    }
    assert.ok(shown.filter((text) => text.includes('onerror')).length >= 2, `of winmail.dat and the calendar, the words are shown: ${shown.join('\n---\n')}`);
    await page.goto(`${server.origin}/mail/drafts`);
    await page.getByText(`Draft${Number(isBare)}`).first().click();
    await page.waitForFunction((words) => [...document.querySelectorAll('input')].some((one) => one.value.includes(words)), `Draft${Number(isBare)} ${bad}`);
    assert.equal(await page.evaluate((mark) => mark in window, MARK), false);
    assert.equal(await page.locator('img[src=x]').count(), 0);
    assert.deepEqual(asked, []);
    await page.context().close();
  });
