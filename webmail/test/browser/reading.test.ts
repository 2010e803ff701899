/** A conversation is read: its messages, HTML in its frame, what is left out, attachments; by keys, in light and dark, without findings of axe. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { makeZip } from '../../src/base/zip.ts';
import { demo, eventually, holdNotices, launch, type Server, signedIn } from './server.ts';

declare const __ROOT__: string;

const axe = fs.readFileSync(path.join(__ROOT__, 'node_modules/axe-core/axe.min.js'), 'utf8');
let server: Server;
let browser: Browser;

/** Two letters a day apart: tests do not depend on today. */
function letter(fields: Record<string, string>, type: string, body: string): string {
  const head = { From: 'Anna Petrova <anna@example.net>', To: 'Alice <alice@example.test>, bob@example.test', 'MIME-Version': '1.0', 'Content-Type': type, ...fields };
  return `${Object.entries(head).map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${body}`;
}

const HTML = `<html><head><style>h1{color:#800}</style></head><body bgcolor="#ffffff"><h1>Figures</h1><p>They are <b>right</b> now.</p>
<img src="https://pictures.example/head.png" width="300" height="80"><img src="https://spy.example/p.gif" width="1" height="1"><img src="cid:own@example.net" alt="own">
<p><a href="https://evil.example/">https://bank.example/</a></p>
<div class="gmail_quote"><div class="gmail_attr">On Friday Bob wrote:</div><blockquote>Are they right?</blockquote></div></body></html>`;
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

function parts(boundary: string, ...all: string[]): string {
  return `${all.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
}

before(async () => {
  [server, browser] = await Promise.all([demo(), launch()]);
  const first = letter({ Subject: 'Figures', 'Message-ID': '<1@example.net>', Date: 'Fri, 27 Nov 2026 10:00:00 +0000' }, 'text/plain; charset=utf-8', 'Here they are: www.example.net/figures\r\n\r\nOn Thursday Bob wrote:\r\n> Where are they?\r\n');
  const related = parts('r', `Content-Type: text/html; charset=utf-8\r\n\r\n${HTML}`, `Content-Type: image/png\r\nContent-ID: <own@example.net>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n${PICTURE}`);
  const zip = Buffer.concat(makeZip([{ name: 'plan/inner.txt', octets: new TextEncoder().encode('x') as Uint8Array<ArrayBuffer> }])).toString('base64');
  const second = letter(
    { Subject: 'Re: Figures', 'Message-ID': '<2@example.net>', 'In-Reply-To': '<1@example.net>', References: '<1@example.net>', Date: 'Sat, 28 Nov 2026 10:00:00 +0000' },
    'multipart/mixed; boundary=m',
    parts(
      'm',
      `Content-Type: multipart/related; boundary=r\r\n\r\n${related}`,
      `Content-Type: application/zip\r\nContent-Disposition: attachment; filename=plan.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${zip}`,
      'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="invoice.pdf.exe"\r\n\r\nMZ',
      'Content-Type: text/html\r\nContent-Disposition: attachment; filename="page.txt"\r\n\r\n<script>top.ran=1</script>',
    ),
  );
  server.deliver('alice@example.test', first);
  server.deliver('alice@example.test', second);
  const list = { Subject: 'News', 'Message-ID': '<n@example.net>', Date: 'Sat, 28 Nov 2026 11:00:00 +0000', 'List-Unsubscribe': '<mailto:leave@example.net>, <https://list.example/leave?x=1>', 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
  server.deliver('alice@example.test', letter({ From: 'The List <list@example.net>', ...list }, 'text/html', '<p>Read all about it</p><img src="https://pictures.example/a.png"><img src="https://spy.example/p.gif" width="1" height="1"><table background="//pictures.example/b.png"><tr><td>x</td></tr></table>'));
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const frame = (page: Page) => page.frameLocator('.message-frame').last();

async function findings(page: Page): Promise<string[]> {
  return page.evaluate(async (source) => {
    /* The app's policy lets no script in but its own: this one comes by the debugger. */
    if (!('axe' in window)) (0, eval)(source);
    const run = (window as never as { axe: { run(context: unknown, options: unknown): Promise<{ violations: { id: string; nodes: { target: unknown; failureSummary: string }[] }[] }> } }).axe.run;
    const { violations } = await run({ include: ['.conversation'] }, { iframes: false, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${String(target)} ${failureSummary}`));
  }, axe);
}

