import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { effect } from '@preact/signals';
import type { Invocation } from '../src/jmap/types.ts';
import { type Layer, LayerError, type LayerEvent } from '../src/layer/layer.ts';
import { changeMailbox } from '../src/model/mailboxes.ts';
import { knownLabels, noteLabels } from '../src/model/labels.ts';
import { claimBrowser, forgetPerson } from '../src/model/person.ts';
import { Preferences, PREFERENCES } from '../src/model/preferences.ts';
import { followSettings, ownSettings, setting, shareSettings } from '../src/model/settings.ts';
import { Store } from '../src/model/store.ts';

// A browser has it, Node does not.
Object.assign(globalThis, { reportError: (error: unknown) => Promise.reject(error) });

const MAIL = 'urn:ietf:params:jmap:mail';

/** A layer that answers as it is told, and tells states when it is told. */
function fake(answer: (name: string, args: any) => Record<string, unknown>) {
  const heard: ((event: LayerEvent) => void)[] = [];
  const layer: Layer = {
    session: { capabilities: {}, accounts: { A: { name: 'a', isPersonal: true, isReadOnly: false, accountCapabilities: { [MAIL]: {} } } }, primaryAccounts: { [MAIL]: 'A' } } as any,
    request: async (calls) => calls.map(([name, args, id]) => [name, answer(name, args), id]) as Invocation[],
    listen: (one) => {
      heard.push(one);
      return () => undefined;
    },
    status: () => ({ connection: 'online', waiting: 0 }),
    upload: () => Promise.reject(new Error()),
    blobUrl: () => '',
    signOut: async () => undefined,
  } as Layer;
  return { layer, tell: (event: LayerEvent) => heard.forEach((one) => one(event)) };
}

test('what somebody shares while the page is open, or since its first screen was kept, is loaded when the session says so', async () => {
  const { layer, tell } = fake((name, { accountId }) => ({ state: '1', list: name === 'Mailbox/get' ? [{ id: `inbox of ${accountId}`, name: 'Inbox', parentId: null, role: 'inbox' }] : [] }));
  const store = new Store(layer);
  const asked: string[] = [];
  const { request } = layer;
  layer.request = (calls) => (asked.push(...calls.map(([name, args]) => `${name} ${String(args['accountId'])}`)), request(calls));
  // Before the page has asked for anything, it is asked for with the rest.
  tell({ kind: 'session' });
  await store.load();
  assert.equal(asked.filter((one) => one === 'Mailbox/get A').length, 1);
  const { accounts } = layer.session;
  layer.session.accounts['B'] = { ...accounts['A']!, name: 'b', isPersonal: false };
  const seen: string[][] = [];
  const came = new Promise<void>((resolve) =>
    effect(() => {
      seen.push(store.inboxes().map(({ id }) => id));
      if (seen.at(-1)!.length === 2) resolve();
    }),
  );
  tell({ kind: 'session' });
  await came;
  assert.deepEqual(seen.at(-1), ['inbox of A', 'inbox of B']);
  // Nothing is asked for twice.
  tell({ kind: 'session' });
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(asked.filter((one) => one.startsWith('Mailbox/get')), ['Mailbox/get A', 'Mailbox/get B']);
});

// What was made and named since the state that is asked about, is not told as destroyed: nobody had heard of it.
for (const destroyed of [['local-1'], []])
  test(`a folder that was made here gets the server's id in one step, and who noted the old one finds it: ${destroyed.length} destroyed`, async () => {
    const made = { name: 'Projects', parentId: null, role: null };
    let isMade = false;
    const asked: unknown[] = [];
    const { layer, tell } = fake((name, args) => {
      if (name === 'Mailbox/set') asked.push(args);
      if (name === 'Mailbox/set') return {};
      if (name === 'Mailbox/changes') return { newState: '2', hasMoreChanges: false, created: ['M7'], updated: [], destroyed };
      return { state: '1', list: name === 'Mailbox/get' && isMade ? [{ id: 'M7', ...made }] : [] };
    });
    const store = new Store(layer);
    await store.load();
    store.mailboxes.put('A', [{ id: 'local-1', ...made } as any]);
    const seen: string[][] = [];
    effect(() => void seen.push(store.mailboxes.all('A').map(({ id }) => id)));
    const renamed: [string, string][] = [];
    store.renamed.listen((names) => renamed.push(...names));
    isMade = true;
    tell({ kind: 'named', accountId: 'A', ids: { 'local-1': 'M7' } });
    tell({ kind: 'state', changed: { A: { Mailbox: '2' } as any } });
    await new Promise((resolve) => setTimeout(resolve, 0));
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.deepEqual(seen, [['local-1'], ['M7']]);
    assert.deepEqual(renamed, [['local-1', 'M7']]);
    await changeMailbox(store, 'local-1', { name: 'Work' });
    assert.equal(store.mailboxes.peek('M7')?.name, 'Work');
    assert.deepEqual(asked, [{ accountId: 'A', update: { M7: { name: 'Work' } } }]);
  });

