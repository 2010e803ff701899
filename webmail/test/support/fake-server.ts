/**
 * A JMAP server in memory, as far as the layer asks it: Mailbox, Email, Thread, Identity, EmailSubmission. Written from RFC 8620 and 8621
 * alone, and slowly: each query looks at all emails.
 */
import type { Comparator, Filter, Id, Invocation, Session } from '../../src/jmap/types.ts';
import { type Wire, WireError, type WireEvent } from '../../src/layer/net/wire.ts';

type Json = Record<string, any>;

interface Told {
  type: string;
  id: Id;
  kind: 'created' | 'updated' | 'destroyed';
}

const CORE = 'urn:ietf:params:jmap:core';
const MAIL = 'urn:ietf:params:jmap:mail';
const SNOOZE = 'urn:ietf:params:jmap:mail:snooze';
export const ACCOUNT = 'A1';

class Refused extends Error {
  constructor(readonly type: string) {
    super(type);
  }
}

function pointer(value: any, path: string[]): any {
  if (!path.length) return value;
  if (path[0] === '*') return (value as any[]).flatMap((one) => pointer(one, path.slice(1)));
  if (value === null || typeof value !== 'object' || !(path[0]! in value)) throw new Refused('invalidResultReference');
  return pointer(value[path[0]!], path.slice(1));
}

export class FakeServer {
  readonly emails = new Map<Id, Json>();
  readonly mailboxes = new Map<Id, Json>();
  readonly identities = new Map<Id, Json>();
  readonly submissions = new Map<Id, Json>();
  private told: Told[] = [];
  private next = 1;
  /** States before it can't be asked about. */
  forgotten = 0;
  /** Wires to tell of changes. */
  readonly wires = new Set<FakeWire>();
  /** Answers to calls, instead of what would be done. */
  refuse: ((name: string, args: Json) => Json | undefined) | undefined;
  calls = 0;
  /** Its clock. */
  now: () => number = () => Date.now();

  constructor() {
    for (const [id, name, role] of [['M1-1', 'Inbox', 'inbox'], ['M1-2', 'Archive', 'archive'], ['M1-3', 'Trash', 'trash'], ['M1-4', 'Drafts', 'drafts'], ['M1-5', 'Sent', 'sent']] as const)
      this.mailboxes.set(id, { id, name, role, parentId: null, sortOrder: 0, isSubscribed: true, myRights: {} });
    this.identities.set('I1-1', { id: 'I1-1', name: 'Alice', email: 'alice@example.test', replyTo: null, bcc: null, textSignature: '', htmlSignature: '', mayDelete: false });
  }

  session(): Session {
    const limits = { maxSizeUpload: 1e8, maxConcurrentUpload: 4, maxSizeRequest: 1e7, maxConcurrentRequests: 16, maxCallsInRequest: 64, maxObjectsInGet: 500, maxObjectsInSet: 500 };
    return {
      capabilities: { [CORE]: limits, [MAIL]: {}, ...(this.mailboxes.has('M1-6') && { [SNOOZE]: {} }) }, accounts: { [ACCOUNT]: { name: 'alice', isPersonal: true, isReadOnly: false, accountCapabilities: { [MAIL]: {} } } },
      primaryAccounts: { [MAIL]: ACCOUNT }, username: 'alice@example.test', apiUrl: '', downloadUrl: '', uploadUrl: '', eventSourceUrl: '', state: '1',
    };
  }

  /** It puts mail off: doc/jmap.md, Snooze. */
  withSnooze(): this {
    this.mailboxes.set('M1-6', { id: 'M1-6', name: 'Snoozed', role: 'snoozed', parentId: null, sortOrder: 0, isSubscribed: true, myRights: {} });
    return this;
  }

  get state(): string {
    return String(this.told.length);
  }

  private tell(type: string, id: Id, kind: Told['kind']): void {
    this.told.push({ type, id, kind });
  }

  /** Emails changed: their threads, and the counts of all mailboxes. */
  private touched(): void {
    for (const id of this.mailboxes.keys()) this.tell('Mailbox', id, 'updated');
    for (const wire of this.wires) wire.hear();
  }

  deliver(email: Json): Id {
    const number = this.next++;
    const id = `E1-${number.toString(16)}`;
    const from = email['from'] ?? [{ name: 'Bob', email: 'bob@example.net' }];
    this.emails.set(id, {
      threadId: `T1-${number.toString(16)}`, blobId: `B1-${number}`, mailboxIds: { 'M1-1': true }, keywords: {}, size: 1000, hasAttachment: false, to: null, cc: null, subject: `Mail ${number}`, preview: `Text ${number}`,
      receivedAt: new Date(1_700_000_000_000 + number * 1000).toISOString().replace('.000Z', 'Z'), sentAt: null, messageId: [`m${number}@example.net`], bodyValues: { 1: { value: `Text ${number}` } }, textBody: [{ partId: '1', type: 'text/plain' }],
      ...email, from, id,
    });
    this.tell('Email', id, 'created');
    this.touched();
    return id;
  }

