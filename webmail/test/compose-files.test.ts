/** What becomes of large files that go as links, whatever happens meanwhile; the words of the text are compose-file-blocks.test.ts's. */
import assert from 'node:assert/strict';
import { beforeEach, test, type TestContext } from 'node:test';
import { Composer } from '../src/features/compose/composer.ts';
import { closeComposer, composers, discard, localDrafts, removeLinksLeft } from '../src/features/compose/composers.ts';
import { blank, copyOf, newKey } from '../src/features/compose/draft/answer.ts';
import { fromEmail, toEmail, type FetchedEmail } from '../src/features/compose/draft/email.ts';
import { namesFile } from '../src/features/compose/draft/fileBlocks.ts';
import type { Draft } from '../src/features/compose/draft/types.ts';
import { editWaiting, forgetsFile, outbox, sendComposer } from '../src/features/compose/sending.ts';
import type { Invocation } from '../src/jmap/types.ts';
import { type Layer, LayerError } from '../src/layer/layer.ts';
import { mail, setStore } from '../src/model/current.ts';
import { FILE_LINK, fileLinks, loadFileLinks, removeFileLink, setLinkAbove } from '../src/model/fileLinks.ts';
import { Store } from '../src/model/store.ts';
import { newest, shown, undo } from '../src/model/undo.ts';

type Json = Record<string, any>;

Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true, writable: true });
Object.assign(globalThis, { addEventListener: () => undefined, removeEventListener: () => undefined, reportError: (error: unknown) => console.error(error) });

const ALICE = { id: 'I1', name: 'Alice', email: 'alice@example.test', replyTo: null, bcc: null, textSignature: 'Alice', htmlSignature: '', mayDelete: false };
const KEY = newKey(() => new Uint8Array(20).fill(3));

const draftOf = (mode: 'rich' | 'plain', text: string): Draft => ({ ...blank({ key: KEY, accountId: 'A', senders: [ALICE], usual: 'I1', mode }), to: [{ name: null, email: 'bob@example.test' }], subject: 'Film', ...(mode === 'rich' ? { html: text } : { text }) });

/** RFC 8621 section 4.4.1, as much of it as is asked here. */
function isFound(email: Json, filter: Json): boolean {
  const { operator, conditions } = filter;
  if (operator === 'NOT') return !conditions.some((one: Json) => isFound(email, one));
  if (operator) return operator === 'AND' ? conditions.every((one: Json) => isFound(email, one)) : conditions.some((one: Json) => isFound(email, one));
  return Object.entries(filter).every(([name, value]: [string, any]) => {
    if (name === 'body') return Object.values(email['bodyValues'] as Record<string, Json>).some((part) => part.value.includes(value));
    if (name === 'header') return JSON.stringify(email['messageId']).includes(value[1]);
    if (name === 'notKeyword') return !(value in email['keywords']);
    if (name === 'inMailbox') return value in email['mailboxIds'];
    if (name === 'inMailboxOtherThan') return Object.keys(email['mailboxIds']).some((id) => !value.includes(id));
    throw new Error(name);
  });
}

class Server {
  readonly calls: Invocation[] = [];
  readonly links = new Map<string, Json>();
  readonly emails = new Map<string, Json>();
  isOnline = true;
  /** Takes a mail, and its answer does not come. */
  loses = false;
  refuses: Json | undefined;
  uploads = 0;
  /** What happens while it answers. */
  meanwhile: () => void = () => undefined;

  layer(): Layer {
    const accountCapabilities = { [FILE_LINK]: { maxDays: 30, space: 2e9, attachMax: 50e6 } };
    return {
      session: { capabilities: {}, accounts: { A: { name: 'alice@example.test', isPersonal: true, isReadOnly: false, accountCapabilities } }, primaryAccounts: {}, username: 'alice@example.test' } as any,
      request: async (calls: Invocation[]) => {
        if (!this.isOnline) throw new LayerError('offline', 'cut');
        return calls.map((call): Invocation => [call[0], this.answer(call), call[2]]);
      },
      listen: () => () => undefined,
      status: () => ({ connection: 'online', waiting: 0 }),
      upload: async (_account: string, file: Blob) => {
        if (!this.isOnline) throw new LayerError('offline', 'cut');
        return { blobId: `U${++this.uploads}`, size: file.size, type: file.type };
      },
      blobUrl: () => '',
      signOut: async () => undefined,
    } as Layer;
  }