test('an account, and identities, that could not be had when they were asked for are had at the next news', async () => {
  let fails = true;
  const { layer, tell } = fake((name) => ({ state: '1', newState: '1', hasMoreChanges: false, created: [], updated: [], destroyed: [], list: name === 'Mailbox/get' || name === 'Identity/get' ? [{ id: `one of ${name}` }] : [] }));
  const { request } = layer;
  layer.request = async (calls) => {
    if (fails && calls.some(([, args]) => args['accountId'] === 'B')) throw new LayerError('offline', 'cut');
    return (await request(calls)).map(([name, args, id]): Invocation => (fails && name === 'Identity/get' ? ['error', { type: 'serverFail' }, id] : [name, args, id]));
  };
  const store = new Store(layer);
  await store.load();
  assert.deepEqual([store.mailboxes.all('A').length, store.identities.all('A').length], [1, 0]);
  layer.session.accounts['B'] = { ...layer.session.accounts['A']!, isPersonal: false };
  const before = globalThis.reportError;
  const reported: unknown[] = [];
  globalThis.reportError = (error) => void reported.push(error);
  const news = (): void => tell({ kind: 'state', changed: { A: { Mailbox: '1', Identity: '1' } as any } });
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  store.accounts.value = [...store.accounts.peek(), { id: 'B', name: 'b', isPersonal: false }];
  news();
  await turn();
  assert.equal(store.state('B', 'Mailbox'), undefined);
  fails = false;
  news();
  await turn();
  globalThis.reportError = before;
  assert.deepEqual([store.state('B', 'Mailbox'), store.identities.all('A').map(({ id }) => id), reported], ['1', ['one of Identity/get'], []]);
});

test('what is set while the server tells what was preferred stays', async () => {
  let tell: (values: Record<string, unknown>) => void = () => undefined;
  const layer = {
    session: { capabilities: { [PREFERENCES]: {} } },
    request: ([[name, , id]]: [[string, unknown, string]]) =>
      name === 'Preferences/get' ? new Promise((resolve) => (tell = (values) => resolve([[name, { list: [{ values }] }, id]]))) : Promise.resolve([[name, {}, id]]),
  } as unknown as Layer;
  const preferences = new Preferences(layer, () => 'A');
  assert.equal(preferences.areHere, false);
  const theme = preferences.of('theme', 'system');
  const loading = preferences.load();
  preferences.set('theme', 'dark');
  tell({ theme: 'light', density: 'two' });
  await loading;
  assert.deepEqual([theme.value, preferences.of('density', 'three').value, preferences.areHere], ['dark', 'two', true]);
});

test('a new browser shows mail when the mail is here, with the preferences if they come at once, and without them if they do not', async () => {
  const start = async (preferred: (values: Record<string, unknown>) => Promise<Record<string, unknown>>) => {
    const { layer } = fake(() => ({ state: '1', list: [{ id: 'M1', name: 'Inbox', role: 'inbox' }] }));
    (layer.session as any).capabilities = { [PREFERENCES]: {} };
    const answer = layer.request;
    layer.request = async (calls) => (calls[0]![0] === 'Preferences/get' ? ([['Preferences/get', await preferred({ theme: 'dark' }), 'c0']] as Invocation[]) : answer(calls));
    const store = new Store(layer);
    const theme = store.preferences.of('theme', 'system');
    await store.load();
    assert.equal(store.mailboxes.all('A').length, 1);
    return theme;
  };
  const prompt = await start(async (values) => ({ list: [{ values }] }));
  assert.equal(prompt.value, 'dark');
  let tell = (): void => undefined;
  const late = await start((values) => new Promise((resolve) => (tell = () => resolve({ list: [{ values }] }))));
  assert.equal(late.value, 'system');
  const seen = new Promise<void>((resolve) => effect(() => { if (late.value === 'dark') resolve(); }));
  tell();
  await seen;
});

