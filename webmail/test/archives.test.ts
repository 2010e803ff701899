/** Archives: what is made can be read again, by another program too, and what is damaged is no list. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { readTnef } from '../src/base/tnef.ts';
import { crc32, distinct, listZip, makeZip } from '../src/base/zip.ts';

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const joined = (parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));

test('an archive is read by Python, and listed by us', () => {
  const made = joined(makeZip([{ name: 'a.txt', octets: bytes('first') }, { name: 'a.txt', octets: bytes('second') }, { name: 'бумага.pdf', octets: bytes('') }]));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'zip-'));
  fs.writeFileSync(path.join(folder, 'x.zip'), made);
  const said = execFileSync('python3', ['-c', 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print([(i.filename, z.read(i).decode()) for i in z.infolist()])', path.join(folder, 'x.zip')], { encoding: 'utf8' });
  fs.rmSync(folder, { recursive: true });
  assert.equal(said.trim(), "[('a.txt', 'first'), ('a (2).txt', 'second'), ('бумага.pdf', '')]");
  assert.deepEqual(listZip(made)?.map(({ name, size }) => [name, size]), [['a.txt', 5], ['a (2).txt', 6], ['бумага.pdf', 0]]);
});

test('what is no archive, or was cut, is none', () => {
  const made = joined(makeZip([{ name: 'a', octets: bytes('x') }]));
  assert.equal(listZip(new Uint8Array()), undefined);
  for (let length = 0; length < made.length; length++) assert.equal(listZip(made.slice(0, length)), undefined);
  for (let at = 0; at < made.length; at++) {
    const broken = made.slice();
    broken[at] = 0xff;
    listZip(broken);
  }
});

test('names and checksums', () => {
  assert.deepEqual(distinct(['a', 'A', 'b.c', 'b.c', '.x', '.x']), ['a', 'A (2)', 'b.c', 'b (2).c', '.x', '.x (2)']);
  assert.equal(crc32(bytes('123456789')), 0xcbf43926);
});

function tnef(attributes: [number, Uint8Array][]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x9f, 0x3e, 0x22, 1, 0)];
  for (const [attribute, data] of attributes) {
    const head = new Uint8Array(9);
    head[0] = 2;
    new DataView(head.buffer).setUint32(1, attribute, true);
    new DataView(head.buffer).setUint32(5, data.length, true);
    parts.push(head, data, new Uint8Array(2));
  }
  return joined(parts);
}

test('winmail.dat tells its files', () => {
  const made = tnef([[0x00069002, bytes('')], [0x00018010, bytes('plan.doc\0')], [0x0006800f, bytes('octets')], [0x00069002, bytes('')], [0x00018010, bytes('b.txt\0')]]);
  assert.deepEqual(readTnef(made)?.map(({ name, octets }) => [name, octets.length]), [['plan.doc', 6], ['b.txt', 0]]);
  assert.equal(readTnef(bytes('no')), undefined);
  for (let length = 6; length < made.length; length++) assert.ok(readTnef(made.slice(0, length))!.length <= 2);
});
