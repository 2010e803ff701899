import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effect } from '@preact/signals';
import type { Invocation } from '../src/jmap/types.ts';
import type { Layer, LayerEvent } from '../src/layer/layer.ts';
import { changeMailbox } from '../src/model/mailboxes.ts';
import { Preferences, PREFERENCES } from '../src/model/preferences.ts';
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

test("a folder that was made here gets the server's id in one step, and who noted the old one finds it", async () => {
  const made = { name: 'Projects', parentId: null, role: null };
  let isMade = false;
  const asked: unknown[] = [];
  const { layer, tell } = fake((name, args) => {
    if (name === 'Mailbox/set') asked.push(args);
    if (name === 'Mailbox/set') return {};
    if (name === 'Mailbox/changes') return { newState: '2', hasMoreChanges: false, created: ['M7'], updated: [], destroyed: ['local-1'] };
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