  private answer([name, args, id]: Invocation): Json {
    this.calls.push([name, args, id]);
    const create = Object.entries((args['create'] ?? {}) as Record<string, Json>);
    if (name === 'Blob/upload') return { created: { file: { id: `own-${create[0]![1]['data'][0].blobId}`, size: 1 } } };
    if (name === 'FileLink/get') return { list: [...this.links.values()] };
    if (name === 'FileLink/set') {
      if (args['create']) {
        this.meanwhile();
        if (this.refuses) return { created: null, notCreated: { made: this.refuses } };
        const link = { id: `A1-${this.links.size + 1}`, url: `https://mail.example.test/file/A1-${this.links.size + 1}-AAAAAAAAAAAAAAAAAAAAAA`, size: 30e6, created: '2026-11-30T10:00:00Z', expires: '2026-12-30T10:00:00Z', downloads: 0, lastDownload: null };
        this.links.set(link.id, { ...link, name: create[0]![1]['name'], type: create[0]![1]['type'] });
        return { created: { made: link } };
      }
      for (const gone of (args['destroy'] ?? []) as string[]) this.links.delete(gone);
      return { created: null };
    }
    if (name === 'Email/set') {
      for (const [, email] of create) this.emails.set(`E${this.emails.size + 1}`, { ...email });
      for (const [id, changes] of Object.entries((args['update'] ?? {}) as Record<string, Json>)) Object.assign(this.emails.get(id) ?? {}, changes);
      return { created: Object.fromEntries(create.map(([key]) => [key, { id: `E${this.emails.size}` }])) };
    }
    if (name === 'EmailSubmission/set') {
      if (this.loses) throw new LayerError('offline', 'lost');
      Object.assign([...this.emails.values()].at(-1)!, { mailboxIds: { sent: true }, keywords: { $seen: true } });
      return { created: { sent: { id: 'S1' } } };
    }
    if (name === 'Email/query') return { ids: [...this.emails].filter(([, email]) => isFound(email, args['filter'] as Json)).map(([found]) => found) };
    return name === 'Email/get' ? { list: [] } : {};
  }
}

let server: Server;

beforeEach(async () => {
  server = new Server();
  const store = new Store(server.layer());
  store.accounts.value = [{ id: 'A', name: 'alice@example.test', isPersonal: true }];
  store.identities.put('A', [ALICE]);
  store.mailboxes.put('A', [{ id: 'drafts', name: 'Drafts', role: 'drafts', parentId: null } as any, { id: 'sent', name: 'Sent', role: 'sent', parentId: null } as any, { id: 'trash', name: 'Trash', role: 'trash', parentId: null } as any]);
  setStore(store);
  composers.value = [];
  fileLinks.value = undefined;
  await (await localDrafts()).clear();
});

async function composer(mode: 'rich' | 'plain' = 'plain', more: Partial<Draft> = {}): Promise<Composer> {
  const made = new Composer({ store: mail(), local: await localDrafts() }, { ...draftOf(mode, mode === 'rich' ? '<div>Hello</div>' : 'Hello'), ...more }, 'docked');
  composers.value = [...composers.peek(), made];
  return made;
}

