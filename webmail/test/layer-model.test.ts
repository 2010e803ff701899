/**
 * Devices that act at random on the same mail, with a network that is cut, that loses answers, and with layers that are killed: in the
 * end each shows what the server has, and each text that somebody wrote is at the server. SEED and ROUNDS repeat a run, or make it longer.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Id, Invocation } from '../src/jmap/types.ts';
import { Engine } from '../src/layer/cache/engine.ts';
import { LayerError } from '../src/layer/layer.ts';
import { MemoryStore } from '../src/layer/store/memory.ts';
import { ACCOUNT, FakeServer, FakeWire } from './support/fake-server.ts';

type Json = Record<string, any>;

const BOXES = ['M1-1', 'M1-2', 'M1-3'];
const DRAFTS = 'M1-4';
const SENT = 'M1-5';
const KEYWORDS = ['$seen', '$flagged', 'work', 'home'];
const SEED = Number(process.env['SEED'] ?? 1);
const ROUNDS = Number(process.env['ROUNDS'] ?? 12);
const STEPS = 60;

/** xorshift: the same numbers for a seed everywhere. */
function numbers(seed: number): (below: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

class Device {
  engine!: Engine;
  wire!: FakeWire;
  store = new MemoryStore();
  /** Texts that this device has written, and those in whose place it put others. */
  readonly written = new Set<string>();
  readonly replaced = new Set<string>();

  constructor(
    readonly name: string,
    private readonly server: FakeServer,
    private readonly any: (below: number) => number,
  ) {}

  async start(): Promise<void> {
    this.wire = new FakeWire(this.server);
    this.engine = new Engine(this.store, this.wire, { ahead: { days: 36_500, pinned: [] } });
    if (!(await this.engine.open())) await this.engine.use(await this.wire.session());
    this.engine.start();
  }

  /** As a crash leaves it: whatever was on its way comes to nothing here. */
  async kill(): Promise<void> {
    const left = this.store.copy();
    this.wire.connection = 'offline';
    this.wire.close();
    void this.engine.stop();
    this.store = left;
    await this.start();
  }

  async ask(calls: [string, Json][]): Promise<Invocation[] | undefined> {
    try {
      return await this.engine.request(calls.map(([name, args], at) => [name, { accountId: ACCOUNT, ...args }, String(at)]));
    } catch (error) {
      if (error instanceof LayerError) return undefined;
      throw error;
    }
  }

  private async someone(mailbox?: Id): Promise<Id | undefined> {
    const answer = await this.ask([['Email/query', { filter: mailbox ? { inMailbox: mailbox } : null, sort: [{ property: 'receivedAt', isAscending: false }] }]]);
    const ids = (answer?.[0]?.[1]['ids'] as Id[] | undefined) ?? [];
    return ids.length ? ids[this.any(ids.length)] : undefined;
  }

  async act(text: string): Promise<void> {
    const { any } = this;
    const kind = any(100);
    if (kind < 30) {
      const id = await this.someone();
      const keyword = KEYWORDS[any(KEYWORDS.length)]!;
      if (id) await this.ask([['Email/set', { update: { [id]: { [`keywords/${keyword}`]: any(2) ? true : null } } }]]);
    } else if (kind < 50) {
      const [from, to] = [BOXES[any(3)]!, BOXES[any(3)]!];
      const id = await this.someone(from);
      if (id && from !== to) await this.ask([['Email/set', { update: { [id]: any(2) ? { mailboxIds: { [to]: true } } : { [`mailboxIds/${from}`]: null, [`mailboxIds/${to}`]: true } } }]]);
    } else if (kind < 55) {
      const id = await this.someone('M1-3');
      if (id) await this.ask([['Email/set', { destroy: [id] }]]);
    } else if (kind < 75) {
      const old = await this.someone(DRAFTS);
      const replaces = old !== undefined && any(3) > 0;
      const create = { d: { mailboxIds: { [DRAFTS]: true }, keywords: { $draft: true, $seen: true }, subject: text, bodyValues: { t: { value: text } }, textBody: [{ partId: 't', type: 'text/plain' }] } };
      const replacedText = replaces ? (await this.ask([['Email/get', { ids: [old], properties: ['subject'] }]]))?.[0]?.[1] : undefined;
      const answer = await this.ask([['Email/set', { create, ...(replaces && { destroy: [old] }) }]]);
      if (!answer) return;
      this.written.add(text);
      if (replaces) this.replaced.add((replacedText!['list'] as Json[])[0]!['subject']);
    } else if (kind < 82) {
      const id = await this.someone(DRAFTS);
      if (id) await this.ask([['EmailSubmission/set', { create: { s: { emailId: id, identityId: 'I1-1', envelope: this.name } }, onSuccessUpdateEmail: { '#s': { [`mailboxIds/${DRAFTS}`]: null, [`mailboxIds/${SENT}`]: true, 'keywords/$draft': null } } }]]);
    } else if (kind < 90) this.wire.fate = [() => 'well' as const, () => 'cut' as const, () => (any(3) ? ('well' as const) : ('lost' as const))][any(3)]!;
    else if (kind < 95) this.wire.go(any(2) ? 'offline' : 'online');
    else if (kind < 97) await this.kill();
    else await new Promise((resolve) => setTimeout(resolve, any(4)));
  }

  /** Until nothing waits: the network is there. */
  async settle(): Promise<void> {
    this.wire.fate = () => 'well';
    for (let at = 0; at < 20; at++) {
      this.wire.go('online');
      await this.engine.flushed().catch((error) => assert.equal(error.kind, 'offline'));
      if (!this.engine.status().waiting) return;
    }
    assert.fail(`${this.name} has ${this.engine.status().waiting} changes left: ${JSON.stringify([...this.engine.log.entries.values()])}`);
  }

  async check(): Promise<void> {
    for (const mailbox of [...BOXES, DRAFTS, SENT]) {
      const answers = (await this.ask([
        ['Email/query', { filter: { inMailbox: mailbox }, sort: [{ property: 'receivedAt', isAscending: false }] }],
        ['Email/get', { '#ids': { resultOf: '0', name: 'Email/query', path: '/ids' }, properties: ['keywords', 'mailboxIds', 'subject'] }],
        ['Mailbox/get', { ids: [mailbox] }],
      ]))!;
      assert.deepEqual(answers[0]![1]['ids'], this.server.ids({ inMailbox: mailbox }), `${this.name}: ${mailbox}`);
      for (const email of answers[1]![1]['list'] as Json[]) {
        const { keywords, mailboxIds, subject } = this.server.emails.get(email['id'])!;
        assert.deepEqual({ keywords: email['keywords'], mailboxIds: email['mailboxIds'], subject: email['subject'] }, { keywords, mailboxIds, subject });
      }
      const counts = this.server.counted(mailbox);
      const shown = (answers[2]![1]['list'] as Json[])[0]!;
      assert.deepEqual(Object.fromEntries(Object.keys(counts).map((name) => [name, shown[name]])), counts, `${this.name}: counts of ${mailbox}`);
    }
  }
}

for (let round = 0; round < ROUNDS; round++)
  test(`devices end with what the server has (seed ${SEED + round})`, async () => {
    const any = numbers(SEED + round);
    const server = new FakeServer();
    for (let at = 0; at < 12; at++) server.deliver({ ...(any(3) === 0 && { threadId: 'T1-1' }), mailboxIds: { [BOXES[any(3)]!]: true } });
    const devices = [new Device('one', server, any), new Device('two', server, any)];
    for (const device of devices) await device.start();
    for (const device of devices) await device.engine.flushed();
    let written = 0;
    for (let step = 0; step < STEPS; step++) {
      if (any(12) === 0) server.deliver({ ...(any(2) && { threadId: 'T1-1' }) });
      await devices[any(2)]!.act(`text ${++written} of seed ${SEED + round}`);
    }
    for (const device of devices) await device.settle();
    for (const device of devices) await device.settle();
    for (const device of devices) await device.check();
    // Nothing was made twice.
    const texts = [...server.emails.values()].map((email) => email['subject'] as string).filter((subject) => subject.startsWith('text '));
    assert.equal(new Set(texts).size, texts.length, `made twice: ${texts.sort().join(', ')}`);
    // And no text was lost but those in whose place another was put.
    for (const device of devices) for (const text of device.written) if (!devices.some(({ replaced }) => replaced.has(text))) assert.ok(texts.includes(text), `${text} is lost`);
    const sent = [...server.submissions.values()].map((one) => `${one['emailId']} by ${one['envelope']}`);
    assert.equal(new Set(sent).size, sent.length, 'sent twice');
    // And what the store holds is what is shown.
    for (const device of devices) {
      await device.kill();
      await device.settle();
      await device.check();
      device.wire.close();
      await device.engine.stop();
    }
  });
