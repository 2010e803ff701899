/** What is exported is read back as it was: mbox and archive, with more entries than the old form of an archive can count. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asctime, emlName, MBOX, type Written, ZIP } from '../src/features/transfer/write/formats.ts';
import { messagesOf } from '../src/features/transfer/read/files.ts';
import type { Message } from '../src/features/transfer/read/message.ts';
import { entriesOf } from '../src/features/transfer/read/zip.ts';

const octets = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'latin1'));

const written = (text: string, keywords: Written['keywords'] = {}, subject = 's'): Written => ({ octets: octets(text), keywords, receivedAt: new Date('2024-05-03T10:11:12Z'), subject, from: undefined });

async function back(format: typeof MBOX, messages: Written[]): Promise<Message[]> {
  const writer = format.writer();
  const file = new Blob([...messages.flatMap((one) => writer.put(one)), ...writer.end()]);
  const found: Message[] = [];
  for await (const { read } of messagesOf(file, 'x', 1_000_000)) found.push(read as Message);
  return found;
}

const texts = [
  'Subject: one\r\nStatus: mine\r\n\r\nFrom the start\r\n>From there\r\n\r\nFrom me Mon Oct  1 12:00:00 2018\r\nend\r\n',
  'Subject: two\r\n\r\nno end of line\r\n',
  'Subject: three\r\n\r\n\r\n\r\n',
];

test('an mbox that was written is read as it was, with keywords and time', async () => {
  const keywords: Written['keywords'][] = [{ $seen: true, $flagged: true, work: true }, {}, { $answered: true }];
  const found = await back(MBOX, texts.map((text, i) => written(text, keywords[i])));
  assert.deepEqual(found.map((one) => Buffer.from(one.octets).toString('latin1')), texts);
  assert.deepEqual(found.map((one) => one.keywords), keywords);
  assert.equal(found[0]!.receivedAt?.toISOString(), '2024-05-03T10:11:12.000Z');
});

test('an archive that was written is read as it was; names that stand twice get a number', async () => {
  const found = await back(ZIP, texts.map((text) => written(text)));
  assert.deepEqual(found.map((one) => Buffer.from(one.octets).toString('latin1')), texts);
  const writer = ZIP.writer();
  const file = new Blob([...texts.flatMap((text) => writer.put(written(text, {}, 'a/b: "c"'))), ...writer.end()]);
  assert.deepEqual((await entriesOf(file))!.map(({ name }) => name), ['2024-05-03 a b c.eml', '2024-05-03 a b c (2).eml', '2024-05-03 a b c (3).eml']);
});

test('an archive of 70,000 messages is whole', async () => {
  const writer = ZIP.writer();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < 70_000; i++) parts.push(...writer.put(written('S: s\r\n\r\n', {}, String(i))));
  const entries = await entriesOf(new Blob([...parts, ...writer.end()]));
  assert.equal(entries?.length, 70_000);
  assert.equal(entries.at(-1)!.name, '2024-05-03 69999.eml');
});

test('names and dates', () => {
  assert.equal(asctime(new Date('2018-10-01T12:00:00Z')), 'Mon Oct  1 12:00:00 2018');
  assert.equal(emlName({ receivedAt: new Date('2024-05-03T00:00:00Z'), subject: '' }), '2024-05-03');
  assert.equal(emlName({ receivedAt: new Date('2024-05-03T00:00:00Z'), subject: '../../etc\u202e/passwd...' }), '2024-05-03 .. .. etc passwd');
  assert.equal([...emlName({ receivedAt: new Date(0), subject: '😀'.repeat(300) })].length, 11 + 60);
});