const sized = (name: string, size: number): File => Object.defineProperty(new File(['x'], name, { type: 'video/mp4' }), 'size', { value: size }) as File;
/** What was asked for is answered. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const idle = async (one: Composer): Promise<boolean> => one.uploads.settled();
const attached = (one: Composer): string[] => one.draft.peek().attachments.map(({ name }) => name);

for (const mode of ['rich', 'plain'] as const)
  test(`a large file goes as a link, a small one does not (${mode})`, async () => {
    const one = await composer(mode);
    one.addFiles([sized('film.mp4', 30e6), sized('small.mp4', 1e6)]);
    assert.equal(one.draft.peek().attachments[0]!.asLink, true);
    assert.ok(await idle(one));
    assert.deepEqual(attached(one), ['small.mp4']);
    const [link] = one.links.shown.peek();
    assert.ok(link && namesFile(one.draft.peek(), link.url));
    assert.match(JSON.stringify(toEmail(one.draft.peek(), ALICE, { sends: true, mailboxId: 'drafts', date: new Date() })['bodyValues']), /film\.mp4.*30 MB, until .*2026/);
    assert.ok(!forgetsFile(one));
    // In another form of text it is said anew, once.
    one.setMode(mode === 'rich' ? 'plain' : 'rich');
    const { html: now, text } = one.draft.peek();
    assert.equal((mode === 'rich' ? text : now).split(link.url).length, 2);
    assert.deepEqual(one.links.shown.peek().map(({ id }) => id), [link.id]);
    await one.stop();
  });

test('what the draft notes is enough for another device, and a copy of it takes nothing over', async () => {
  const one = await composer('rich');
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  const email = toEmail(one.draft.peek(), ALICE, { sends: false, mailboxId: 'drafts', date: new Date() });
  const text = (email['bodyValues'] as Json)['html'].value as string;
  const there = fromEmail({ ...email, id: 'E9', textBody: [], htmlBody: [{ type: 'text/html', partId: 'html' }], attachments: [], bodyValues: { html: { value: text } } } as unknown as FetchedEmail, 'A', [ALICE]);
  fileLinks.value = undefined;
  const other = await composer('rich', there);
  await loadFileLinks();
  assert.deepEqual(other.links.shown.value.map(({ name }) => name), ['film.mp4']);
  // The file itself is not there.
  assert.ok(!other.links.canAttach(other.links.shown.peek()[0]!));
  assert.equal(other.links.leadsNowhere.value, false);
  server.links.clear();
  await loadFileLinks();
  assert.deepEqual([other.links.shown.value.length, other.links.leadsNowhere.value], [0, true]);
  other.change({ html: '<div>Hello</div>' });
  assert.equal(other.links.leadsNowhere.value, false);
  assert.deepEqual(copyOf(there, KEY, [ALICE]).linkIds, []);
  assert.ok(!('X-Postrider-Draft' in toEmail(one.draft.peek(), ALICE, { sends: true, mailboxId: 'drafts', date: new Date() })));
  await one.stop();
});

test('a link becomes an attachment, and an attachment a link', async () => {
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  one.links.attach(one.links.shown.peek()[0]!);
  await idle(one);
  for (let i = 0; i < 5; i++) await turn();
  assert.deepEqual([attached(one), one.links.shown.peek().length, one.draft.peek().linkIds, server.links.size, server.uploads], [['film.mp4'], 0, [], 0, 1]);
  assert.equal(one.draft.peek().text.trim(), 'Hello');
  one.links.send(one.draft.peek().attachments[0]!);
  await idle(one);
  assert.deepEqual([attached(one), one.links.shown.peek().map(({ name }) => name), server.links.size], [[], ['film.mp4'], 1]);
  // A part of the mail goes with it: the link is of an upload of its own.
  assert.equal(server.calls.filter(([name]) => name === 'Blob/upload').length, 1);
  await one.stop();
});

test('a file that is taken away, or attached instead, while its link is made leaves none behind', async () => {
  const one = await composer();
  server.meanwhile = () => one.removeAttachment(one.draft.peek().attachments[0]!.key);
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  await turn();
  assert.deepEqual([attached(one), server.links.size, one.draft.peek().text], [[], 0, 'Hello']);
  server.meanwhile = () => one.links.keepAttached(one.draft.peek().attachments[0]!);
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  await turn();
  assert.deepEqual([attached(one), server.links.size, one.draft.peek().attachments[0]!.blobId !== null], [['film.mp4'], 0, true]);
  await one.stop();
});

test('a file that is removed is gone from the text at once, comes back by undo, and goes for good when it cannot come back', async () => {
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  const due: (() => void)[] = [];
  const timers = globalThis.setTimeout;
  globalThis.setTimeout = ((run: () => void) => due.push(run)) as unknown as typeof setTimeout;
  const [link] = one.links.shown.peek();
  one.links.remove(link!);
  assert.equal(one.draft.peek().text.trim(), 'Hello');
  await undo();
  due.pop()!();
  await turn();
  assert.deepEqual([one.links.shown.peek().length, server.links.size], [1, 1]);
  one.links.remove(link!);
  globalThis.setTimeout = timers;
  due.pop()!();
  await turn();
  assert.deepEqual([one.links.shown.peek().length, server.links.size], [0, 0]);
  await one.stop();
});

/** Timers come due when the test says so. */
async function withTimers(run: (due: () => Promise<void>) => Promise<void>): Promise<void> {
  const timers = globalThis.setTimeout;
  const waiting: (() => void)[] = [];
  globalThis.setTimeout = ((due: () => void) => waiting.push(due)) as unknown as typeof setTimeout;
  try {
    await run(async () => {
      for (const due of waiting.splice(0)) due();
      for (let i = 0; i < 5; i++) await turn();
    });
  } finally {
    globalThis.setTimeout = timers;
  }
}