test('a conversation is opened, its parts are read, and nothing is asked of others', async () => {
  const page = await signedIn(browser, server);
  const elsewhere: string[] = [];
  page.on('request', (request) => !request.url().startsWith(server.origin) && !/^(blob|data|wss):/.test(request.url()) && elsewhere.push(request.url()));
  await page.getByText('Figures').first().click();
  const text = frame(page);
  await text.getByText('They are right now.').waitFor();
  await page.locator('.plain').getByText('Here they are:').waitFor();

  assert.equal(await text.locator('h1').evaluate((element) => getComputedStyle(element).color), 'rgb(136, 0, 0)', 'its own style sheet holds');
  assert.equal(await text.getByText('Are they right?').isVisible(), false, 'what is quoted is folded');
  await text.locator('summary').click();
  await text.getByText('Are they right?').waitFor();
  await text.locator('img[alt=own]').evaluate((image) => (image as HTMLImageElement).decode());
  assert.match((await page.locator('.message-line-note').textContent()) ?? '', /One picture is on another host.*One tracker was left out/s);
  assert.equal(await page.locator('.plain a').getAttribute('href'), 'https://www.example.net/figures');
  // The frame is as high as what it shows, a moment later.
  await page.waitForFunction(() => {
    const frame = document.querySelector<HTMLIFrameElement>('.message-frame')!;
    return frame.clientHeight > 100 && frame.clientHeight >= frame.contentDocument!.documentElement.scrollHeight - 1;
  });
  assert.deepEqual(elsewhere, []);
  /* The test's own looks into the frame are scripts there, and are blocked like any other. */
  assert.deepEqual(page.errors.filter((error) => !/Blocked script execution in .*frame-mail/.test(error)), []);

  await text.getByText('https://bank.example/').click();
  await page.getByRole('dialog').getByText('evil.example', { exact: false }).first().waitFor();
  await page.getByRole('button', { name: 'Stay here' }).click();

  await page.locator('.message-line').last().click();
  await page.getByText('<2@example.net>').or(page.getByText('2@example.net')).first().waitFor();
});