  request(calls: Invocation[]): Invocation[] {
    const answers: Invocation[] = [];
    for (const [name, args, id] of calls) {
      this.calls++;
      try {
        const whole: Json = {};
        for (const [key, value] of Object.entries(args)) {
          if (!key.startsWith('#')) whole[key] = value;
          else {
            const { resultOf, name: of, path } = value as Json;
            const found = answers.find((one) => one[2] === resultOf && one[0] === of);
            if (!found) throw new Refused('invalidResultReference');
            whole[key.slice(1)] = pointer(found[1], path.split('/').slice(1));
          }
        }
        const refused = this.refuse?.(name, whole);
        if (refused) answers.push(['error', refused, id]);
        else answers.push(...this.answer(name, whole, id));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        answers.push(['error', { type: error.type }, id]);
      }
    }
    return answers;
  }

  private answer(name: string, args: Json, id: string): Invocation[] {
    const [type, verb] = name.split('/') as [string, string];
    if (verb === 'get') return [[name, this.get(type, args), id]];
    if (verb === 'changes') return [[name, this.changes(type, args), id]];
    if (name === 'Email/query') return [[name, this.query(args), id]];
    if (name === 'EmailSubmission/query') return [[name, { ids: [...this.submissions.values()].filter((one) => args['filter'].emailIds.includes(one['emailId']) && one['sendAt'] >= (args['filter'].after ?? '')).map((one) => one['id']) }, id]];
    if (name === 'Email/queryChanges') throw new Refused('cannotCalculateChanges');
    if (verb === 'set') return this.set(type, args, id);
    throw new Refused('unknownMethod');
  }

  private table(type: string): Map<Id, Json> {
    const table = ({ Email: this.emails, Mailbox: this.mailboxes, Identity: this.identities, EmailSubmission: this.submissions, VacationResponse: new Map() } as Record<string, Map<Id, Json>>)[type];
    if (!table) throw new Refused('unknownMethod');
    return table;
  }

  counted(id: Id): Json {
    const emails = [...this.emails.values()].filter((email) => email['mailboxIds'][id]);
    const unread = (email: Json): boolean => !email['keywords']['$seen'] && !email['keywords']['$draft'];
    const isTrash = this.mailboxes.get(id)?.['role'] === 'trash';
    const threads = new Set<Id>(emails.map((email) => email['threadId']));
    const isUnread = (thread: Id): boolean =>
      [...this.emails.values()].some((email) => email['threadId'] === thread && unread(email) && (isTrash ? email['mailboxIds'][id] : Object.keys(email['mailboxIds']).some((one) => this.mailboxes.get(one)?.['role'] !== 'trash')));
    return { totalEmails: emails.length, unreadEmails: emails.filter(unread).length, totalThreads: threads.size, unreadThreads: [...threads].filter(isUnread).length };
  }

  private get(type: string, args: Json): Json {
    if (type === 'Thread') {
      const list = (args['ids'] as Id[]).map((id) => ({ id, emailIds: [...this.emails.values()].filter((email) => email['threadId'] === id).sort((a, b) => (a['receivedAt'] < b['receivedAt'] ? -1 : 1)).map((email) => email['id']) }));
      return { accountId: ACCOUNT, state: this.state, list: list.filter((one) => one.emailIds.length), notFound: list.filter((one) => !one.emailIds.length).map((one) => one.id) };
    }
    const table = this.table(type);
    const ids = [...new Set((args['ids'] as Id[] | null) ?? [...table.keys()])];
    const list = ids.filter((id) => table.has(id)).map((id) => {
      const record = { ...table.get(id)!, ...(type === 'Mailbox' && this.counted(id)) };
      const properties = args['properties'] as string[] | null | undefined;
      return structuredClone(properties ? Object.fromEntries(['id', ...properties].map((name) => [name, record[name] ?? null])) : record);
    });
    return { accountId: ACCOUNT, state: this.state, list, notFound: ids.filter((id) => !table.has(id)) };
  }