test('a draft that is thrown away takes its links along when it cannot be had back any more', async () => {
  const first = await composer();
  first.addFiles([sized('film.mp4', 30e6)]);
  await idle(first);
  const url = first.links.shown.peek()[0]!.url;
  await withTimers(async (due) => {
    await discard(first);
    assert.equal(server.links.size, 1);
    await undo();
    await due();
    assert.equal(server.links.size, 1);
    const again = composers.peek().at(-1)!;
    assert.ok(again !== first && namesFile(again.draft.peek(), url) && !again.links.leadsNowhere.peek());
    await discard(again);
    await due();
    assert.equal(server.links.size, 0);
    // What has no link any more does not come back by Ctrl-Z: it is in the trash.
    assert.notEqual(newest()?.words, 'Draft discarded');
  });
});

test('a link stays while the server keeps its draft, or another mail has it', async () => {
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  const other = await composer('plain', { key: `${KEY}2`, text: one.draft.peek().text });
  await withTimers(async (due) => {
    await discard(one);
    await due();
  });
  assert.equal(server.links.size, 1);
  const kept = await composer('plain', { text: other.draft.peek().text, linkIds: [...server.links.keys()] });
  await kept.flush();
  composers.value = [kept];
  server.isOnline = false;
  await withTimers(async (due) => {
    await discard(kept);
    server.isOnline = true;
    await due();
  });
  assert.equal(server.links.size, 1);
  await other.stop();
});

/** A copy of the mail's text, as "Edit as new" makes it. */
const copied = (one: Composer, key: string): Promise<Composer> => composer('plain', { ...copyOf(one.draft.peek(), key, [ALICE]) });
const OTHER_KEY = newKey(() => new Uint8Array(20).fill(4));

for (const how of ['discard', 'remove', 'attach'] as const)
  test(`a link stays when a copy of the mail was sent (${how})`, async () => {
    for (const isSent of [true, false]) {
      server.links.clear();
      const one = await composer();
      one.addFiles([sized('film.mp4', 30e6)]);
      await idle(one);
      await one.flush();
      if (isSent) {
        const copy = await copied(one, OTHER_KEY);
        await sendComposer(copy);
        assert.ok(!composers.peek().includes(copy));
      }
      await withTimers(async (due) => {
        const [link] = one.links.shown.peek();
        if (how === 'discard') await discard(one);
        else one.links[how](link!);
        await due();
      });
      assert.equal(server.links.size, isSent ? 1 : 0);
      await one.stop();
      server.emails.clear();
      composers.value = [];
    }
  });