// ---- settings of several people in one browser ----

/** A browser's place for settings; other pages of it hear of what is written by this one. */
function place(t: TestContext) {
  const values = new Map<string, string>();
  const heard: ((event: { key: string; newValue: string | null }) => void)[] = [];
  const before = { localStorage: globalThis.localStorage, addEventListener: globalThis.addEventListener };
  Object.assign(globalThis, {
    localStorage: {
      getItem: (name: string) => values.get(name) ?? null,
      setItem: (name: string, value: string) => void values.set(name, value),
      removeItem: (name: string) => void values.delete(name),
      key: (at: number) => [...values.keys()][at] ?? null,
      get length() {
        return values.size;
      },
    },
    addEventListener: (kind: string, one: (typeof heard)[0]) => kind === 'storage' && heard.push(one),
  });
  t.after(() => {
    Object.assign(globalThis, before);
    claimBrowser('nobody');
  });
  return { values, tell: (key: string, newValue: string | null) => heard.forEach((one) => one({ key, newValue })) };
}

function preferencesOf(person: string, atServer: Record<string, unknown> = {}) {
  const { layer } = fake((name, args) => {
    if (name === 'Preferences/get') return { list: [{ values: { ...atServer } }] };
    for (const [path, value] of Object.entries(args.update.singleton)) atServer[path.slice('values/'.length)] = value;
    return { updated: { singleton: null } };
  });
  Object.assign(layer.session, { username: person, capabilities: { [PREFERENCES]: {} } });
  return { layer, atServer, begin: () => (ownSettings(person), new Preferences(layer, () => 'A')) };
}

test("one person's labels are never another's", async (t) => {
  const { values, tell } = place(t);
  followSettings();
  const alice = preferencesOf('alice');
  const bob = preferencesOf('bob');
  const hers = alice.begin();
  shareSettings(hers);
  setting('folded').value = ['M1-9'];
  setting('foldersWidth').value = 300;
  noteLabels(['divorce']);
  await hers.load();
  assert.deepEqual(alice.atServer['label-colours'], { divorce: '' });
  // Her session ends; or it has ended while no page was open, and nothing was forgotten.
  for (const forgets of [true, false]) {
    if (forgets) forgetPerson();
    const his = bob.begin();
    assert.deepEqual([knownLabels.value, setting('folded').value, setting('foldersWidth').value], [[], [], 300]);
    assert.equal([...values.keys()].some((name) => /abel|folded|preferences/.test(name) && values.get(name)!.includes('divorce')), false);
    await his.load();
    noteLabels(['cycling']);
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual(JSON.parse(values.get('postrider.labelColours')!), { cycling: '' });
    if (forgets) {
      setting('labelColours').value = {};
      alice.begin();
      setting('labelColours').value = { divorce: '' };
    }
  }
  // Her page is open still for a moment: what is kept for him is nothing to it, and what it does is not kept.
  claimBrowser('alice');
  values.set('postrider.person', 'bob');
  values.set('postrider.labelColours', '{"cycling":""}');
  setting('labelColours').value = { divorce: '' };
  tell('postrider.labelColours', '{"cycling":""}');
  assert.deepEqual([knownLabels.value, values.get('postrider.labelColours')], [['divorce'], '{"cycling":""}']);
  // And what goes when a session ends is no choice of hers.
  claimBrowser('alice');
  setting('labelColours').value = { taxes: '' };
  values.delete('postrider.labelColours');
  tell('postrider.labelColours', null);
  assert.deepEqual(knownLabels.value, ['taxes']);
});