test('attachments are told apart, looked at, and run nothing', async () => {
  const page = await signedIn(browser, server);
  await page.getByText('Figures').first().click();
  const cards = page.locator('.file');
  await cards.first().waitFor();
  assert.deepEqual(await page.locator('.file-name').allTextContents(), ['plan.zip', 'invoice.pdf.exe', 'page.txt']);
  assert.match((await cards.nth(1).textContent()) ?? '', /Can run a program/);
  await cards.nth(0).locator('.file-open').click();
  await page.getByRole('dialog').getByText('plan/inner.txt').waitFor();
  await page.keyboard.press('Escape');
  await cards.nth(1).locator('.file-open').click();
  await page.getByRole('button', { name: 'Leave it' }).click();
  await page.getByRole('button', { name: 'Save all' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save it', exact: true }).click()]);
  assert.equal(download.suggestedFilename(), 'Re_ Figures.zip');
  assert.equal(await page.evaluate('"ran" in window'), false);
});

test('what was searched for is marked in the message, whose text stays as it is', async () => {
  const page = await signedIn(browser, server);
  await page.goto(`${server.origin}/search/figures right`);
  await page.locator('[data-list] [role=row]').first().click();
  await frame(page).getByText('They are right now.').waitFor();
  const marks = (where: string): Promise<string[]> => page.evaluate(`[...(${where}.CSS.highlights.get('search') ?? [])].map(String)`);
  assert.deepEqual(await marks("document.querySelector('.message-frame').contentWindow"), ['Figures', 'right', 'right']);
  assert.deepEqual(await page.evaluate("document.querySelector('.message-frame').contentDocument.querySelectorAll('mark').length"), 0);
  await page.locator('.message-folded').first().click();
  await page.locator('.plain').getByText('Here they are').waitFor();
  assert.deepEqual(await marks('window'), ['figures']);
  await page.goto(`${server.origin}/mail/inbox`);
  await page.getByText('Figures').first().click();
  await frame(page).getByText('They are right now.').waitFor();
  assert.deepEqual(await marks("document.querySelector('.message-frame').contentWindow"), []);
});

test('names, subjects and file names are text, wherever they are shown', async () => {
  const bad = '<img src=x onerror=top.ran=1><script>top.ran=1</script>"\'`';
  const quoted = bad.replaceAll('"', '\\"');
  const words = '=?utf-8?b?' + Buffer.from(bad).toString('base64') + '?=';
  server.deliver('alice@example.test', letter({ From: `"${quoted}" <bad@example.net>`, To: `${words} <alice@example.test>`, Cc: `"${quoted}" <c@example.net>`, Subject: words, 'Reply-To': `${words} <r@example.net>`, 'List-Id': `${words} <list.example.net>`, Date: 'Sun, 29 Nov 2026 10:00:00 +0000' }, 'multipart/mixed; boundary=m', parts('m', 'Content-Type: text/plain\r\n\r\nHarmless', `Content-Type: text/calendar; name="${words}"\r\nContent-Disposition: attachment; filename="${words}.ics"\r\n\r\nBEGIN:VCALENDAR\r\nSUMMARY:${bad}\r\nEND:VCALENDAR`, `Content-Type: application/xml\r\nContent-Disposition: attachment; filename="a.xml"\r\n\r\n<?xml-stylesheet href="x.xsl"?><html xmlns="http://www.w3.org/1999/xhtml"><script>top.ran=1</script></html>`)));
  const page = await signedIn(browser, server);
  await page.getByText(bad).first().click();
  await page.locator('.plain').getByText('Harmless').waitFor();
  await page.locator('.message-line').last().click();
  for (const card of await page.locator('.file-open').all()) {
    await card.click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
  }
  await page.keyboard.press('Shift+O');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  await page.locator('[data-field=to]').getByText('onerror').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate('"ran" in window'), false);
  assert.equal(await page.locator('img[src=x]').count(), 0);
  assert.deepEqual(page.errors, []);
});

test('pictures elsewhere come by the server when they are asked for, and trackers never', async () => {
  const page = await signedIn(browser, server);
  const asked: string[] = [];
  await page.route('**/picture', (route) => {
    asked.push((route.request().postDataJSON() as { url: string }).url);
    return route.fulfill({ contentType: 'text/html', body: Buffer.from(PICTURE, 'base64') });
  });
  const left: string[] = [];
  await page.route('**/unsubscribe', (route) => {
    left.push((route.request().postDataJSON() as { url: string }).url);
    return route.fulfill({ status: 204 });
  });
  await page.getByText('News', { exact: true }).first().click();
  await frame(page).getByText('Read all about it').waitFor();
  assert.deepEqual(asked, []);
  await page.getByRole('button', { name: 'Always show from list@example.net' }).click();
  await page.getByText('Pictures were fetched by the server').waitFor();
  await page.waitForFunction(() => (document.querySelector('iframe')!.contentDocument!.images[0]?.naturalWidth ?? 0) === 1);
  await eventually(() => asked.length >= 2, 'both are asked for');
  assert.deepEqual(asked.sort(), ['https://pictures.example/a.png', 'https://pictures.example/b.png']);

  await page.locator('.message-tools').getByRole('button', { name: 'Actions of this message' }).click();
  await page.getByRole('menuitem', { name: 'Unsubscribe' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unsubscribe' }).click();
  await page.getByText('You have left the list').waitFor();
  assert.deepEqual(left, ['https://list.example/leave?x=1']);

  /* It holds for this sender from now on, in a new page too. */
  asked.length = 0;
  await page.reload();
  await page.waitForFunction(() => (document.querySelector('iframe')?.contentDocument?.images[0]?.naturalWidth ?? 0) === 1);
  await eventually(() => asked.length >= 2, 'both are asked for again');
  assert.equal(asked.length, 2);
});

test('a message of a conversation is starred, thrown away and taken back by itself; another row is answered as itself', async () => {
  const page = await signedIn(browser, server);
  await page.getByText('Figures').first().click();
  await frame(page).getByText('They are right now.').waitFor();
  const choose = async (name: string): Promise<void> => {
    await page.locator('.message').last().getByRole('button', { name: 'Actions of this message' }).click();
    await page.getByRole('menuitem', { name }).click();
  };
  await holdNotices(page);
  await choose('Star or unstar this message');
  await page.getByText('Message starred.').waitFor();
  await page.keyboard.press('z');
  await page.getByText('Undone: Message starred.').waitFor();
  await choose('Move this message to Trash');
  await page.getByText('Message moved to Trash.').waitFor();
  await page.locator('.message-frame').waitFor({ state: 'detached' });
  await page.locator('.message-current .plain, .message-folded').first().waitFor();
  await page.keyboard.press('z');
  await frame(page).getByText('They are right now.').waitFor();

  /* While this one is open, the menu of another row answers that row's mail. */
  await page.locator('[role=row]', { hasText: 'News' }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: /^Reply(?! to)/ }).click();
  await page.locator('.dock').getByText('The List').waitFor();
  await page.context().close();
});

test('on paper all messages are open and no composer lies over them; a row is printed as itself, and dragged out as a file', async () => {
  const page = await signedIn(browser, server);
  await page.evaluate(() => {
    window.print = () => {
      const seen = (selector: string): boolean => [...document.querySelectorAll(selector)].some((one) => (one as HTMLElement).offsetParent !== null);
      Object.assign(window, { printed: { open: document.querySelectorAll('.message').length, folded: document.querySelectorAll('.message-folded').length, dock: seen('.dock'), reply: seen('.reply-box'), filled: document.querySelector('iframe')?.contentDocument?.querySelector('.postrider-mail')?.textContent?.includes('right now') } });
    };
  });
  const printed = (): Promise<Record<string, unknown>> => page.waitForFunction(() => (window as never as { printed?: Record<string, unknown> }).printed).then((handle) => handle.jsonValue() as Promise<Record<string, unknown>>);
  // Who prints is not kept waiting for what comes late: all of it is here already.
  await page.locator('[role=row]', { hasText: 'Figures' }).click();
  await frame(page).getByText('They are right now.').waitFor();
  await page.locator('[role=row]', { hasText: 'News' }).click();
  await frame(page).getByText('Read all about it').waitFor();
  await page.keyboard.press('c');
  await page.locator('.dock .compose-frame').waitFor();
  await page.locator('[role=row]', { hasText: 'Figures' }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Print' }).click();
  assert.deepEqual(await printed().then(({ open, folded, filled }) => ({ open, folded, filled })), { open: 2, folded: 0, filled: true });
  await page.locator('.message-folded').waitFor();
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => window.print());
  assert.deepEqual(await printed().then(({ dock, reply }) => ({ dock, reply })), { dock: false, reply: false });
  await page.emulateMedia({ media: 'screen' });

  const file = await page.locator('[role=row]', { hasText: 'Figures' }).evaluate((row) => {
    const data = new DataTransfer();
    row.dispatchEvent(new DragEvent('dragstart', { bubbles: true, dataTransfer: data }));
    row.dispatchEvent(new DragEvent('dragend', { bubbles: true }));
    return data.getData('DownloadURL');
  });
  assert.match(file, /^message\/rfc822:Re_ Figures\.eml:https:\/\//);
  const text = await page.evaluate(async (url) => (await fetch(url)).text(), file.slice(file.indexOf('https://')));
  assert.match(text, /Message-ID: <2@example\.net>/);
  await page.context().close();
});

test('axe finds nothing, light and dark; keys work within the frame', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await signedIn(browser, server, 'alice@example.test', { colorScheme });
    await page.getByText('Figures').first().click();
    await frame(page).getByText('They are right now.').waitFor();
    assert.deepEqual(await findings(page), [], colorScheme);
    /* Right to left, with more contrast, with all that opens open, and at 400 %. */
    await page.evaluate(() => Object.assign(document.documentElement, { dir: 'rtl' }) && (document.documentElement.dataset['contrast'] = 'more'));
    await page.locator('.message-line').last().click();
    assert.deepEqual(await findings(page), [], `${colorScheme}, right to left, more contrast`);
    await page.setViewportSize({ width: 320, height: 640 });
    assert.deepEqual(await findings(page), [], `${colorScheme}, small`);
    const beside = await page.locator('.conversation').evaluate((element) => [element.scrollWidth, element.clientWidth]);
    assert.ok(beside[0]! <= beside[1]!, `nothing stands beside the page: ${beside}`);
    await page.setViewportSize({ width: 1280, height: 800 });
    if (colorScheme === 'dark') {
      const colours = await frame(page).locator('p').first().evaluate((element) => [getComputedStyle(element).color, getComputedStyle(element.ownerDocument.documentElement).backgroundColor]);
      const light = (text: string): number => Math.max(...text.match(/\d+/g)!.slice(0, 3).map(Number));
      assert.ok(light(colours[0]!) > 150 && light(colours[1]!) < 60, `light on dark: ${colours}`);
    }
    await frame(page).locator('p').first().click();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.context().close();
  }
});

test('many labels are folded, each conversation for itself; those that are asked for get the focus', async () => {
  const { ids } = await server.ask('alice@example.test', 'Email/query', { filter: { operator: 'OR', conditions: [{ subject: 'Figures' }, { subject: 'News' }] } });
  const labels = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`keywords/label-${i + 1}`, true]));
  await server.ask('alice@example.test', 'Email/set', { update: Object.fromEntries(ids.map((id: string) => [id, labels])) });
  const page = await signedIn(browser, server);
  const chips = page.locator('.conversation-title .label-chip-name');
  await page.getByText('Figures').first().click();
  await page.getByRole('button', { name: '3 more labels' }).click();
  await page.locator('.conversation-title .label-chip-name:focus').getByText('label-7').waitFor();
  assert.equal(await chips.count(), 9);
  await page.getByText('News', { exact: true }).first().click();
  await page.locator('#conversation-subject', { hasText: 'News' }).waitFor();
  await page.getByRole('button', { name: '3 more labels' }).waitFor();
  assert.equal(await chips.count(), 6);
  // No pictures come from elsewhere in a test.
  assert.deepEqual(page.errors.filter((one) => !one.startsWith('Failed to load resource')), []);
  await page.context().close();
});