test('a link stays while a draft that is closed, here or at the server, has it; one in the trash keeps none', async () => {
  const places: [string, (copy: Composer) => Promise<void>, number][] = [
    ['here alone', async (copy) => (await localDrafts()).put(copy.kept()), 1],
    ['at the server', (copy) => copy.flush(), 1],
    ['thrown away', async (copy) => (await copy.flush(), discard(copy)), 0],
  ];
  for (const [place, put, left] of places) {
    server.links.clear();
    server.emails.clear();
    await (await localDrafts()).clear();
    const one = await composer();
    one.addFiles([sized('film.mp4', 30e6)]);
    await idle(one);
    const copy = await copied(one, OTHER_KEY);
    copy.written();
    await put(copy);
    await copy.stop();
    if (place === 'at the server') await (await localDrafts()).clear();
    composers.value = [one];
    await withTimers(async (due) => {
      await discard(one);
      await due();
    });
    assert.equal(server.links.size, left, place);
  }
});

test('a link stays when nobody can say whether another mail has it, and that is said', async () => {
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  await withTimers(async (due) => {
    await discard(one);
    const { request } = mail().layer;
    mail().layer.request = async (calls) => (calls.some(([name]) => name === 'Email/query') ? Promise.reject(new LayerError('server', 'cut')) : request(calls));
    await due();
  });
  assert.equal(server.links.size, 1);
  assert.match(shown.peek()?.words ?? '', /could not be reached/);
});

test('what is on its way to the server is waited for', async () => {
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  await withTimers(async (due) => {
    await discard(one);
    // Undefined: what is kept in this browser was not read yet.
    for (const waiting of [undefined, 1]) {
      mail().status.value = { connection: 'connecting', waiting };
      await due();
      assert.equal(server.links.size, 1);
    }
    mail().status.value = { connection: 'online', waiting: 0 };
    await due();
  });
  assert.equal(server.links.size, 0);
});

test('a mail that was handed over and taken out of the outbox removes no links', async () => {
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  server.loses = true;
  await sendComposer(one);
  const [waiting] = outbox.peek();
  assert.ok(waiting?.kept.sending?.handed);
  const again = (await editWaiting(waiting))!;
  assert.ok(namesFile(again.draft.peek(), '/file/A1-1-'));
  // Its copy in Sent is removed: nobody can see any more that it went out.
  server.emails.clear();
  await withTimers(async (due) => {
    await discard(again);
    await due();
  });
  assert.equal(server.links.size, 1);
});

test('a link that is being made while its mail is thrown away is not kept', async () => {
  const one = await composer();
  server.meanwhile = () => void discard(one);
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(server.links.size, 0);
});

test('where there is no room, the words say so, nothing is sent, and another try makes the link', async () => {
  const one = await composer();
  server.refuses = { type: 'overQuota' };
  one.addFiles([sized('film.mp4', 30e6)]);
  assert.equal(await idle(one), false);
  const [state] = Object.values(one.uploads.states.peek());
  assert.deepEqual([state!.state, state!.why], ['failed', 'Your files behind links take all the space that you have. Remove one, then try again.']);
  await sendComposer(one);
  assert.ok(composers.peek().includes(one) && one.problem.peek());
  assert.equal(server.calls.filter(([name]) => name === 'EmailSubmission/set').length, 0);
  server.refuses = undefined;
  one.uploads.again();
  assert.ok(await idle(one));
  assert.equal(one.links.shown.peek().length, 1);
  // What is larger than all the space is not even sent.
  const before = server.uploads;
  one.addFiles([sized('huge.mp4', 3e9)]);
  assert.deepEqual([Object.values(one.uploads.states.peek())[0]!.state, server.uploads], ['tooLarge', before]);
  await one.stop();
});

test('without a connection the mail waits for its link, and goes with it', async () => {
  const one = await composer();
  server.isOnline = false;
  one.addFiles([sized('film.mp4', 30e6)]);
  assert.equal(await idle(one), false);
  const sent = sendComposer(one);
  await turn();
  assert.ok(one.leaves.peek());
  server.isOnline = true;
  one.connectionIsBack();
  await sent;
  const mails = [...server.emails.values()];
  assert.match(mails.at(-1)!['bodyValues'].text.value, /film\.mp4 \(30 MB, until .*\)\r?\n.*\/file\/A1-1-A+/);
});

