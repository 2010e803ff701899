/** Plain text as it is read: flowed lines, quotes, signatures, addresses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linked, readPlain, trimAddress, type Line } from '../src/features/reading/plain.ts';

const texts = (lines: Line[]): string[] => lines.map(({ quote, pieces }) => '>'.repeat(quote) + pieces.map((piece) => piece.text).join(''));

test('flowed lines are joined, fixed ones are not', () => {
  const text = 'One \r\ntwo \r\nthree\r\n\r\n> quoted \r\n> on\r\n>> deeper\r\n';
  assert.deepEqual(texts(readPlain(text, 'text/plain; format=flowed').own), ['One two three']);
  assert.deepEqual(texts(readPlain(text, 'text/plain; format=flowed').quoted), ['>quoted on', '>>deeper']);
  assert.deepEqual(texts(readPlain(text).own), ['One ', 'two ', 'three']);
  assert.deepEqual(texts(readPlain('ab \ncd', 'text/plain; FORMAT="flowed"; delsp=yes').own), ['abcd']);
  assert.deepEqual(texts(readPlain(' From me\n  two spaces', 'text/plain; format=flowed').own), ['From me', ' two spaces']);
});

test('a quote at the end is folded with the line before it, one in the middle is not', () => {
  const answer = readPlain('Yes.\n\nOn 3 May Anna wrote:\n> Shall we?\n>\n> Anna\n');
  assert.deepEqual(texts(answer.own), ['Yes.']);
  assert.deepEqual(texts(answer.quoted), ['On 3 May Anna wrote:', '>Shall we?', '>', '>Anna']);
  const between = readPlain('> Shall we?\nYes.\n> When?\nNow.\n');
  assert.equal(between.quoted.length, 0);
  assert.equal(readPlain('> only a quote\n').quoted.length, 0);
});

test('a signature is told from the text', () => {
  const { own, signature } = readPlain('Hello\n-- \nAnna\nExample Ltd\n');
  assert.deepEqual(texts(own), ['Hello']);
  assert.deepEqual(texts(signature), ['Anna', 'Example Ltd']);
  assert.deepEqual(readPlain('Hello\n--\nno signature\n').signature, []);
});

test('addresses are links, with nothing that only stands beside them', () => {
  const hrefs = (text: string): (string | undefined)[] => linked(text).filter((piece) => piece.href).map((piece) => piece.href);
  assert.deepEqual(hrefs('See https://example.com/a_(b), or www.example.com.'), ['https://example.com/a_(b)', 'https://www.example.com/']);
  assert.deepEqual(hrefs('(http://example.com)'), ['http://example.com/']);
  assert.deepEqual(hrefs('Write to anna@example.com!'), ['mailto:anna@example.com']);
  assert.deepEqual(hrefs('javascript:alert(1) data:text/html,x http:// ftp://x'), []);
  assert.equal(trimAddress('http://a/b...'), 'http://a/b');
  assert.deepEqual(linked('<b onclick=x>http://a.example/"onclick=1</b>').map((piece) => piece.text), ['<b onclick=x>', 'http://a.example/', '"onclick=1</b>']);
});

test('a text of any size is read', () => {
  assert.equal(readPlain('a@'.repeat(200_000)).own.length, 1);
  assert.equal(linked('('.repeat(100_000) + 'http://a' + ')'.repeat(100_000)).length, 1);
  assert.equal(readPlain('> '.repeat(100_000) + 'x').own[0]?.quote, 100_000);
  assert.equal(readPlain('x\n'.repeat(30_000)).own.length, 20_000);
});
