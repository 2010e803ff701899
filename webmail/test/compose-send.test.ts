/** Sending, as a window does it: once, whatever is pressed, closed, lost or done in other windows meanwhile. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { mail, setStore } from '../src/model/current.ts';
import { Store } from '../src/model/store.ts';
import { shown } from '../src/model/undo.ts';
import { LayerError, type Layer, type LayerEvent } from '../src/layer/layer.ts';
import { Composer } from '../src/features/compose/composer.ts';
import { closeComposer, composers, discard, localDrafts, openDraft, putAllAway, respond } from '../src/features/compose/composers.ts';
import { blank, newKey } from '../src/features/compose/draft/answer.ts';
import { deliver, editWaiting, followRefusals, outbox, sendComposer } from '../src/features/compose/sending.ts';
import type { Invocation } from '../src/jmap/types.ts';

type Json = Record<string, any>;

Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true, writable: true });
globalThis.reportError = (error: unknown) => console.error(error);

const ALICE = { id: 'I1', name: 'Alice', email: 'alice@example.test', replyTo: null, bcc: null, textSignature: '', htmlSignature: '', mayDelete: false };

const real = (id: string): string => id.replace('local-', 'E');

class Server {
  readonly calls: Invocation[] = [];
  readonly emails = new Map<string, Json>();
  readonly listeners: ((event: LayerEvent) => void)[] = [];
  /** Takes what is asked, and its answer is lost. */
  loses = false;
  /** What is made has a local id, and shows the blobs that it was made of, until it is named. */
  isSlow = false;
  upload: () => Promise<{ blobId: string; size: number; type: string }> = async () => ({ blobId: 'U1', size: 1, type: 'text/plain' });

  private made = 0;

  /** Those that have come to the server, which finds them by its own ids. */
  private known(): Json[] {
    return [...this.emails.values()].filter(({ threadId }) => !String(threadId).startsWith('local-'));
  }

  private own(id: string): string {
    return this.emails.has(id) ? id : id.replace('E', 'local-');
  }

  /** It has come to the server: its files are parts of it. */
  name(id: string): void {
    const email = this.emails.get(id)!;
    email['threadId'] = `T-${id}`;
    email['attachments'] = (email['attachments'] as Json[]).map((part, at) => ({ ...part, blobId: `${id}-${at}` }));
    for (const listener of this.listeners) listener({ kind: 'named', accountId: 'A', ids: { [id]: real(id) } });
  }

  get submitted(): number {
    return this.calls.filter(([name, args]) => name === 'EmailSubmission/set' && args['create']).length;
  }

  get destroyed(): string[] {
    return this.calls.flatMap(([name, args]) => (name === 'Email/set' ? ((args['destroy'] as string[] | undefined) ?? []) : []));
  }

  layer(): Layer {
    return {
      session: { capabilities: {}, accounts: { A: { name: 'alice@example.test', isPersonal: true, isReadOnly: false, accountCapabilities: {} } }, primaryAccounts: {}, username: 'alice@example.test' } as any,
      request: async (calls: Invocation[]) => {
        const answers = calls.map((call): Invocation => [call[0], this.answer(call), call[2]]);
        if (this.loses) throw new LayerError('offline', 'The answer was lost.');
        return answers;
      },
      listen: (listener: (event: LayerEvent) => void) => {
        this.listeners.push(listener);
        return () => undefined;
      },
      status: () => ({ connection: 'online', waiting: 0 }),
      upload: () => this.upload(),
      blobUrl: () => '',
      signOut: async () => undefined,
    } as Layer;
  }

  private answer([name, args, id]: Invocation): Json {
    this.calls.push([name, args, id]);
    const create = (args['create'] ?? {}) as Record<string, Json>;
    if (name === 'Email/set') {
      const created: Json = {};
      for (const [key, made] of Object.entries(create)) {
        const email = `${this.isSlow ? 'local-' : 'E'}${++this.made}`;
        this.emails.set(email, { ...made, attachments: ((made['attachments'] ?? []) as Json[]).map((part) => ({ cid: null, ...part })), id: email, threadId: `T-${email}`, blobId: email, ...(this.isSlow && { threadId: `local-T${email}` }) });
        created[key] = { id: email };
      }
      for (const gone of (args['destroy'] as string[] | undefined) ?? []) this.emails.delete(this.own(gone));
      return { created };
    }
    if (name === 'EmailSubmission/set') {
      for (const email of this.emails.values()) if (args['create']) delete email['keywords'].$draft;
      return { created: Object.fromEntries(Object.keys(create).map((key) => [key, { id: 'S1' }])) };
    }
    if (name === 'Email/query') return { ids: this.known().filter((one) => String(one['messageId']).includes((args['filter'] as Json)['header'][1])).map((one) => real(one['id'])) };
    if (name === 'Email/get') return { list: ((args['ids'] as string[] | undefined) ?? this.known().map(({ id }) => real(id))).flatMap((id) => (this.emails.has(this.own(id)) ? [{ textBody: [], htmlBody: [], attachments: [], bodyValues: {}, ...this.emails.get(this.own(id)), id }] : [])) };
    if (name === 'Blob/copy') return { copied: Object.fromEntries((args['blobIds'] as string[]).map((blob) => [blob, `own-${blob}`])) };
    return {};
  }
}