  private changes(type: string, args: Json): Json {
    const since = Number(args['sinceState']);
    if (!Number.isInteger(since) || since < this.forgotten || since > this.told.length) throw new Refused('cannotCalculateChanges');
    const max = args['maxChanges'] ?? Number.POSITIVE_INFINITY;
    const seen = new Map<Id, { born: boolean; gone: boolean }>();
    let at = since;
    for (; at < this.told.length; at++) {
      const one = this.told[at]!;
      if (one.type !== type) continue;
      if (!seen.has(one.id) && seen.size >= max) break;
      const known = seen.get(one.id) ?? { born: one.kind === 'created', gone: false };
      known.gone = one.kind === 'destroyed';
      seen.set(one.id, known);
    }
    const of = (test: (born: boolean, gone: boolean) => boolean): Id[] => [...seen].filter(([, { born, gone }]) => test(born, gone)).map(([id]) => id);
    const counts = type === 'Mailbox' && this.told.slice(since, at).every((one) => one.type !== 'Mailbox' || one.kind === 'updated') ? null : null;
    return { accountId: ACCOUNT, oldState: args['sinceState'], newState: String(at), hasMoreChanges: at < this.told.length, created: of((born, gone) => born && !gone), updated: of((born, gone) => !born && !gone), destroyed: of((born, gone) => !born && gone), ...(type === 'Mailbox' && { updatedProperties: counts }) };
  }

  private matches(email: Json, filter: Filter | null | undefined): boolean {
    if (!filter) return true;
    if ('operator' in filter) {
      const each = filter.conditions.map((condition) => this.matches(email, condition));
      return filter.operator === 'AND' ? each.every(Boolean) : filter.operator === 'OR' ? each.some(Boolean) : !each.some(Boolean);
    }
    const { inMailbox, hasKeyword, notKeyword, text, header } = filter;
    if (inMailbox && !email['mailboxIds'][inMailbox]) return false;
    if (hasKeyword && !email['keywords'][hasKeyword]) return false;
    if (notKeyword && email['keywords'][notKeyword]) return false;
    if (header && header[0] === 'Message-ID' && `<${email['messageId']?.[0]}>` !== header[1]) return false;
    return !text || JSON.stringify(email).toLowerCase().includes(text.toLowerCase());
  }

  /** The ids of a query: what views must show in the end. */
  ids(filter: Filter | null, collapse = false, sort = 'receivedAt'): Id[] {
    const date = (email: Json): string => (sort === 'snoozedUntil' && (email['snoozed']?.until ?? email['awokenAt'])) || email['receivedAt'];
    const emails = [...this.emails.values()].filter((email) => this.matches(email, filter)).sort((a, b) => (date(a) === date(b) ? a['id'].length - b['id'].length || (a['id'] < b['id'] ? -1 : 1) : date(a) < date(b) ? 1 : -1));
    const threads = new Set<Id>();
    return emails.filter((email) => !collapse || (!threads.has(email['threadId']) && threads.add(email['threadId']))).map((email) => email['id']);
  }

  private query(args: Json): Json {
    // Mail is sent when it comes here, so that both sort alike.
    for (const { property } of (args['sort'] as Comparator[] | undefined) ?? []) if (!['receivedAt', 'snoozedUntil', 'sentAt'].includes(property)) throw new Refused('unsupportedSort');
    const ids = this.ids(args['filter'], args['collapseThreads'], (args['sort'] as Comparator[] | undefined)?.[0]?.property);
    const position = args['position'] ?? 0;
    return { accountId: ACCOUNT, queryState: this.state, canCalculateChanges: false, position, total: ids.length, ids: ids.slice(position, position + (args['limit'] ?? ids.length)) };
  }

  private set(type: string, args: Json, callId: string): Invocation[] {
    const table = this.table(type);
    const answer: Json = { accountId: ACCOUNT, oldState: this.state, created: {}, notCreated: {}, updated: {}, notUpdated: {}, destroyed: [], notDestroyed: {} };
    const answers: Invocation[] = [[`${type}/set`, answer, callId]];
    const names = new Map<string, Id>();
    for (const [creation, object] of Object.entries((args['create'] as Record<string, Json> | null) ?? {})) {
      const error = this.cannotMake(type, object);
      if (error) {
        answer['notCreated'][creation] = error;
        continue;
      }
      const id = this.make(type, object);
      names.set(creation, id);
      answer['created'][creation] = { id };
    }
    for (const [id, patch] of Object.entries((args['update'] as Record<Id, Json> | null) ?? {})) {
      if (!table.has(id)) answer['notUpdated'][id] = { type: 'notFound' };
      else {
        this.patch(type, id, patch);
        answer['updated'][id] = null;
      }
    }
    for (const id of (args['destroy'] as Id[] | null) ?? []) {
      if (!table.delete(id)) answer['notDestroyed'][id] = { type: 'notFound' };
      else {
        this.tell(type, id, 'destroyed');
        answer['destroyed'].push(id);
      }
    }
    for (const [key, patch] of Object.entries((args['onSuccessUpdateEmail'] as Record<Id, Json> | null) ?? {})) {
      const submission = this.submissions.get(names.get(key.slice(1)) ?? key);
      if (submission) this.patch('Email', submission['emailId'], patch);
    }
    if (args['onSuccessUpdateEmail']) answers.push(['Email/set', { accountId: args['accountId'], oldState: this.state, newState: this.state, created: null, updated: {}, destroyed: null }, callId]);
    this.touched();
    answer['newState'] = this.state;
    return answers;
  }