test('an answer that is lost makes no second link', async () => {
  const one = await composer();
  const { request } = mail().layer;
  let loses = true;
  mail().layer.request = async (calls) => {
    const answers = await request(calls);
    if (loses && calls.some(([name]) => name === 'FileLink/set')) {
      loses = false;
      throw new LayerError('offline', 'lost');
    }
    return answers;
  };
  one.addFiles([sized('film.mp4', 30e6)]);
  assert.equal(await idle(one), false);
  one.connectionIsBack();
  assert.ok(await idle(one));
  assert.deepEqual([server.links.size, one.links.shown.peek().map(({ id }) => id)], [1, ['A1-1']]);
  // A file like it is one of its own.
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  assert.deepEqual([server.links.size, one.links.shown.peek().length], [2, 2]);
  await one.stop();
});

test('a template holds its files itself', async () => {
  const one = await composer('plain', { template: true });
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  assert.deepEqual([attached(one), server.links.size], [['film.mp4'], 0]);
  await one.stop();
});

test('a window that is closed in the middle brings its file up, and the draft has the link', async () => {
  const one = await composer('rich');
  let goOn: () => void = () => undefined;
  const upload = mail().layer.upload;
  mail().layer.upload = async (...args) => {
    await new Promise<void>((resolve) => (goOn = resolve));
    return upload(...args);
  };
  one.addFiles([sized('film.mp4', 30e6)]);
  const closed = closeComposer(one);
  await turn();
  goOn();
  await closed;
  assert.match([...server.emails.values()].at(-1)!['bodyValues'].html.value, /postrider-file.*film\.mp4/);
  assert.deepEqual(await (await localDrafts()).all('A'), []);
});

test('what is made and removed here while the server lists what it has stays so', async () => {
  const one = await composer();
  one.addFiles([sized('old.mp4', 30e6), sized('gone.mp4', 30e6)]);
  await idle(one);
  const loading = loadFileLinks();
  const [gone] = one.links.shown.peek().filter(({ name }) => name === 'gone.mp4');
  void removeFileLink(gone!.id);
  fileLinks.value = [{ ...gone!, id: 'A1-9', name: 'new.mp4' }, ...fileLinks.peek()!];
  await loading;
  assert.deepEqual(fileLinks.peek()!.map(({ name }) => name).sort(), ['new.mp4', 'old.mp4']);
  await idle(one);
  await one.stop();
});

test('what a person prefers', async () => {
  setLinkAbove(50);
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  assert.equal(one.draft.peek().attachments[0]!.asLink, undefined);
  setLinkAbove(10);
  one.addFiles([sized('film2.mp4', 11e6)]);
  assert.equal(one.draft.peek().attachments[1]!.asLink, true);
  await idle(one);
  await one.stop();
});

/** What this browser keeps beside the mail, and what happens when its page goes. */
function browser(t: TestContext): { kept: Map<string, string>; closePage(): void } {
  const kept = new Map<string, string>();
  const atEnd = new Set<() => void>();
  const before = { localStorage: Object.getOwnPropertyDescriptor(globalThis, 'localStorage'), addEventListener, removeEventListener };
  const place = { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => kept.set(name, value), removeItem: (name: string) => kept.delete(name) };
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, value: place });
  Object.assign(globalThis, {
    addEventListener: (kind: string, listener: () => void) => kind === 'pagehide' && atEnd.add(listener),
    removeEventListener: (_: string, listener: () => void) => atEnd.delete(listener),
  });
  t.after(() => {
    if (before.localStorage) Object.defineProperty(globalThis, 'localStorage', before.localStorage);
    else Reflect.deleteProperty(globalThis, 'localStorage');
    Object.assign(globalThis, { addEventListener: before.addEventListener, removeEventListener: before.removeEventListener });
  });
  return { kept, closePage: () => [...atEnd].forEach((listener) => listener()) };
}