let server: Server;

async function composer(): Promise<Composer> {
  const key = newKey(() => crypto.getRandomValues(new Uint8Array(20)));
  const draft = { ...blank({ key, accountId: 'A', senders: [ALICE], usual: 'I1', mode: 'plain' }), to: [{ name: null, email: 'bob@example.test' }], subject: 'Once', text: 'Hello' };
  const made = new Composer({ store: mail(), local: await localDrafts() }, draft, 'docked');
  composers.value = [...composers.peek(), made];
  return made;
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

beforeEach(async () => {
  server = new Server();
  const store = new Store(server.layer());
  store.accounts.value = [{ id: 'A', name: 'alice@example.test', isPersonal: true }];
  store.identities.put('A', [ALICE]);
  store.mailboxes.put('A', [{ id: 'drafts', name: 'Drafts', role: 'drafts', parentId: null } as any, { id: 'sent', name: 'Sent', role: 'sent', parentId: null } as any]);
  setStore(store);
  composers.value = [];
  outbox.value = [];
  await (await localDrafts()).clear();
});

test('a mail that is sent by two presses goes once', async () => {
  const one = await composer();
  await Promise.all([sendComposer(one), sendComposer(one)]);
  await sendComposer(one);
  assert.equal(server.submitted, 1);
  assert.deepEqual(await (await localDrafts()).all('A'), []);
});

test('a mail that is sent in the midst of a save goes', async () => {
  const one = await composer();
  const layer = one['context'].store.layer;
  const answer = layer.request;
  let release: () => void = () => undefined;
  layer.request = async (calls) => {
    if (calls.some(([name, args]) => name === 'Email/set' && (args['create'] as Json | undefined)?.['draft'])) await new Promise<void>((resolve) => (release = resolve));
    return answer(calls);
  };
  one.written();
  const saving = one.flush();
  await settle();
  const sent = sendComposer(one);
  await settle();
  release();
  await Promise.all([saving, sent]);
  await settle();
  assert.equal(server.submitted, 1);
  assert.deepEqual(outbox.peek(), []);
  assert.deepEqual(await (await localDrafts()).all('A'), []);
});

test('what a window that has gone was saving is replaced, once it can be found', async () => {
  const gone = await composer();
  const store = mail();
  const found = new Composer({ store, local: await localDrafts() }, gone.draft.peek(), 'docked', null, [], {}, 'writer');
  // Its version is in the layer, on its way to the server; or the layer was not read yet.
  for (const waiting of [undefined, 1]) {
    store.status.value = { connection: 'online', waiting };
    found.written();
    await found.flush();
    assert.equal(server.emails.size, 0);
    assert.ok(found.hasUnsaved);
  }
  store.status.value = { connection: 'online', waiting: 0 };
  await found.flush();
  assert.equal(server.emails.size, 1);
  await found.stop();
  await gone.stop();
});

test('a template is never sent', async () => {
  const one = await composer();
  one.change({ template: true });
  await sendComposer(one);
  assert.equal(server.submitted, 0);
  await one.stop();
});

for (const [how, away] of [['thrown away', discard], ['put away', closeComposer]] as const)
  test(`a mail that waits for its files is not sent once it is ${how}`, async () => {
    const one = await composer();
    let uploaded: () => void = () => undefined;
    server.upload = () => new Promise((resolve) => (uploaded = () => resolve({ blobId: 'U1', size: 3, type: 'text/plain' })));
    one.addFiles([new File(['abc'], 'a.txt', { type: 'text/plain' })]);
    const sent = sendComposer(one);
    await settle();
    assert.ok(one.leaves.peek());
    const gone = away(one);
    uploaded();
    await Promise.all([sent, gone]);
    await settle();
    assert.equal(server.submitted, 0);
  });

test('a draft that is put away while a file is uploaded keeps the file', async () => {
  const one = await composer();
  let uploaded: () => void = () => undefined;
  server.upload = () => new Promise((resolve) => (uploaded = () => resolve({ blobId: 'U1', size: 3, type: 'text/plain' })));
  one.addFiles([new File(['abc'], 'a.txt', { type: 'text/plain' })]);
  const closed = closeComposer(one);
  await settle();
  const [kept] = await (await localDrafts()).all('A');
  assert.equal(kept?.isAtServer, false);
  assert.equal(Object.keys(kept!.files).length, 1);
  uploaded();
  await closed;
  assert.deepEqual(await (await localDrafts()).all('A'), []);
  assert.equal([...server.emails.values()].at(-1)!['attachments']?.length, 1);
});

test('what another window has sent, or has opened again, is not sent here', async () => {
  const one = await composer();
  (globalThis.navigator as any).onLine = false;
  await sendComposer(one);
  (globalThis.navigator as any).onLine = true;
  const [waiting] = outbox.peek();
  assert.equal(waiting?.state, 'waiting');
  const local = await localDrafts();
  await local.put({ ...waiting!.kept, sending: null });
  await deliver(waiting!.kept);
  assert.equal(server.submitted, 0);
  assert.deepEqual(outbox.peek(), []);
  await local.remove('A', one.key);
  await deliver(waiting!.kept);
  assert.equal(await editWaiting(waiting!), undefined);
  assert.equal(server.submitted, 0);
});

/** One that has a file, and is at the server in two versions, of which the second has not come there yet. */
async function inTwoVersions(): Promise<Composer> {
  server.isSlow = true;
  const one = await composer();
  one.addFiles([new File(['a'], 'a.txt', { type: 'text/plain' })]);
  await one.uploads.settled();
  await one.flush();
  server.name('local-1');
  one.change({ text: 'Hello again' });
  await one.flush();
  assert.equal(one.version, 'local-2');
  assert.deepEqual(server.emails.get('local-2')!['attachments'].map((part: Json) => part['blobId']), ['local-1-0']);
  return one;
}

test('the version before goes when nothing is read from it any more: when the next one is at the server', async () => {
  const one = await inTwoVersions();
  assert.deepEqual(server.destroyed, []);
  server.name('local-2');
  await settle();
  assert.deepEqual(server.destroyed, ['local-1']);
  assert.deepEqual((await (await localDrafts()).all('A'))[0]?.stale, []);
  one.change({ text: 'Hello for the third time' });
  await one.flush();
  assert.deepEqual(server.emails.get('local-3')!['attachments'].map((part: Json) => part['blobId']), ['local-2-0']);
  await one.stop();
});

test('a draft that is put away leaves no version behind, nor anything in this browser', async () => {
  const one = await inTwoVersions();
  await closeComposer(one);
  assert.deepEqual(server.destroyed, []);
  assert.equal((await (await localDrafts()).all('A')).length, 1);
  server.name('local-2');
  await settle();
  assert.deepEqual(server.destroyed, ['local-1']);
  assert.deepEqual(await (await localDrafts()).all('A'), []);
});

test('who signs out leaves no version behind', async () => {
  await inTwoVersions();
  await putAllAway();
  assert.deepEqual(server.calls.filter(([, args]) => args['destroy']).map(([, args]) => [args['destroy'], args['@after']]), [[['local-1'], ['local-2']]]);
});

test('a draft that is opened before all of it is at the server is written on by the one that had it', async () => {
  const one = await inTwoVersions();
  one.look.value = 'inline';
  await closeComposer(one);
  assert.equal(await openDraft('local-2'), one);
  assert.equal(one.look.peek(), 'docked');
  one.change({ text: 'Hello from the train' });
  await one.flush();
  assert.deepEqual([one.version, server.destroyed], ['local-3', ['local-2']]);
  assert.deepEqual(server.emails.get('local-3')!['attachments'].map((part: Json) => part['blobId']), ['local-1-0']);
  server.name('local-3');
  await settle();
  assert.deepEqual(server.destroyed, ['local-2', 'local-1']);
  assert.deepEqual(composers.peek(), [one]);
  await one.stop();
});

test('a draft that a page before this one wrote is saved, and what its files come from stays until then', async () => {
  for (const isNamed of [true, false]) {
    server = new Server();
    setStore(Object.assign(new Store(server.layer()), { accounts: mail().accounts, identities: mail().identities, mailboxes: mail().mailboxes }));
    mail().status.value = { connection: 'online', waiting: 0 };
    const before = await inTwoVersions();
    if (isNamed) server.name('local-2');
    await settle();
    await before.stop();
    before.release();
    const gone = server.destroyed;
    const kept = (await (await localDrafts()).get('A', before.key))!;
    const one = new Composer({ store: mail(), local: await localDrafts() }, kept.draft, 'docked', kept.emailId, kept.stale, kept.files, kept.writer);
    one.change({ text: 'Hello after the reload' });
    await one.flush();
    assert.equal(one.version, 'local-3');
    assert.deepEqual(server.emails.get('local-3')!['attachments'].map((part: Json) => part['blobId']), [isNamed ? 'local-2-0' : 'local-1-0']);
    assert.deepEqual(server.destroyed, gone);
    server.name('local-3');
    await settle();
    assert.deepEqual([...server.emails.keys()], ['local-3']);
    await one.stop();
    await (await localDrafts()).clear();
  }
});

test('a mail in the outbox that is opened among the drafts waits no more', async () => {
  const one = await composer();
  one.written();
  await one.flush();
  (globalThis.navigator as any).onLine = false;
  await sendComposer(one);
  (globalThis.navigator as any).onLine = true;
  const [waiting] = outbox.peek();
  const opened = await openDraft(waiting!.kept.emailId!);
  assert.equal(opened?.draft.peek().subject, 'Once');
  assert.deepEqual(outbox.peek(), []);
  await deliver(waiting!.kept);
  assert.equal(server.submitted, 0);
  await opened!.stop();
});

test('an attempt whose answer was lost is not made again', async () => {
  const one = await composer();
  server.loses = true;
  await sendComposer(one);
  server.loses = false;
  assert.equal(server.submitted, 1);
  const [kept] = await (await localDrafts()).all('A');
  assert.equal(kept?.sending?.handed, true);
  // What the layer has still to send would be found nowhere. Undefined: that was not read yet.
  for (const waiting of [undefined, 1]) {
    mail().status.value = { connection: 'online', waiting };
    const asked = server.calls.length;
    await deliver(kept!);
    assert.equal(server.calls.length, asked);
  }
  mail().status.value = { connection: 'online', waiting: 0 };
  await deliver(kept!);
  assert.equal(server.submitted, 1);
  assert.deepEqual(outbox.peek(), []);
  assert.deepEqual(await (await localDrafts()).all('A'), []);
});

test('a mail that the server refuses later comes back, and tells why', async () => {
  const one = await composer();
  followRefusals();
  await sendComposer(one);
  const [, args] = server.calls.find(([name]) => name === 'Email/set')!;
  for (const listener of server.listeners) listener({ kind: 'refused', call: ['Email/set', { accountId: 'A', create: { 'local-1': (args['create'] as Json)['mail'] } }, ''], error: { type: 'overQuota' } });
  await settle();
  const [back] = composers.peek();
  assert.equal(back?.draft.peek().text, 'Hello');
  assert.ok(back!.problem.peek());
  assert.equal(shown.peek()?.isProblem, true);
  assert.ok(server.destroyed.includes('local-1'), 'the window that came back has a copy');
  await back!.stop();
});

test('another identity leaves nobody of the first one among the blind copies', async () => {
  const archive = { name: null, email: 'archive@work.test' };
  const one = await composer();
  const store = new Store(server.layer());
  store.identities.put('A', [{ ...ALICE, bcc: [archive] }, { ...ALICE, id: 'I2', email: 'private@example.test' }]);
  const own = new Composer({ store, local: await localDrafts() }, { ...one.draft.peek(), bcc: [archive, { name: null, email: 'carol@example.test' }] }, 'docked');
  own.setSender('I2', null);
  assert.deepEqual(own.draft.peek().bcc.map((p) => p.email), ['carol@example.test']);
  own.setSender('I1', null);
  assert.deepEqual(own.draft.peek().bcc.map((p) => p.email), ['carol@example.test', 'archive@work.test']);
  await own.stop();
});

test('what is passed on from the mail of another account goes along as a file of one\'s own', async () => {
  server.emails.set('B9', { id: 'B9', blobId: 'shared-1', subject: 'Plan', size: 9, from: [{ name: null, email: 'carol@example.test' }], messageId: ['x@y'], receivedAt: '2026-01-01T00:00:00Z', attachments: [{ partId: '2', blobId: 'shared-2', name: 'plan.pdf', type: 'application/pdf', size: 7, cid: null }] });
  mail().emails.put('SHARED', [{ id: 'B9', threadId: 'T9', keywords: {}, mailboxIds: {} } as any]);
  const forwarded = await respond('B9', 'forward', 'docked');
  assert.deepEqual(forwarded?.draft.peek().attachments.map((a) => a.blobId), ['own-shared-2']);
  const attached = await respond('B9', 'forwardAttached', 'docked');
  assert.deepEqual(attached?.draft.peek().attachments.map((a) => a.blobId), ['own-shared-1']);
  assert.equal(forwarded?.draft.peek().accountId, 'A');
});
