/** Large files as links: which go so, what they are called, for how long they are kept, and the block of the text that says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blank, newKey } from '../src/features/compose/draft/answer.ts';
import { type FileBlock, fitMail, linkedOf, namesFile, withBlock, withoutBlock } from '../src/features/compose/draft/fileBlocks.ts';
import { signatureBlock } from '../src/features/compose/draft/signature.ts';
import type { Draft } from '../src/features/compose/draft/types.ts';
import { choicesOf, utcDate } from '../src/features/files/choices.ts';
import { linkName } from '../src/model/fileLinks.ts';

const ALICE = { id: 'I1', name: 'Alice', email: 'alice@example.test', replyTo: null, bcc: null, textSignature: 'Alice', htmlSignature: '', mayDelete: false };
const KEY = newKey(() => new Uint8Array(20).fill(3));
const URL_1 = 'https://mail.example.test/file/A1-1-AAAAAAAAAAAAAAAAAAAAAA';
const BLOCK: FileBlock = { url: URL_1, name: 'film <1>.mp4', about: '1.2 GB, until 30 Dec 2026' };
const SECOND: FileBlock = { url: URL_1.replace('A1-1', 'A1-2'), name: 'b.zip', about: '30 MB, until 30 Dec 2026' };
const BLANK = '<div><br></div>';
const HTML = `<div class="postrider-file"><a href="${URL_1}" dir="auto">film &lt;1&gt;.mp4</a> (1.2 GB, until 30 Dec 2026)</div>`;
const SIGNATURE = signatureBlock(ALICE);
const QUOTE = '<div>On 3 May, Bob wrote:</div><blockquote type="cite"><div>Hi</div></blockquote>';

const draftOf = (mode: 'rich' | 'plain', text: string): Draft => ({ ...blank({ key: KEY, accountId: 'A', senders: [ALICE], usual: 'I1', mode }), to: [{ name: null, email: 'bob@example.test' }], subject: 'Film', ...(mode === 'rich' ? { html: text } : { text }) });
const html = (text: string): string => withBlock(draftOf('rich', text), BLOCK).html;
const plain = (text: string): string => withBlock(draftOf('plain', text), BLOCK).text;

test('a block of HTML stands below what is written, above the signature and the quote', () => {
  assert.equal(html(BLANK), BLANK + HTML + BLANK);
  assert.equal(html(`${BLANK}${BLANK}${SIGNATURE}`), BLANK + HTML + BLANK + SIGNATURE);
  assert.equal(html(`<div>Hello</div>${BLANK}${SIGNATURE}${BLANK}${QUOTE}`), `<div>Hello</div>${BLANK}${HTML}${BLANK}${SIGNATURE}${BLANK}${QUOTE}`);
  assert.equal(html(`<div>Hello</div>${BLANK}${QUOTE}`), `<div>Hello</div>${BLANK}${HTML}${BLANK}${QUOTE}`);
  assert.equal(html(`<div>Hello</div>${BLANK}<div>---------- Forwarded message ----------</div><div>x</div>`), `<div>Hello</div>${BLANK}${HTML}${BLANK}<div>---------- Forwarded message ----------</div><div>x</div>`);
  assert.equal(html('<div>Hello</div>'), `<div>Hello</div>${BLANK}${HTML}${BLANK}`);
  const two = withBlock(draftOf('rich', html(`<div>Hello</div>${BLANK}${SIGNATURE}`)), SECOND).html;
  assert.ok(two.includes(`${HTML}<div class="postrider-file"><a href="${SECOND.url}"`) && two.endsWith(BLANK + SIGNATURE), two);
});

test('a block of plain text stands there as well', () => {
  const lines = `film <1>.mp4 (1.2 GB, until 30 Dec 2026)\n${URL_1}\n`;
  assert.equal(plain(''), `\n${lines}`);
  assert.equal(plain('\n\n-- \nAlice'), `\n${lines}\n-- \nAlice`);
  assert.equal(plain('Hello\n\nOn 3 May, Bob wrote:\n> Hi\n'), `Hello\n\n${lines}\nOn 3 May, Bob wrote:\n> Hi\n`);
  assert.equal(plain('Hello'), `Hello\n\n${lines}`);
  assert.ok(withBlock(draftOf('plain', plain('Hello')), SECOND).text.includes(`${URL_1}\nb.zip (`));
});

test('a block is taken out, and words that somebody added stay', () => {
  const written = draftOf('rich', html('<div>Hello</div>'));
  assert.ok(namesFile(written, URL_1) && !namesFile(written, SECOND.url));
  assert.equal(withoutBlock(written, BLOCK).html, `<div>Hello</div>${BLANK}${BLANK}`);
  assert.equal(withoutBlock({ ...written, html: written.html.replace('2026)', '2026) Look at it') }, BLOCK).html, `<div>Hello</div>${BLANK}<div class="postrider-file"> (1.2 GB, until 30 Dec 2026) Look at it</div>${BLANK}`);
  const text = draftOf('plain', plain('Hello\n\n-- \nAlice'));
  assert.ok(namesFile(text, URL_1));
  assert.equal(withoutBlock(text, BLOCK).text, 'Hello\n\n-- \nAlice');
});

test('which files go as links', () => {
  assert.deepEqual(linkedOf([26e6, 24e6, 25e6], 0, 25, 1e9), [true, false, false]);
  assert.deepEqual(linkedOf([40e6], 0, 0, 1e9), [false]);
  assert.deepEqual(linkedOf([20e6, 20e6, 5e6], 10e6, 25, 50e6), [false, true, false]);
  // A file in a mail of 10 MB has 7.2 MB at most.
  assert.ok(fitMail(7.2e6, 10e6) && !fitMail(7.4e6, 10e6));
});

test('names are what the server takes', () => {
  assert.equal(linkName('../a\u202egpj.exe\n'), '.._agpj.exe_');
  assert.equal(linkName(' '), 'file');
  const long = linkName(`${'ü'.repeat(300)}.tar`);
  assert.ok(new TextEncoder().encode(long).length <= 255 && long.endsWith('ü.tar'), long);
});

test('for how long a file may be kept', () => {
  const now = new Date('2026-11-30T10:00:00.123Z');
  assert.deepEqual(choicesOf(30, now).map(({ days }) => days), [1, 3, 7, 14, 30]);
  assert.deepEqual(choicesOf(2, now).map(({ days }) => days), [1, 2]);
  assert.ok(choicesOf(2, now)[1]!.expires.getTime() < now.getTime() + 2 * 86_400_000);
  assert.equal(utcDate(now), '2026-11-30T10:00:00Z');
});
