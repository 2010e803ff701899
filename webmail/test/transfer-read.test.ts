/** Files of mail: mbox with all that programs write, single messages, archives; cut anywhere, the result is the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { messagesOf, kindOf, type Told } from '../src/features/transfer/read/files.ts';
import { type Message, messageOf, withLineEnds } from '../src/features/transfer/read/message.ts';
import { type Read, readMbox, separatorDate } from '../src/features/transfer/read/mbox.ts';
import { MBOX } from '../src/features/transfer/write/formats.ts';
import { crc32 } from '../src/base/zip.ts';

const octets = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'latin1'));
const text = (message: Message): string => Buffer.from(message.octets).toString('latin1');

async function* cut(whole: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

async function read(whole: string, size = 1_000_000, longest = 1_000_000): Promise<Read[]> {
  const found: Read[] = [];
  for await (const one of readMbox(cut(octets(whole), size), longest)) found.push(one);
  return found;
}

async function told(file: Blob, name = 'x'): Promise<Told[]> {
  const found: Told[] = [];
  for await (const one of messagesOf(file, name, 1_000_000)) found.push(one);
  return found;
}

const mbox = [
  'From anna@example.net Mon Oct  1 12:00:00 2018\nStatus: RO\nX-Status: F\nX-Keywords: work $label1\nSubject: first\nMessage-ID: <1@a>\n\nOne\n>From the start\n>>From twice\n\n',
  'From - Tue Oct 02 08:30:00 +0200 2018\r\nX-Mozilla-Status: 0003\r\nSubject: second\r\nMessage-ID:\r\n <2@a>\r\n\r\nFrom here on no date\r\n\r\nFrom me to you\r\n\r\n',
  'From "a b"@example.net Wed Oct  3 01:02:03 2018\nX-Mozilla-Status: 0008\nSubject: deleted\n\nx\n\n',
  'From x@y Thu, 4 Oct 2018 01:02:03 +0100\nX-GM-THRID: 1612\nX-Gmail-Labels: Inbox,Unread,Starred\nSubject: last\n\nwithout an end',
].join('');

test('an mbox is cut at its separators, and what programs noted becomes keywords', async () => {
  const found = (await read(mbox)) as Message[];
  assert.deepEqual(found.map((one) => one.subject), ['first', 'second', 'last']);
  assert.equal(text(found[0]!), 'Subject: first\r\nMessage-ID: <1@a>\r\n\r\nOne\r\nFrom the start\r\n>From twice\r\n');
  assert.deepEqual(found[0]!.keywords, { $seen: true, $flagged: true, work: true, $label1: true });
  assert.equal(found[0]!.receivedAt?.toISOString(), '2018-10-01T12:00:00.000Z');
  assert.equal(found[1]!.messageId, '2@a');
  assert.deepEqual(found[1]!.keywords, { $seen: true, $answered: true });
  assert.equal(found[1]!.receivedAt?.toISOString(), '2018-10-02T06:30:00.000Z');
  assert.match(text(found[1]!), /From here on no date\r\n\r\nFrom me to you\r\n$/);
  assert.deepEqual(found[2]!.keywords, { $flagged: true });
  assert.equal(text(found[2]!).endsWith('without an end\r\n'), true);
});

/** As Takeout writes it. */
const ofGmail = (labels: string, more = ''): Message =>
  messageOf(octets(`X-GM-THRID: 1612345678901234567\r\nX-Gmail-Labels: ${labels}\r\n${more}Subject: a\r\n\r\nx\r\n`), { isMbox: true }) as Message;
const notesOf = ({ keywords, role }: Message) => [Object.keys(keywords).sort().join(' '), role];

test('labels of Gmail become labels, and tell where a message lay', () => {
  const of = (labels: string) => notesOf(ofGmail(labels));
  assert.deepEqual(of('Inbox,Unread,Important,Category Updates,Big Deal,Work/Clients'), ['big_deal work/clients', undefined]);
  assert.deepEqual(of('Archived,Opened'), ['$seen', 'archive']);
  assert.deepEqual(of('Sent,Inbox'), ['$seen', undefined]);
  assert.deepEqual(of('Sent,Opened'), ['$seen', 'sent']);
  assert.deepEqual(of('Trash,Sent'), ['$seen', 'trash']);
  assert.deepEqual(of('Spam,Unread'), ['', 'junk']);
  assert.deepEqual(of('Draft'), ['$draft $seen', 'drafts']);
  // Labels alone: it was archived. What is not ASCII is encoded; what cannot be decoded is a name as it stands.
  assert.deepEqual(of('Opened,=?UTF-8?Q?B=C3=BCcher?=\r\n =?utf-8?B?LFJlaXNlbg==?='), ['$seen b=c3=bccher reisen', 'archive']);
  assert.deepEqual(of('Inbox,=?UTF-8?Q?=FF?='), ['$seen =3d?utf-8?q?=3dff?=3d', undefined]);
  // A comma in quotes parts nothing; a quote that is not closed is a letter.
  assert.deepEqual(of('Inbox,"Smith, John",Unread'), ['smith,_john', undefined]);
  assert.deepEqual(of('Inbox,5" disks,Unread'), ['5=22_disks', undefined]);
});