test('a page that is closed leaves files of a mail that was thrown away to the next one', async (t) => {
  const { kept, closePage } = browser(t);
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  await withTimers(async () => {
    await discard(one);
    // While it can be undone, another page does nothing about it.
    await removeLinksLeft();
    assert.deepEqual([server.links.size, kept.size], [1, 1]);
    // What a page asks at its end is heard by nobody.
    server.isOnline = false;
    closePage();
    for (let i = 0; i < 5; i++) await turn();
  });
  await removeLinksLeft();
  assert.deepEqual([server.links.size, kept.size], [1, 1]);
  server.isOnline = true;
  await removeLinksLeft();
  assert.deepEqual([server.links.size, kept.size], [0, 0]);
});

test('a link that has come back, or that another mail has, is not removed by the next page; one of a page that has crashed is', async (t) => {
  const { kept, closePage } = browser(t);
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  const [link] = one.links.shown.peek();
  await withTimers(async () => {
    one.links.remove(link!);
    await undo();
  });
  assert.equal(kept.size, 0);
  const copy = await copied(one, OTHER_KEY);
  server.isOnline = false;
  await withTimers(async () => {
    one.links.remove(link!);
    closePage();
    for (let i = 0; i < 5; i++) await turn();
  });
  server.isOnline = true;
  assert.equal(kept.size, 1);
  await removeLinksLeft();
  assert.deepEqual([server.links.size, kept.size], [1, 0]);
  await copy.stop();
  composers.value = [one];
  await (await localDrafts()).clear();
  await withTimers(async () => one.links.remove(link!));
  const now = Date.now;
  t.after(() => (Date.now = now));
  Date.now = () => now() + 6 * 60_000;
  await removeLinksLeft();
  assert.deepEqual([server.links.size, kept.size], [0, 0]);
  await one.stop();
});

test('of files that are left each is tried by itself, and nobody is told of one that does not go', async (t) => {
  const { kept, closePage } = browser(t);
  const one = await composer();
  one.addFiles([sized('first.mp4', 30e6), sized('second.mp4', 30e6), sized('third.mp4', 30e6)]);
  await idle(one);
  server.isOnline = false;
  await withTimers(async () => {
    for (const link of one.links.shown.peek()) one.links.remove(link);
    closePage();
    for (let i = 0; i < 5; i++) await turn();
  });
  server.isOnline = true;
  shown.value = undefined;
  const { request } = mail().layer;
  mail().layer.request = async (calls) => {
    if (calls.some(([name, args]) => name === 'Email/query' && JSON.stringify(args).includes('/file/A1-1-'))) throw new LayerError('offline', 'cut');
    if (calls.some(([name, args]) => name === 'FileLink/set' && JSON.stringify(args).includes('A1-2'))) return [['FileLink/set', { notDestroyed: { 'A1-2': { type: 'forbidden' } } }, calls[0]![2]]];
    return request(calls);
  };
  await removeLinksLeft();
  assert.deepEqual([[...server.links.keys()], shown.peek()], [['A1-1', 'A1-2'], undefined]);
  mail().layer.request = request;
  await removeLinksLeft();
  assert.deepEqual([server.links.size, kept.size], [0, 0]);
  await one.stop();
});

test('who signs out takes along what can still be undone, whatever run is under way, and then it cannot be undone', async (t) => {
  const { kept } = browser(t);
  const one = await composer();
  one.addFiles([sized('film.mp4', 30e6)]);
  await idle(one);
  await withTimers(async () => {
    one.links.remove(one.links.shown.peek()[0]!);
    const entry = newest();
    const underWay = removeLinksLeft();
    await removeLinksLeft(true);
    await underWay;
    assert.deepEqual([server.links.size, kept.size], [0, 0]);
    assert.notEqual(newest(), entry);
  });
  await one.stop();
});

test('nothing goes for good while something may still refuse the signing out', async () => {
  const did: string[] = [];
  const store = mail();
  store.leaving.push(async () => void did.push('leaving'));
  store.lastly.push(async () => void did.push('lastly'));
  store.layer.signOut = () => Promise.reject(new LayerError('refused', 'no'));
  assert.deepEqual([await store.signOut(), did], ['refused', ['leaving']]);
  store.layer.signOut = async (last) => last?.();
  assert.deepEqual([await store.signOut(), did], [undefined, ['leaving', 'leaving', 'lastly']]);
});