test('what is set without a network is sent later, by the same person, and nothing older takes its place', async (t) => {
  const { values } = place(t);
  const alice = preferencesOf('carol', { theme: 'light', accent: 'blue' });
  const answer = alice.layer.request;
  const offline: Layer['request'] = async (calls) => {
    // What the layer has kept of an answer before.
    if (calls.length === 1 && calls[0]![0] === 'Preferences/get') return [['Preferences/get', { list: [{ values: { theme: 'light', accent: 'blue' } }] }, calls[0]![2]]];
    throw new LayerError('offline', 'no network');
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const first = alice.begin();
  await first.load();
  alice.layer.request = offline;
  first.set('theme', 'dark');
  first.set('accent', undefined);
  await settled();
  // The page is loaded again, still without a network.
  const second = alice.begin();
  await second.load();
  assert.deepEqual([second.of('theme', 'system').value, second.of('accent', 'teal').value], ['dark', 'teal']);
  // The session ends. Another person is told nothing of it, and sends nothing of it.
  forgetPerson();
  const bob = preferencesOf('dan', { theme: 'light' });
  const his = bob.begin();
  await his.load();
  assert.deepEqual([his.of('theme', 'system').value, bob.atServer], ['light', { theme: 'light' }]);
  const again = alice.begin();
  assert.equal(again.of('theme', 'system').value, 'dark');
  alice.layer.request = answer;
  await again.load();
  assert.deepEqual([again.of('theme', 'system').value, alice.atServer], ['dark', { theme: 'dark', accent: null }]);
  assert.deepEqual([...values.keys()].filter((name) => name.startsWith('postrider.unsent')), []);
});

test('what the server refuses keeps nothing else from it; what it cannot do now is sent again', async (t) => {
  place(t);
  const alice = preferencesOf('carol');
  const asked: string[] = [];
  let fails = true;
  alice.layer.request = async (calls) =>
    calls.map(([name, args, id]: any) => {
      const [path] = Object.keys(args.update?.singleton ?? {});
      if (path) asked.push(path);
      if (path === 'values/theme' && fails) return ['error', { type: 'serverFail' }, id];
      return [name, { list: [], notUpdated: path === 'values/bad' ? { singleton: { type: 'invalidProperties' } } : null }, id];
    });
  const preferences = alice.begin();
  for (const name of ['bad', 'theme', 'density']) preferences.set(name, 'x');
  await new Promise((resolve) => setTimeout(resolve));
  asked.length = 0;
  fails = false;
  await preferences.send();
  await preferences.send();
  assert.deepEqual(asked, ['values/theme']);
});

test('what one action changed comes by one request, and what is known already draws nothing', async () => {
  let keywords: Record<string, true> = {};
  let broken = '';
  const { layer, tell } = fake((name) => {
    if (name.endsWith('/changes')) return { newState: '2', hasMoreChanges: name === broken, created: [], updated: [name === 'Email/changes' ? 'e1' : name === 'Thread/changes' ? 't1' : 'inbox'], destroyed: [] };
    if (name === 'Email/get') return { state: '1', list: [{ id: 'e1', keywords }, { id: 'not here', keywords }] };
    if (name === 'Thread/get') return { state: '1', list: [{ id: 't1', emailIds: ['e1'] }] };
    return { state: '1', list: name === 'Mailbox/get' ? [{ id: 'inbox', name: 'Inbox', parentId: null, role: 'inbox' }] : [] };
  });
  const store = new Store(layer);
  await store.load();
  store.putRows('A', [{ id: 'e1', keywords: {} } as any], [{ id: 't1', emailIds: ['e1'] }]);
  let drawn = 0;
  effect(() => void (store.emails.of('e1').value, store.threads.of('t1').value, store.mailboxes.all('A'), drawn++));
  const requests: string[][] = [];
  const { request } = layer;
  layer.request = (calls) => (requests.push(calls.map(([name]) => name)), request(calls));
  const news = async (): Promise<void> => {
    const followed = new Promise<void>((resolve) => void store.changed.listen(() => resolve()));
    tell({ kind: 'state', changed: { A: { Mailbox: '2', Email: '2', Thread: '2' } as any } });
    await followed;
  };
  await news();
  assert.deepEqual([requests.length, drawn], [1, 1]);
  keywords = { $seen: true };
  await news();
  assert.deepEqual([requests.length, drawn, store.emails.peek('e1')!.keywords, store.emails.has('not here')], [2, 2, keywords, false]);
  // Of more than that, the rest comes by itself.
  broken = 'Email/changes';
  layer.request = async (calls) => {
    requests.push(calls.map(([name]) => name));
    const answers = await request(calls);
    broken = '';
    return answers;
  };
  await news();
  assert.deepEqual(requests.slice(2).map(([name]) => name), ['Mailbox/changes', 'Email/changes', 'Email/get']);
});