test('labels of Gmail in another language say nothing, and that is told', () => {
  const of = (labels: string) => [...notesOf(ofGmail(labels)), ofGmail(labels).hasUnknownLabels];
  for (const labels of ['Posteingang,Ungelesen', 'Spam,Ungelesen', 'Important', 'Chat,Spam', '=?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,Important,Non_lus?='])
    assert.deepEqual(of(labels), ['$seen', undefined, true], labels);
  assert.deepEqual(of(''), ['$seen', undefined, undefined]);
  assert.deepEqual(of('Inbox,Unread'), ['', undefined, undefined]);
});

test('labels of Gmail are believed where Takeout writes them, and are no part of the message', () => {
  assert.equal(text(ofGmail('Trash')), 'Subject: a\r\n\r\nx\r\n');
  // In a file of one message, or below the fields of its way, they are the sender's.
  const fields = 'X-GM-THRID: 1\r\nX-Gmail-Labels: Trash,Work\r\n';
  for (const [head, isMbox] of [[fields, false], [`Received: from x; Mon, 1 Oct 2018 10:00:00 +0000\r\n${fields}`, true], [`X-Gmail-Labels: Trash\r\nTo: a@b\r\nX-GM-THRID: 1\r\n`, true]] as const) {
    const whole = `${head}Subject: a\r\n\r\nx\r\n`;
    const message = messageOf(octets(whole), { isMbox })!;
    assert.deepEqual(notesOf(message), ['$seen', undefined]);
    assert.equal(text(message), whole);
  }
  const twice = ofGmail('Inbox,Unread', 'X-Gmail-Labels: Trash\r\n');
  assert.deepEqual(notesOf(twice), ['', undefined]);
  assert.equal(text(twice), 'X-Gmail-Labels: Trash\r\nSubject: a\r\n\r\nx\r\n');
});

test('what Gmail gave out and was exported here comes in again as it was left here', async () => {
  // One is stored with the fields, as an import of a single file stores it.
  const kept = [ofGmail('Trash,Old').octets, octets('X-GM-THRID: 1\r\nX-Gmail-Labels: Trash,Old\r\nSubject: b\r\n\r\nx\r\n')];
  for (const stored of kept) {
    const pieces = MBOX.writer().put({ octets: stored, keywords: { $flagged: true, new: true }, receivedAt: new Date(0), subject: 'a', from: undefined });
    const [found] = (await read(Buffer.concat(pieces).toString('latin1'))) as Message[];
    assert.deepEqual(notesOf(found!), ['$flagged new', undefined]);
    assert.doesNotMatch(text(found!), /gmail|thrid/i);
  }
});

test('however the file is cut, the messages are the same', async () => {
  const whole = JSON.stringify((await read(mbox)).map((one) => (one === 'too-large' ? one : [text(one), one.keywords, one.receivedAt])));
  for (const size of [1, 2, 3, 5, 7, 11, 64, 333])
    assert.equal(JSON.stringify((await read(mbox, size)).map((one) => (one === 'too-large' ? one : [text(one), one.keywords, one.receivedAt]))), whole, `pieces of ${size}`);
});

test('a message that is too long is told of, and the next one is there', async () => {
  const long = `From a@b Mon Oct  1 12:00:00 2018\nSubject: long\n\n${'0123456789\n'.repeat(1_000)}\nFrom a@b Mon Oct  1 12:00:00 2018\nSubject: short\n\nx\n`;
  for (const [size, whole] of [[100, long], [5_000, long], [100_000, long], [100, long.replaceAll('9\n0', '90')], [777, `${'junk'.repeat(5_000)}\n\n${long}`]] as const) {
    const found = await read(whole, size, 2_000);
    assert.equal(found[0], 'too-large');
    assert.equal((found[1] as Message).subject, 'short');
    assert.equal(found.length, 2);
  }
});

test('a separator has a date', () => {
  assert.equal(separatorDate('From a@b Mon Oct  1 12:00:00 2018')?.toISOString(), '2018-10-01T12:00:00.000Z');
  assert.equal(separatorDate('From 1612@xxx Mon Oct 01 12:00:00 +0000 2018')?.toISOString(), '2018-10-01T12:00:00.000Z');
  assert.equal(separatorDate('From a@b Mon Oct  1 12:00:00 CEST 2018')?.toISOString(), '2018-10-01T12:00:00.000Z');
  assert.equal(separatorDate('From here on'), undefined);
  assert.equal(separatorDate('From Monday 12:00 on'), undefined);
});

