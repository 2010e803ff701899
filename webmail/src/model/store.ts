/** What is known of mail in this page, and how it stays true: it is loaded through the layer, and follows the states that the layer tells. */
import { type Signal, batch, signal } from '@preact/signals';
import { Batch, pieces } from '../jmap/batch.ts';
import { MAIL, ROW_PROPERTIES, type Email, type EmailRow, type Id, type Identity, type Mailbox, type MailboxRole, type State, type Thread, type TypeName } from '../jmap/types.ts';
import { type FirstRequests, type Layer, LayerError, type LayerStatus } from '../layer/layer.ts';
import { Emitter } from '../base/emitter.ts';
import { Preferences } from './preferences.ts';
import { Records } from './records.ts';

/** Objects in one call: below what our server takes, so that the first rows do not wait for the last. */
const OBJECTS = 500;

/** Changes that are asked for together with what has changed: more than one action on one conversation makes. */
const FEW = 50;

/** Once the mail is here, a new browser waits so long for the person's preferences: nobody takes that for a wait. */
const PREFERENCES_WITHIN_MS = 150;

/** What others share comes without a role, the inbox aside; an account's folders have these names from the start. */
const SHARED_NAMES: Partial<Record<MailboxRole, string>> = { archive: 'Archive', junk: 'Junk', trash: 'Trash' };

export interface Account {
  id: Id;
  name: string;
  isPersonal: boolean;
}

type FollowedType = 'Mailbox' | 'Identity' | 'Email' | 'Thread';

interface Followed {
  records: Records<{ id: Id }>;
  /** Null: all. */
  properties: string[] | null;
  /** What is new at the server comes as well; of other types only what is here is read. */
  readsNew: boolean;
}

interface ChangesAnswer {
  newState: State;
  hasMoreChanges: boolean;
  created: Id[];
  updated: Id[];
  destroyed: Id[];
}

/** Emails of an account changed: lists look again. */
export interface EmailsChanged {
  accountId: Id;
}

/** What cannot be asked now is asked at the next news: without a network that is no fault of ours. */
function tell(error: unknown): void {
  if (!(error instanceof LayerError)) reportError(error);
}

export class Store {
  readonly accounts: Signal<Account[]> = signal([]);
  readonly status: Signal<LayerStatus>;
  readonly mailboxes = new Records<Mailbox>();
  /** Those that came as rows lack what only a reader needs: see isWhole. */
  readonly emails = new Records<Email | EmailRow>();
  readonly threads = new Records<Thread>();
  readonly identities = new Records<Identity>();
  readonly preferences: Preferences;
  readonly changed = new Emitter<EmailsChanged>();
  /** Emails were changed in this page: lists show it before the server has said a word. */
  readonly localChange = new Emitter<EmailsChanged & { emails: readonly Id[] }>();
  /** asked: the person has signed out; ended: the session has. */
  readonly signedOut = signal<false | 'asked' | 'ended'>(false);
  /** What features keep of the person in this browser: each brings it to the server and forgets it. One that rejects stops the signing out. */
  readonly leaving: (() => Promise<void>)[] = [];
  /** What cannot be taken back, and so waits until nothing refuses the signing out any more. None of it rejects. */
  readonly lastly: (() => Promise<void>)[] = [];
  /** Features that show more in rows add to it before the first load. */
  readonly rowProperties: string[] = [...ROW_PROPERTIES];
  /** Things that were made here have the server's ids now, and are here under these: in the same moment, places follow. */
  readonly renamed = new Emitter<ReadonlyMap<Id, Id>>();
  private readonly followed = {
    Mailbox: { records: this.mailboxes, properties: null, readsNew: true },
    Identity: { records: this.identities, properties: null, readsNew: true },
    Email: { records: this.emails, properties: this.rowProperties, readsNew: false },
    Thread: { records: this.threads, properties: null, readsNew: false },
  };
  private readonly names = new Map<Id, Id>();
  /** The same the other way round. */
  private readonly locals = new Map<Id, Id>();
  private readonly states = new Map<string, State>();
  private following = Promise.resolve();
  private isBegun = false;

