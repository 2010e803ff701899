/** A device of somebody: the cache over memory instead of IndexedDB, and a wire to a server in memory. */
import type { Id, Invocation } from '../../src/jmap/types.ts';
import { Engine } from '../../src/layer/cache/engine.ts';
import type { LayerEvent } from '../../src/layer/layer.ts';
import { MemoryStore } from '../../src/layer/store/memory.ts';
import { ACCOUNT, type FakeServer, FakeWire } from './fake-server.ts';

export type Json = Record<string, any>;

export const INBOX = 'M1-1';
export const ARCHIVE = 'M1-2';
export const DRAFTS = 'M1-4';
export const SENT = 'M1-5';
export const AHEAD = { days: 36_500, pinned: [] };
export const BODY = { properties: ['id', 'subject', 'bodyValues', 'textBody'], fetchTextBodyValues: true };

export interface Device {
  engine: Engine;
  wire: FakeWire;
  store: MemoryStore;
  events: LayerEvent[];
  ask(name: string, args?: Json): Promise<Json>;
  list(mailbox?: Id): Promise<Id[]>;
}

export async function device(server: FakeServer, store = new MemoryStore(), online = true): Promise<Device> {
  const wire = new FakeWire(server);
  if (!online) wire.connection = 'offline';
  const engine = new Engine(store, wire, { ahead: AHEAD });
  const events: LayerEvent[] = [];
  engine.listen((event) => events.push(event));
  if (!(await engine.open())) await engine.use(await wire.session());
  const ask = async (name: string, args: Json = {}): Promise<Json> => {
    const [[answered, answer]] = (await engine.request([[name, { accountId: ACCOUNT, ...args }, 'c']])) as [Invocation];
    if (answered === 'error') throw Object.assign(new Error(answer['type'] as string), answer);
    return answer;
  };
  const list = async (mailbox = INBOX): Promise<Id[]> => (await ask('Email/query', { filter: { inMailbox: mailbox }, sort: [{ property: 'receivedAt', isAscending: false }] }))['ids'];
  return { engine, wire, store, events, ask, list };
}

/** A device on which all mail is. */
export async function ready(server: FakeServer): Promise<Device> {
  const made = await device(server);
  made.engine.start();
  await made.engine.flushed();
  return made;
}

export const draft = (subject: string): Json => ({ mailboxIds: { [DRAFTS]: true }, keywords: { $draft: true, $seen: true }, subject, from: [{ name: null, email: 'alice@example.test' }], bodyValues: { t: { value: `Body of ${subject}` } }, textBody: [{ partId: 't', type: 'text/plain' }] });