  private cannotMake(type: string, object: Json): Json | undefined {
    if (type === 'Mailbox' && [...this.mailboxes.values()].some((one) => one['name'] === object['name'] && one['parentId'] === (object['parentId'] ?? null))) return { type: 'alreadyExists', existingId: [...this.mailboxes.values()].find((one) => one['name'] === object['name'])!['id'] };
    if (type === 'EmailSubmission' && !this.emails.has(object['emailId'])) return { type: 'invalidProperties' };
    if (type === 'Email' && !Object.keys(object['mailboxIds'] ?? {}).every((id) => this.mailboxes.has(id))) return { type: 'invalidProperties' };
    return JSON.stringify(object).includes('local-') ? { type: 'invalidProperties', description: 'a local id' } : undefined;
  }

  private make(type: string, object: Json): Id {
    if (type === 'Email') return this.deliver({ keywords: {}, ...object });
    const id = `${type[0]}1-${(100 + this.next++).toString(16)}`;
    this.table(type).set(id, { ...(type === 'Mailbox' && { parentId: null, role: null, sortOrder: 0 }), ...(type === 'EmailSubmission' && { undoStatus: 'pending', sendAt: new Date(this.now()).toISOString() }), ...object, id });
    this.tell(type, id, 'created');
    return id;
  }

  private patch(type: string, id: Id, patch: Json): void {
    const record = structuredClone(this.table(type).get(id)!);
    for (const [path, value] of Object.entries(patch)) {
      const [first, second] = path.split('/') as [string, string | undefined];
      if (second === undefined) record[first] = value;
      else if (value === null) delete record[first][second];
      else record[first][second] = value;
    }
    if ('snoozed' in patch && !Object.keys(patch).some((path) => path.startsWith('mailboxIds'))) this.putOff(record, this.table(type).get(id)!['snoozed']);
    this.table(type).set(id, record);
    this.tell(type, id, 'updated');
  }

  private putOff(email: Json, before: Json | null): void {
    const back = (email['snoozed'] ?? before)?.moveToMailboxId ?? 'M1-1';
    const [from, to] = email['snoozed'] ? [back, 'M1-6'] : ['M1-6', back];
    const stays = (email['snoozed'] ?? before)?.unlessAnswered;
    if (!stays || from === 'M1-6') delete email['mailboxIds'][from];
    if (!stays || to === 'M1-6') email['mailboxIds'][to] = true;
  }

  /** Its time has come. */
  awake(id: Id, at: string): void {
    const email = this.emails.get(id)!;
    const before = email['snoozed'];
    this.emails.set(id, { ...email, snoozed: null, awokenAt: at, mailboxIds: { [before.moveToMailboxId ?? 'M1-1']: true } });
    this.tell('Email', id, 'updated');
    this.touched();
  }
}

/** A wire to it that can be cut: before a request comes there, or after it was carried out. */
export class FakeWire implements Wire {
  connection: Wire['connection'] = 'online';
  /** What happens to the next requests: "lost" reaches the server, and its answer is lost; "ended": the session has; "refused": not read. */
  fate: () => 'well' | 'cut' | 'lost' | 'ended' | 'refused' = () => 'well';
  readonly sent: Invocation[][] = [];
  private readonly listeners = new Set<(event: WireEvent) => void>();

  constructor(readonly server: FakeServer) {
    server.wires.add(this);
  }

  use(): void {}

  async session(): Promise<Session> {
    return this.server.session();
  }

  async send(calls: Invocation[]): Promise<Invocation[]> {
    await new Promise((resolve) => setImmediate(resolve));
    const fate = this.connection === 'offline' ? 'cut' : this.fate();
    if (fate === 'ended') {
      this.emit({ kind: 'signed-out' });
      throw new WireError('signed-out', 'ended');
    }
    if (fate === 'refused') throw new WireError('refused', 'The server answered with 413.');
    if (fate === 'cut') throw new WireError('offline', 'cut');
    this.sent.push(structuredClone(calls));
    const answers = structuredClone(this.server.request(structuredClone(calls)));
    await new Promise((resolve) => setImmediate(resolve));
    if (fate === 'lost') throw new WireError('offline', 'lost');
    return answers;
  }

  hear(): void {
    if (this.connection === 'offline') return;
    const { state } = this.server;
    setImmediate(() => this.emit({ kind: 'changed', changed: { [ACCOUNT]: { Email: state, Mailbox: state } } }));
  }

  go(connection: Wire['connection']): void {
    this.connection = connection;
    this.emit({ kind: 'connection', connection });
  }

  private emit(event: WireEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  listen(listener: (event: WireEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  close(): void {
    this.server.wires.delete(this);
  }
}