  constructor(readonly layer: Layer) {
    this.preferences = new Preferences(layer, () => this.mainAccount);
    this.status = signal(layer.status());
    this.readAccounts();
    layer.listen((event) => {
      if (event.kind === 'state') this.following = this.following.then(() => this.follow(event.changed)).catch(tell);
      else if (event.kind === 'status') this.followStatus(event.status);
      else if (event.kind === 'signed-out') this.signedOut.value = event.asked ? 'asked' : 'ended';
      else if (event.kind === 'session') {
        this.readAccounts();
        if (this.isBegun) this.following = this.following.then(() => this.loadNew()).catch(tell);
      }
      else if (event.kind === 'named')
        for (const [local, real] of Object.entries(event.ids)) {
          this.names.set(local, real);
          this.locals.set(real, local);
        }
    });
  }

  /** What was made here may have got the server's id since somebody noted this one. */
  idNow(id: Id): Id {
    return this.names.get(id) ?? id;
  }

  /** Why one stays signed in, if so: the server cannot be reached, or does not have all changes, which would be lost. */
  async signOut(): Promise<LayerError['kind'] | undefined> {
    for (const leave of this.leaving) await leave();
    await this.preferences.send();
    try {
      await this.layer.signOut(async () => {
        for (const act of this.lastly) await act();
      });
    } catch (error) {
      if (error instanceof LayerError) return error.kind;
      throw error;
    }
    return undefined;
  }

  private followStatus(status: LayerStatus): void {
    const comesBack = status.connection === 'online' && this.status.peek().connection !== 'online';
    this.status.value = status;
    if (comesBack) void this.preferences.send();
  }

  /** The account that the person signed in to. */
  get mainAccount(): Id {
    return this.layer.session.primaryAccounts[MAIL] ?? this.accounts.peek()[0]?.id ?? '';
  }

  private firstCalls(ids = this.accounts.peek().map(({ id }) => id)) {
    const request = new Batch(this.layer);
    const calls = ids.map((id) => ({
      id,
      mailboxes: request.call<{ state: State; list: Mailbox[] }>('Mailbox/get', { accountId: id, ids: null }),
      identities: request.call<{ state: State; list: Identity[] }>('Identity/get', { accountId: id, ids: null }, { mayFail: true }),
      emails: request.call<{ state: State }>('Email/get', { accountId: id, ids: [] }),
      threads: request.call<{ state: State }>('Thread/get', { accountId: id, ids: [] }),
    }));
    return { request, calls };
  }

  /** What load() asks. */
  firstRequest(): FirstRequests[number] {
    const { asked } = this.firstCalls().request;
    return [asked, asked];
  }

  /** What there must be before anything is shown. What changes meanwhile is followed from there. */
  load(): Promise<void> {
    this.isBegun = true;
    const loaded = this.loadFirst();
    this.following = this.following.then(() => loaded).catch(() => undefined);
    return loaded;
  }

  private async loadFirst(): Promise<void> {
    const { request, calls } = this.firstCalls();
    // A server that is slow, or silent, does not keep anybody from the mail that is here. In a new browser the two are asked for together,
    // so that the first picture has the person's colours and rows; if these are late, it has the usual ones, and they are changed in place.
    const preferred = this.preferences.load().catch(() => undefined);
    await request.send();
    if (!this.preferences.areHere) await Promise.race([preferred, new Promise((resolve) => setTimeout(resolve, PREFERENCES_WITHIN_MS))]);
    this.takeFirst(calls);
  }

  /** Accounts that have come since: somebody has shared something, which the session did not say yet when this page began. */
  private async loadNew(): Promise<void> {
    const ids = this.accounts.peek().map(({ id }) => id).filter((id) => !this.state(id, 'Mailbox'));
    if (!ids.length) return;
    const { request, calls } = this.firstCalls(ids);
    await request.send();
    this.takeFirst(calls);
  }

  private takeFirst(calls: ReturnType<Store['firstCalls']>['calls']): void {
    batch(() => {
      for (const { id, mailboxes, identities, emails, threads } of calls) {
        this.mailboxes.put(id, mailboxes.answer.list);
        this.setState(id, 'Mailbox', mailboxes.answer.state);
        this.setState(id, 'Email', emails.answer.state);
        this.setState(id, 'Thread', threads.answer.state);
        if (identities.error) continue;
        this.identities.put(id, identities.answer.list);
        this.setState(id, 'Identity', identities.answer.state);
      }
    });
  }

