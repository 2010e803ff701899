/** What of showing mail needs no browser: colours for the dark, links that lie. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTRAST, contrast, darkBackground, darkText, fromLab, readColour, toLab, writeColour, type Colour } from '../src/features/reading/html/colour.ts';
import { mismatch, shownHost } from '../src/features/reading/html/links.ts';
import { beginsQuote } from '../src/features/reading/html/quotes.ts';
import { isKnownAuthor } from '../src/features/reading/pictures.ts';
import { waysOut } from '../src/features/reading/unsubscribe.ts';
import type { Verdict } from '../src/model/reading.ts';

const colour = (r: number, g: number, b: number): Colour => ({ r: r / 255, g: g / 255, b: b / 255, alpha: 1 });
const WHITE = colour(255, 255, 255);
const BLACK = colour(0, 0, 0);
const SURFACE = colour(16, 21, 25);

test('colours are read as computed styles write them, and written back', () => {
  assert.deepEqual(readColour('rgb(255, 0, 51)'), { r: 1, g: 0, b: 0.2, alpha: 1 });
  assert.equal(readColour('rgba(0, 0, 0, 0)')?.alpha, 0);
  assert.equal(readColour('rgb(1 2 3 / 50%)')?.alpha, 0.5);
  assert.equal(readColour('color(srgb 1 0 0)'), undefined);
  assert.equal(writeColour(colour(18, 52, 86)), 'rgba(18, 52, 86, 1)');
});

test('OKLab and back is the same colour', () => {
  for (const c of [WHITE, BLACK, colour(200, 30, 90), colour(10, 120, 40)]) assert.equal(writeColour(fromLab(toLab(c), 1)), writeColour(c));
  assert.ok(Math.abs(toLab(WHITE).l - 1) < 0.001);
});

test('white becomes dark, and keeps its hue; what is dark or strong stays', () => {
  assert.equal(writeColour(darkBackground(WHITE, SURFACE)), writeColour(SURFACE));
  const pale = colour(255, 235, 235);
  const made = toLab(darkBackground(pale, SURFACE));
  assert.ok(made.l < 0.35 && made.a > 0, 'a pale red becomes a dark red');
  for (const c of [BLACK, colour(20, 40, 90), colour(26, 115, 232), colour(200, 30, 30)]) assert.equal(darkBackground(c, SURFACE), c);
});

test('text can be read on whatever is behind it', () => {
  const dark = darkBackground(WHITE, SURFACE);
  for (const c of [BLACK, WHITE, colour(0, 0, 238), colour(120, 0, 0), colour(128, 128, 128), colour(255, 255, 0)])
    for (const back of [dark, colour(26, 115, 232), colour(40, 40, 40), colour(240, 240, 240)])
      assert.ok(contrast(darkText(c, back), back) >= CONTRAST - 0.01, `${writeColour(c)} on ${writeColour(back)}`);
  assert.equal(darkText(WHITE, dark), WHITE);
});

test('a text that looks like a host is known as one', () => {
  assert.equal(shownHost('www.example.com'), 'www.example.com');
  assert.equal(shownHost(' https://Example.com/path?x=1 '), 'example.com');
  assert.equal(shownHost('https://user@bank.example/x'), 'bank.example');
  assert.equal(shownHost('bücher.example'), 'xn--bcher-kva.example');
  for (const text of ['Click here', 'report.pdf', 'e.g. this', 'version 1.2', '', 'a.b c.d', 'Mr.Smith wrote']) assert.equal(shownHost(text), undefined, text);
});

test('a link that leads elsewhere than it says is told', () => {
  assert.deepEqual(mismatch('https://bank.example/login', 'https://evil.example/login'), { shown: 'bank.example', real: 'evil.example' });
  assert.deepEqual(mismatch('bank.example', 'https://bank.example.evil.example/'), { shown: 'bank.example', real: 'bank.example.evil.example' });
  assert.deepEqual(mismatch('bank.example', 'https://bank.example@evil.example/'), { shown: 'bank.example', real: 'evil.example' });
  for (const [text, href] of [
    ['bank.example', 'https://www.bank.example/x'],
    ['www.bank.example', 'https://bank.example'],
    ['bank.example', 'https://click.bank.example/r?u=1'],
    ['Read on', 'https://evil.example'],
    ['anna@example.com', 'mailto:anna@example.com'],
    ['bank.example', 'nonsense'],
  ] as const) assert.equal(mismatch(text, href), undefined, `${text} ${href}`);
});

test('a link says what a reader sees of it, whatever stands between', () => {
  for (const text of ['bank\u200b.example', 'b\u00adank.example', '\u2060bank.example\ufeff', 'bank\u3002example', 'ｂａｎｋ．example', '\u202abank.example\u202c'])
    assert.deepEqual(mismatch(text, 'https://evil.example/'), { shown: 'bank.example', real: 'evil.example' }, JSON.stringify(text));
});

test('a line that begins a quote is known, and no text holds up who looks for one', () => {
  assert.ok(beginsQuote(' -----Original Message----- '));
  assert.ok(beginsQuote('-- Ursprüngliche Nachricht --'));
  for (const text of ['Original Message', '-----', `${'\n'.repeat(500_000)}-`, `-----Original Message${' '.repeat(500_000)}`]) assert.ok(!beginsQuote(text), text.slice(0, 20));
});

test('what is known of an author only if something proves it: pictures for always, leaving a list by one click', () => {
  const verdict = (standing: Verdict['standing'], by: string[]): Verdict => ({ level: 'none', text: '', standing, domain: 'example.com', proven: standing === 'proven', by, policy: null, action: 'delivered', evidence: [] });
  assert.deepEqual([undefined, null, verdict(null, []), verdict('proven', ['spf']), verdict('unproven', ['list'])].map((one) => isKnownAuthor({ verdict: one })), [true, true, true, true, true]);
  assert.deepEqual([verdict('unproven', []), verdict('unknown', []), verdict('later', [])].map((one) => isKnownAuthor({ verdict: one })), [false, false, false]);
  const list = { 'header:List-Unsubscribe:asURLs': ['https://list.example/u'], 'header:List-Unsubscribe-Post:asText': 'List-Unsubscribe=One-Click' };
  assert.equal(waysOut({ ...list, verdict: verdict('proven', ['dkim']) }).oneClick, 'https://list.example/u');
  assert.deepEqual(waysOut({ ...list, verdict: verdict('proven', ['spf']) }), { oneClick: undefined, mailto: undefined, page: 'https://list.example/u' });
});
