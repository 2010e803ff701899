/** An import carried out, at a server that is played: which folder each message goes into, and what is told of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runImport } from '../src/features/transfer/importer.ts';
import type { Job } from '../src/features/transfer/jobs.ts';
import type { Invocation } from '../src/jmap/types.ts';
import type { Layer } from '../src/layer/layer.ts';

const message = (id: string, labels: string): string => `From x@y Mon Jan  1 10:00:00 2018\nX-GM-THRID: 1\nX-Gmail-Labels: ${labels}\nSubject: ${id}\nMessage-ID: <${id}>\n\nText\n\n`;

/** Its folders, with the Message-IDs that are in each. */
class Server {
  private asked: string[] = [];
  private blobs = 0;

  constructor(readonly folders: Record<string, string[]>) {}

  async request(calls: Invocation[]): Promise<Invocation[]> {
    return calls.map(([name, args, id]) => [name, this.answer(name, args as Record<string, any>), id] as Invocation);
  }

  private answer(name: string, args: Record<string, any>): Record<string, unknown> {
    if (name === 'Email/query') this.asked = args['position'] === 0 ? this.folders[args['filter'].inMailbox]! : [];
    if (name === 'Email/get') return { list: this.asked.map((id) => ({ messageId: [id] })) };
    if (name !== 'Email/import') return { ids: this.asked };
    for (const { mailboxIds, blobId } of Object.values<any>(args['emails'])) this.folders[Object.keys(mailboxIds)[0]!]!.push(this.names.get(blobId)!);
    return { created: Object.fromEntries(Object.keys(args['emails']).map((key) => [key, { id: `E${key}` }])), notCreated: null };
  }

  private readonly names = new Map<string, string>();

  async upload(_accountId: string, file: Blob): Promise<{ blobId: string; type: string; size: number }> {
    const blobId = `B${this.blobs++}`;
    this.names.set(blobId, /Message-ID: <(.*)>/.exec(await file.text())![1]!);
    return { blobId, type: '', size: file.size };
  }
}

async function imported(server: Server, text: string): Promise<Job> {
  const file = new Blob([text]);
  const job: Job = { key: 'k', accountId: 'A', mailboxId: 'inbox', mailboxName: 'Inbox', files: [{ name: 'f', size: file.size }], file: 0, done: 0, octets: 0, added: [], present: 0, problems: [], failed: 0, state: 'running' };
  await runImport(job, { layer: server as unknown as Layer, folders: { sent: 'sent', trash: 'trash' }, longest: 1_000_000, files: [file], changed: async () => undefined, isStopped: () => false });
  return job;
}

test('mail of Gmail goes where it lay, and what the chosen folder has of an earlier import is not added there', async () => {
  const server = new Server({ inbox: ['1', '2'], sent: ['3'], trash: [] });
  const all = ['1', '3', '4'].map((id) => message(id, 'Sent,Opened')).join('') + message('2', 'Inbox') + message('3', 'Inbox') + message('5', 'Trash') + message('5', 'Trash');
  const job = await imported(server, all);
  assert.deepEqual(server.folders, { inbox: ['1', '2', '3'], sent: ['3', '4'], trash: ['5'] });
  assert.deepEqual([job.added.length, job.present, job.isSpread, job.hasUnknownLabels], [3, 4, true, undefined]);
  const again = await imported(server, all);
  assert.deepEqual([again.added.length, again.present, again.isSpread], [0, 7, undefined]);
});

test('mail to oneself is in both folders', async () => {
  const server = new Server({ inbox: [], sent: [], trash: [] });
  await imported(server, message('1', 'Inbox') + message('1', 'Sent'));
  assert.deepEqual(server.folders, { inbox: ['1'], sent: ['1'], trash: [] });
});

test('labels that are not understood are told of, and all of it goes into the chosen folder', async () => {
  const server = new Server({ inbox: [], sent: [], trash: [] });
  const job = await imported(server, message('1', 'Important,Non lus') + message('2', 'Inbox'));
  assert.deepEqual(server.folders.inbox, ['1', '2']);
  assert.deepEqual([job.isSpread, job.hasUnknownLabels], [undefined, true]);
});