  mailboxWithRole(role: MailboxRole, accountId: Id = this.mainAccount): Mailbox | undefined {
    const all = this.mailboxes.all(accountId);
    const found = all.find((mailbox) => mailbox.role === role);
    if (found || accountId === this.mainAccount) return found;
    return all.find((mailbox) => mailbox.parentId === null && mailbox.role === null && mailbox.name === SHARED_NAMES[role]);
  }

  /** The inboxes of all accounts that have one here, the own account's first. */
  inboxes(): Mailbox[] {
    const accounts = [...this.accounts.value].sort((a, b) => Number(b.id === this.mainAccount) - Number(a.id === this.mainAccount));
    return accounts.flatMap(({ id }) => this.mailboxWithRole('inbox', id) ?? []);
  }

  /** Rows of these emails, and of all in their threads; those that are here already are not asked for again. */
  async loadRows(accountId: Id, ids: readonly Id[]): Promise<void> {
    const missing = ids.filter((id) => {
      const email = this.emails.peek(id);
      const thread = email && this.threads.peek(email.threadId);
      return !thread || !thread.emailIds.every((one) => this.emails.has(one));
    });
    for (const piece of pieces(missing, OBJECTS)) {
      const request = new Batch(this.layer);
      const first = request.call<{ list: EmailRow[] }>('Email/get', { accountId, ids: piece, properties: ['threadId'] });
      const threads = request.call<{ list: Thread[] }>('Thread/get', { accountId, '#ids': first.result('/list/*/threadId') });
      const rows = request.call<{ list: EmailRow[] }>('Email/get', { accountId, '#ids': threads.result('/list/*/emailIds'), properties: this.rowProperties });
      await request.send();
      this.putRows(accountId, rows.answer.list, threads.answer.list);
    }
  }

  putRows(accountId: Id, rows: readonly EmailRow[], threads: readonly Thread[]): void {
    batch(() => {
      this.emails.put(accountId, rows);
      this.threads.put(accountId, threads);
    });
  }

  state(accountId: Id, type: TypeName): State | undefined {
    return this.states.get(`${accountId} ${type}`);
  }

  private setState(accountId: Id, type: TypeName, state: State): void {
    this.states.set(`${accountId} ${type}`, state);
  }

  private readAccounts(): void {
    this.accounts.value = Object.entries(this.layer.session.accounts)
      .filter(([, account]) => MAIL in account.accountCapabilities)
      .map(([id, account]) => ({ id, name: account.name, isPersonal: account.isPersonal }));
  }

  private async follow(changed: Record<Id, Record<TypeName, State>>): Promise<void> {
    // An account that could not be loaded is tried again: of it there is nothing to follow. Without a network that may fail once more.
    if (this.isBegun) await this.loadNew().catch(tell);
    for (const [accountId, types] of Object.entries(changed)) {
      await this.followMail(accountId, (['Mailbox', 'Email', 'Thread'] as const).filter((type) => types[type]));
      // Identities may be at the server alone, which is no reason to show old mail.
      if (types['Identity']) await this.followType(accountId, 'Identity').catch(tell);
      if (types['Email']) this.changed.emit({ accountId });
    }
  }

  /** Few changes, as one action makes them, come by one request and are drawn at once; of more, each type is followed by itself. */
  private async followMail(accountId: Id, types: readonly ('Mailbox' | 'Email' | 'Thread')[]): Promise<void> {
    const request = new Batch(this.layer);
    const asked = types.filter((type) => this.state(accountId, type)).map((type) => ({ type, ...this.askChanges(request, accountId, type, FEW) }));
    await request.send();
    const others: typeof types[number][] = [];
    batch(() => {
      for (const { type, changes, gets } of asked) {
        if (changes.error || gets.some((get) => get.error)) {
          others.push(type);
          continue;
        }
        const { records, readsNew }: Followed = this.followed[type];
        const got = gets.flatMap((get) => get.answer.list).filter(({ id }) => readsNew || records.has(id));
        this.take(accountId, records, got, changes.answer.destroyed);
        this.setState(accountId, type, changes.answer.newState);
        if (changes.answer.hasMoreChanges) others.push(type);
      }
    });
    for (const type of others) await this.followType(accountId, type);
  }

