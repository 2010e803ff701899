/** Imports that began before each person had a database for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Job, type Tables, takeJobs } from '../src/features/transfer/jobs.ts';
import type { Mailbox } from '../src/jmap/types.ts';
import { filesDropped } from '../src/model/drag.ts';

class Memory implements Tables {
  readonly tables = { jobs: new Map<string, Job>(), files: new Map<string, Blob[]>() };
  /** Octets of files that it has room for. */
  room = Infinity;

  async getAll(): Promise<Job[]> {
    return [...this.tables.jobs.values()];
  }

  async getAllKeys(): Promise<string[]> {
    return [...this.tables.files.keys()];
  }

  async get(_table: 'files', key: string): Promise<Blob[] | undefined> {
    return this.tables.files.get(key);
  }

  async put(table: 'jobs' | 'files', value: Job | Blob[], key: string): Promise<void> {
    if (table === 'files' && (value as Blob[]).reduce((sum, { size }) => sum + size, 0) > this.room) throw new DOMException('full', 'QuotaExceededError');
    (this.tables[table] as Map<string, unknown>).set(key, value);
  }

  async delete(table: 'jobs' | 'files', key: string): Promise<void> {
    this.tables[table].delete(key);
  }

  get keys(): string[][] {
    return [[...this.tables.jobs.keys()], [...this.tables.files.keys()]];
  }
}

async function earlier(...jobs: [key: string, accountId: string, hasFiles: boolean][]): Promise<Memory> {
  const made = new Memory();
  for (const [key, accountId, hasFiles] of jobs) {
    await made.put('jobs', { key, accountId, done: 3, state: 'running' } as Job, key);
    if (hasFiles) await made.put('files', [new Blob([`files of ${key}`])], key);
  }
  return made;
}

test("a person's imports are taken over with their files, how far they are with them", async () => {
  const from = await earlier(['a', 'A1', true], ['b', 'A1', false]);
  await from.put('files', [new Blob(['x'])], 'of no job');
  const to = new Memory();
  assert.equal(await takeJobs(from, to, new Set(['A1', 'A3'])), true);
  assert.deepEqual([from.keys, to.keys], [[[], []], [['a', 'b'], ['a']]]);
  assert.equal(to.tables.jobs.get('a')!.done, 3);
  assert.equal(await to.tables.files.get('a')![0]!.text(), 'files of a');
});

test('those of others stay until they come', async () => {
  const from = await earlier(['a', 'A1', true], ['c', 'A2', true]);
  const to = new Memory();
  assert.equal(await takeJobs(from, to, new Set(['A1'])), false);
  assert.deepEqual([from.keys, to.keys], [[['c'], ['c']], [['a'], ['a']]]);
});

test('what there is no room for loses nothing', async () => {
  const from = await earlier(['a', 'A1', true]);
  const to = new Memory();
  to.room = 3;
  await assert.rejects(takeJobs(from, to, new Set(['A1'])), { name: 'QuotaExceededError' });
  assert.deepEqual([from.keys, to.keys], [[['a'], ['a']], [[], []]]);
});

test('files that are dropped before the importing part of the program is there are imported by it', async () => {
  const drop = { mailbox: { id: 'M1-1' } as Mailbox, files: [new File(['x'], 'one.eml')] };
  filesDropped.emit(drop);
  const heard: unknown[] = [];
  filesDropped.listen((one) => heard.push(one));
  await Promise.resolve();
  assert.deepEqual(heard, [drop]);
});