test('line ends become CR LF, and only quoted separators lose their sign', () => {
  assert.equal(Buffer.from(withLineEnds(octets('a\nb\r\n\n>From x\n>x'), false)).toString(), 'a\r\nb\r\n\r\n>From x\r\n>x\r\n');
  assert.equal(Buffer.from(withLineEnds(octets('>From x\n>x\n'), true)).toString(), 'From x\r\n>x\r\n');
});

test('the second note of a name is the sender’s, and dates to come are not believed', () => {
  const message = messageOf(octets('Status: RO\nSubject: s\nStatus: mine\nReceived: from x (y); Mon, 1 Oct 2018 10:00:00 +0000 (UTC)\nDate: Tue, 2 Oct 2018 10:00:00 +0000\n\nx'), { isMbox: true })!;
  assert.match(text(message), /^Subject: s\r\nStatus: mine\r\n/);
  assert.equal(message.receivedAt?.toISOString(), '2018-10-01T10:00:00.000Z');
  assert.equal(messageOf(octets('Date: Tue, 2 Oct 2999 10:00:00 +0000\n\nx'))!.receivedAt, undefined);
});

test('what a file is its first octets say', () => {
  assert.equal(kindOf(octets('\n\nFrom a@b')), 'mbox');
  assert.equal(kindOf(octets('Return-Path: <>\r\n')), 'message');
  assert.equal(kindOf(octets('PK\x03\x04')), 'zip');
  assert.equal(kindOf(octets('%PDF-1.4')), 'unknown');
  assert.equal(kindOf(octets('')), 'unknown');
});

/** An archive as programs make it; `lie`: the size that an entry says it has. */
function archive(files: { name: string; data: string; packed?: boolean; flags?: number; lie?: number }[]): Blob {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data, packed, flags = 0x800, lie } of files) {
    const whole = Buffer.from(data, 'latin1');
    const stored = packed ? zlib.deflateRawSync(whole) : whole;
    const head = (length: number, signature: number): Buffer => {
      const made = Buffer.alloc(length);
      const at = length === 46 ? 8 : 6;
      made.writeUInt32LE(signature);
      made.writeUInt16LE(flags, at);
      made.writeUInt16LE(packed ? 8 : 0, at + 2);
      made.writeUInt32LE(crc32(whole), at + 8);
      made.writeUInt32LE(stored.length, at + 12);
      made.writeUInt32LE(lie ?? whole.length, at + 16);
      made.writeUInt16LE(Buffer.byteLength(name), at + 20);
      if (length === 46) made.writeUInt32LE(offset, 42);
      return Buffer.concat([made, Buffer.from(name)]);
    };
    central.push(head(46, 0x02014b50));
    const local = Buffer.concat([head(30, 0x04034b50), stored]);
    parts.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Blob([Buffer.concat([...parts, directory, end])]);
}

test('an archive holds messages and mboxes; what is none is told of', async () => {
  const file = archive([
    { name: 'mail/1.eml', data: 'Subject: one\n\nx\n' },
    { name: 'mail/all', data: mbox, packed: true },
    { name: 'mail/', data: '' },
    { name: '__MACOSX/._1.eml', data: 'x' },
    { name: 'picture.png', data: '\x89PNG' },
    { name: 'secret.eml', data: 'Subject: s\n\n', flags: 0x801 },
    { name: 'liar.eml', data: `Subject: s\n\n${'x'.repeat(10_000)}`, packed: true, lie: 100 },
  ]);
  const found = await told(file, 'mail.zip');
  assert.deepEqual(found.map(({ read: one, name }) => [typeof one === 'string' ? one : one.subject, name]), [
    ['one', 'mail.zip: mail/1.eml'], ['first', 'mail.zip: mail/all'], ['second', 'mail.zip: mail/all'], ['last', 'mail.zip: mail/all'],
    ['not-mail', 'mail.zip: picture.png'], ['locked', 'mail.zip: secret.eml'], ['damaged', 'mail.zip: liar.eml'],
  ]);
  assert.deepEqual((await told(new Blob(['PK\x03\x04 and then nothing']))).map(({ read: one }) => one), ['damaged']);
  assert.deepEqual((await told(new Blob(['%PDF']))).map(({ read: one }) => one), ['not-mail']);
});

test('one message is a file of its own, with a mark of its octets’ order or not', async () => {
  const found = await told(new Blob([Uint8Array.of(0xef, 0xbb, 0xbf), 'Subject: marked\n\nx']));
  assert.equal((found[0]!.read as Message).subject, 'marked');
  assert.equal(text(found[0]!.read as Message), 'Subject: marked\r\n\r\nx\r\n');
});

test('how far a file is, is told with each message', async () => {
  const found = await told(new Blob([octets(mbox)]));
  const places = found.map(({ at }) => at);
  assert.deepEqual(places, [...places].sort((a, b) => a - b));
  assert.ok(places[0]! < mbox.length / 2);
  assert.equal(places.at(-1), mbox.length);
});