  /** Foo/changes (RFC 8620 section 5.2), and what is shown of what has changed. */
  private askChanges(request: Batch, accountId: Id, type: FollowedType, maxChanges: number) {
    const { properties, readsNew } = this.followed[type];
    const changes = request.call<ChangesAnswer>(`${type}/changes`, { accountId, sinceState: this.state(accountId, type), maxChanges }, { mayFail: true });
    const get = (which: string) =>
      request.call<{ list: { id: Id }[] }>(`${type}/get`, { accountId, '#ids': changes.result(which), ...(properties && { properties }) }, { mayFail: true });
    return { changes, gets: [...(readsNew ? [get('/created')] : []), get('/updated')] };
  }

  /** Foo/changes until there are no more. Of emails and threads only those are read that are here. */
  private async followType(accountId: Id, type: FollowedType): Promise<void> {
    const { records, properties, readsNew }: Followed = this.followed[type];
    for (let more = true; more; ) {
      const since = this.state(accountId, type);
      // A server that did not tell a person's identities at first may do so now.
      if (!since) return type === 'Identity' ? this.loadAll(accountId, type) : undefined;
      const request = new Batch(this.layer);
      const changes = request.call<ChangesAnswer>(`${type}/changes`, { accountId, sinceState: since, maxChanges: OBJECTS }, { mayFail: true });
      await request.send();
      if (changes.error) return type === 'Mailbox' || type === 'Identity' ? this.loadAll(accountId, type) : this.loadAgain(accountId, type);
      const { created, updated, destroyed, newState, hasMoreChanges } = changes.answer;
      const wanted = [...(readsNew ? created : []), ...updated].filter((id) => readsNew || records.has(id));
      const got = await this.get(accountId, type, wanted, properties);
      this.take(accountId, records, got, destroyed);
      this.setState(accountId, type, newState);
      more = hasMoreChanges;
    }
  }

  private take<T extends { id: Id }>(accountId: Id, records: Records<T>, got: readonly T[], destroyed: readonly Id[]): void {
    // What was made and named since the state that was asked about is told by its new name alone; whoever made it may have put it here.
    const named = got.flatMap(({ id }) => this.locals.get(id) ?? []).filter((id) => records.has(id));
    const gone = [...new Set([...destroyed, ...named])];
    batch(() => {
      records.put(accountId, got);
      records.remove(gone);
      const renamed = new Map(gone.filter((id) => this.names.has(id)).map((id) => [id, this.idNow(id)]));
      if (renamed.size) this.renamed.emit(renamed);
    });
  }

  /** Of what all is read here, when the server does not know any more what changed since: what this page has not heard of comes, too. */
  private async loadAll(accountId: Id, type: 'Mailbox' | 'Identity'): Promise<void> {
    const { records }: Followed = this.followed[type];
    const request = new Batch(this.layer);
    const call = request.call<{ state: State; list: { id: Id }[] }>(`${type}/get`, { accountId, ids: null }, { mayFail: type === 'Identity' });
    await request.send();
    if (call.error) return;
    const { state, list } = call.answer;
    const there = new Set(list.map(({ id }) => id));
    this.take(accountId, records, list, records.ids(accountId).filter((id) => !there.has(id)));
    this.setState(accountId, type, state);
  }

  /** The server does not know any more what changed since. */
  private async loadAgain(accountId: Id, type: 'Email' | 'Thread'): Promise<void> {
    const { records, properties }: Followed = this.followed[type];
    const request = new Batch(this.layer);
    const now = request.call<{ state: State }>(`${type}/get`, { accountId, ids: [] });
    await request.send();
    const ids = records.ids(accountId);
    const got = await this.get(accountId, type, ids, properties);
    const found = new Set(got.map((one) => one.id));
    this.take(accountId, records, got, ids.filter((id) => !found.has(id)));
    this.setState(accountId, type, now.answer.state);
  }

  private async get(accountId: Id, type: FollowedType, ids: readonly Id[], properties: string[] | null): Promise<{ id: Id }[]> {
    const found: { id: Id }[] = [];
    for (const piece of pieces(ids, OBJECTS)) {
      const request = new Batch(this.layer);
      const call = request.call<{ list: { id: Id }[] }>(`${type}/get`, { accountId, ids: piece, ...(properties && { properties }) });
      await request.send();
      found.push(...call.answer.list);
    }
    return found;
  }
}
