/**
 * The changes that wait for the server, in the order in which the person made them. Each outlasts a crash before it is answered. What is
 * here is laid over what the server is known to have; when the server has taken an entry, and what it made of it has been fetched, the
 * entry goes.
 *
 * A thing that is made here has a local id until the server gives it its own: the log knows both from then on, so that views may keep
 * the first one.
 */
import { same } from '../../base/same.ts';
import type { Id } from '../../jmap/types.ts';
import type { Put, Store } from '../store/store.ts';
import type { Json } from './emails.ts';
import { joined, type Patch, patched } from './patch.ts';

/** The methods whose changes can wait. */
export const WAITING_METHODS = new Set(['Email/set', 'Mailbox/set', 'Identity/set', 'VacationResponse/set', 'EmailSubmission/set']);

export interface Entry {
  readonly number: number;
  readonly accountId: Id;
  readonly name: string;
  create: Record<Id, Json>;
  update: Record<Id, Patch>;
  destroy: Record<Id, true>;
  /** Further arguments, such as onDestroyRemoveEmails. */
  other: Json;
  /** What a submission does to its email when the server takes it, by the email's id. */
  afterwards: Record<Id, Patch>;
  /** Local ids of what must have been made before: else this entry would lose what it replaces. */
  needs: Id[];
  readonly time: number;
  /** It has been sent, and no answer is known: what it makes may be there already. When. */
  attempted?: number;
  /** A message that the server refuses: it stays here, as a draft of this browser, until the person changes or deletes it. */
  held?: { type: string; description?: string };
}

/** What the server has named is known by its local id for so long: no page that knows it by that stays open longer. */
const ALIAS_KEPT_MS = 30 * 86_400_000;

interface Alias {
  real: Id;
  /** When the server named it. */
  at: number;
}

const isEmpty = (object: object): boolean => {
  for (const _ in object) return false;
  return true;
};

const isIdle = (entry: Entry): boolean => isEmpty(entry.create) && isEmpty(entry.update) && isEmpty(entry.destroy);

const key = (number: number): string => String(number).padStart(12, '0');

export const isLocal = (id: unknown): id is Id => typeof id === 'string' && id.startsWith('local-');

export function localId(): Id {
  return `local-${Array.from(crypto.getRandomValues(new Uint8Array(12)), (octet) => octet.toString(16).padStart(2, '0')).join('')}`;
}

export const typeOf = (name: string): string => name.slice(0, name.indexOf('/'));

/** The ids that an entry is about, or that it names. */
function* idsOf(entry: Entry): Generator<Id> {
  yield* Object.keys(entry.create);
  yield* Object.keys(entry.update);
  yield* Object.keys(entry.destroy);
  yield* Object.keys(entry.afterwards);
  for (const made of Object.values(entry.create)) yield* namedIn(made);
  for (const patch of Object.values(entry.update)) yield* localsIn(patch);
}

function* namedIn(made: Json): Generator<Id> {
  if (typeof made['emailId'] === 'string') yield made['emailId'];
  yield* localsIn(made);
}

/** Local ids in a patch or an object: as value, or as a name ("mailboxIds/local-1"). */
export function* localsIn(object: unknown): Generator<Id> {
  if (isLocal(object)) yield object;
  if (typeof object !== 'object' || object === null) return;
  for (const [name, value] of Object.entries(object)) {
    for (const part of name.split('/')) if (isLocal(part)) yield part;
    yield* localsIn(value);
  }
}

/** The same with real ids for the local ones that are known. */
export function withReal<T>(object: T, real: (id: Id) => Id): T {
  if (isLocal(object)) return real(object) as T;
  if (Array.isArray(object)) return object.map((one) => withReal(one, real)) as T;
  if (typeof object !== 'object' || object === null) return object;
  const result: Json = {};
  for (const [name, value] of Object.entries(object)) result[name.split('/').map((part) => (isLocal(part) ? real(part) : part)).join('/')] = withReal(value, real);
  return result as T;
}

export class Log {
  readonly entries = new Map<number, Entry>();
  private readonly byId = new Map<Id, Set<number>>();
  private readonly aliases = new Map<Id, Id>();
  /** The same the other way round. */
  private readonly locals = new Map<Id, Id>();
  private last = 0;
  /** Entries that are on their way, or that the server has taken: they no longer change. */
  readonly sealed = new Set<number>();
  /** Entries whose updates the server may have, though the cache does not know it: they were sent, and nobody answered. */
  private readonly doubtful = new Set<number>();
  private readonly dirty = new Set<number>();
  private readonly aliasPuts: Put[] = [];

  constructor(private readonly store: Store) {}

  async load(): Promise<void> {
    const [entries, names] = await Promise.all([this.store.withPrefix('log', ''), this.store.withPrefix('about', 'alias/')]);
    for (const [, entry] of entries) {
      this.index(entry as Entry);
      this.doubtful.add((entry as Entry).number);
    }
    for (const [name, alias] of names) this.recall(name, alias as Alias | Id);
  }

  /** Names that nobody uses any more go: else there would be one for each draft that was ever written here. */
  private recall(name: string, kept: Alias | Id): void {
    const { real, at } = typeof kept === 'string' ? { real: kept, at: Date.now() } : kept; // stores of before had no time
    const local = name.slice('alias/'.length);
    if (!real || (Date.now() - at > ALIAS_KEPT_MS && !this.byId.has(local))) this.aliasPuts.push({ table: 'about', key: name });
    else this.alias(local, real);
  }

  private alias(local: Id, real: Id): void {
    this.aliases.set(local, real);
    this.locals.set(real, local);
  }

  /** An id, and the other one that the same thing has. */
  names(id: Id): Id[] {
    const other = this.aliases.get(id) ?? this.locals.get(id);
    return other === undefined ? [id] : [id, other];
  }

  private index(entry: Entry): void {
    this.entries.set(entry.number, entry);
    this.last = Math.max(this.last, entry.number);
    for (const id of idsOf(entry)) this.note(entry, id);
  }

  private note(entry: Entry, id: Id): void {
    const numbers = this.byId.get(id);
    if (numbers) numbers.add(entry.number);
    else this.byId.set(id, new Set([entry.number]));
  }

  private unindex(entry: Entry): void {
    for (const id of idsOf(entry)) this.unnote(entry, id);
  }

  private unnote(entry: Entry, id: Id): void {
    const numbers = this.byId.get(id);
    numbers?.delete(entry.number);
    if (!numbers?.size) this.byId.delete(id);
  }

  /** What must be written of the log since it was last asked. */
  puts(): Put[] {
    const puts: Put[] = [...this.dirty].map((number) => ({ table: 'log', key: key(number), value: this.entries.get(number) }));
    this.dirty.clear();
    return [...puts, ...this.aliasPuts.splice(0)];
  }

  /** Whether the server has refused something, or what needs it: only the person can do something about it. */
  get hasRefused(): boolean {
    return [...this.entries.values()].some((entry) => entry.held);
  }

  /** How many changes of records wait; those that wait for the person, because the server refused something, are none. */
  get waiting(): number {
    let count = 0;
    const held = new Set<Id>();
    for (const entry of this.entries.values()) if (entry.held) for (const id of Object.keys(entry.create)) held.add(id);
    for (const entry of this.entries.values()) if (!entry.held && !entry.needs.some((id) => held.has(id))) count += Object.keys(entry.create).length + Object.keys(entry.update).length + Object.keys(entry.destroy).length;
    return count;
  }

  real(id: Id): Id {
    return this.aliases.get(id) ?? id;
  }

  /** Entries about an id under either of its names, oldest first. */
  private *about(id: Id): Generator<Entry> {
    const numbers = new Set(this.byId.get(id));
    const real = this.aliases.get(id);
    if (real) for (const number of this.byId.get(real) ?? []) numbers.add(number);
    for (const number of [...numbers].sort((a, b) => a - b)) yield this.entries.get(number)!;
  }

  /** What makes it may be at the server already. */
  isUnderWay(id: Id): boolean {
    for (const number of this.byId.get(id) ?? []) {
      const entry = this.entries.get(number)!;
      if (entry.create[id] && (this.sealed.has(number) || entry.attempted !== undefined)) return true;
    }
    return false;
  }

  touches(id: Id): boolean {
    return this.names(id).some((name) => this.byId.has(name));
  }

  // ---- what is laid over the server's ----

  of(type: string, id: Id): { patch: Patch; destroyed: boolean } | undefined {
    if (!this.touches(id)) return undefined;
    const names = this.names(id);
    let patch: Patch = {};
    let destroyed = false;
    for (const entry of this.about(this.locals.get(id) ?? id))
      for (const name of names) {
        if (typeOf(entry.name) === type) {
          if (entry.update[name]) patch = joined(patch, entry.update[name]);
          if (entry.destroy[name]) destroyed = true;
        }
        if (type === 'Email' && entry.afterwards[name]) patch = joined(patch, entry.afterwards[name]);
      }
    return { patch: this.locals.size ? withReal(patch, (local) => this.real(local)) : patch, destroyed };
  }

  /** A thing that is here alone, with what was done to it since. */
  made(type: string, id: Id): Json | undefined {
    let object: Json | undefined;
    for (const entry of this.about(id)) {
      const name = entry.update[id] ? id : this.real(id);
      if (typeOf(entry.name) === type) {
        if (entry.create[id]) object = entry.create[id];
        if (object && entry.update[name]) object = patched(object, entry.update[name]);
        if (entry.destroy[id] || entry.destroy[this.real(id)]) object = undefined;
      }
      const after = type === 'Email' ? (entry.afterwards[id] ?? entry.afterwards[this.real(id)]) : undefined;
      if (object && after) object = patched(object, after);
    }
    return object;
  }

  /** Local ids of a type that are not the server's yet. */
  *madeIds(accountId: Id, type: string): Generator<Id> {
    for (const entry of this.entries.values()) if (entry.accountId === accountId && typeOf(entry.name) === type) yield* Object.keys(entry.create);
  }

  // ---- what a person changes ----

  /** The entry that may still take a change of this id: the last about it, not on its way, and of the same method. */
  private open(id: Id, name: string): Entry | undefined {
    let last: Entry | undefined;
    for (const entry of this.about(id)) last = entry;
    if (!last || this.sealed.has(last.number) || last.name !== name || last.attempted !== undefined || !isEmpty(last.afterwards)) return undefined;
    return last;
  }

  private known(locals: Iterable<Id>, entry: Entry): boolean {
    for (const id of locals) {
      const makers = this.byId.get(id);
      if (makers && !this.aliases.has(id) && Math.min(...makers) >= entry.number) return false;
    }
    return true;
  }

  /** Adds what a call does. Several edits of a record become one, and what was never sent is undone where it stands. */
  append(accountId: Id, name: string, wish: Pick<Entry, 'create' | 'update' | 'destroy' | 'other' | 'afterwards'> & { needs?: Id[] }): void {
    const entry: Entry = { ...wish, number: ++this.last, accountId, name, update: {}, destroy: {}, needs: wish.needs ?? [], time: Date.now() };
    const mayJoin = isEmpty(wish.other);
    for (const [id, patch] of Object.entries(wish.update)) {
      let open = mayJoin ? this.open(id, name) : undefined;
      // What puts an email off moves it, unless the same patch says where to: so it stays a patch of its own.
      if (open?.update[id] && 'snoozed' in open.update[id] !== 'snoozed' in patch) open = undefined;
      if (open && open.accountId === accountId && this.known(localsIn(patch), open)) this.join(open, id, patch);
      else entry.update[id] = patch;
    }
    for (const id of Object.keys(wish.destroy)) {
      const open = this.open(id, name);
      if (open?.create[id] && this.byId.get(id)!.size === 1) {
        this.change(open, () => delete open.create[id]);
        this.follow(id, entry.needs);
      }
      else {
        if (open?.update[id]) this.drop(open, id);
        entry.destroy[id] = true;
      }
    }
    // A draft takes another's place: the old one goes only when the new one is at the server.
    const makes = Object.keys(entry.create);
    if (makes.length && !isEmpty(entry.destroy)) {
      this.put({ ...entry, destroy: {}, update: {}, other: {}, afterwards: {} });
      this.put({ ...entry, number: ++this.last, create: {}, needs: makes });
    } else this.put(entry);
  }

  /** What waited for a thing that will never be waits for what takes its place; with nothing in its place it is dropped. */
  private follow(gone: Id, needs: readonly Id[]): void {
    if (!needs.length) return;
    for (const entry of this.entries.values())
      if (entry.needs.includes(gone)) {
        entry.needs = [...new Set([...entry.needs.filter((id) => id !== gone), ...needs])];
        this.dirty.add(entry.number);
      }
  }

  private join(entry: Entry, id: Id, patch: Patch): void {
    delete entry.held;
    if (entry.create[id]) entry.create[id] = patched(entry.create[id], patch);
    else entry.update[id] = entry.update[id] ? joined(entry.update[id], patch) : patch;
    for (const local of localsIn(patch)) this.note(entry, local);
    this.dirty.add(entry.number);
  }

  /** Takes an update out of an entry. */
  private drop(entry: Entry, id: Id): void {
    delete entry.update[id];
    if (!entry.create[id] && !entry.destroy[id] && !entry.afterwards[id]) this.unnote(entry, id);
    if (isIdle(entry)) this.entries.delete(entry.number);
    this.dirty.add(entry.number);
  }

  private put(entry: Entry): void {
    if (isIdle(entry)) return;
    this.index(entry);
    this.dirty.add(entry.number);
  }

  /** Changes an entry; one that does nothing any more goes. It may be changed further from now on. */
  change(entry: Entry, edit: () => void): void {
    this.unindex(entry);
    edit();
    this.entries.delete(entry.number);
    this.sealed.delete(entry.number);
    if (isIdle(entry)) this.doubtful.delete(entry.number);
    this.dirty.add(entry.number);
    if (!isIdle(entry)) {
      this.index(entry);
      // In the order of their numbers: the last one was put at the end.
      if (entry.number !== this.last) {
        const sorted = [...this.entries].sort(([a], [b]) => a - b);
        this.entries.clear();
        for (const [number, one] of sorted) this.entries.set(number, one);
      }
    }
  }

  /** Takes updates away that would change nothing of what the server has, as far as that is known. */
  forgetIdle(ids: Iterable<Id>, type: string, server: (id: Id) => Json | undefined): void {
    for (const id of ids)
      for (const entry of [...this.about(id)]) {
        const patch = entry.update[id];
        const base = server(id);
        if (!patch || !base || this.sealed.has(entry.number) || this.doubtful.has(entry.number) || entry.attempted !== undefined || typeOf(entry.name) !== type || this.byId.get(id)!.size > 1) continue;
        if (same(patched(base, patch), base)) this.drop(entry, id);
      }
  }

  // ---- what the server did with it ----

  attempted(entries: readonly Entry[]): void {
    for (const entry of entries)
      if (!isEmpty(entry.create)) {
        entry.attempted ??= Date.now();
        this.dirty.add(entry.number);
      }
  }

  /** They were sent, and it is not known what has become of them: they are sent again, with what the person changes until then. */
  unanswered(entries: readonly Entry[]): void {
    for (const { number } of entries) {
      this.sealed.delete(number);
      this.doubtful.add(number);
    }
  }

  name(local: Id, real: Id): void {
    this.alias(local, real);
    this.aliasPuts.push({ table: 'about', key: `alias/${local}`, value: { real, at: Date.now() } satisfies Alias });
  }

  /**
   * The server has it, and so has the cache: the entries go, but for the parts that `keep` says are still to be done. Those behind them
   * say the real ids.
   */
  settle(entries: readonly Entry[], keep: (entry: Entry, id: Id) => boolean): void {
    const makes = entries.flatMap((entry) => Object.keys(entry.create));
    for (const entry of entries) {
      this.change(entry, () => {
        for (const part of [entry.create, entry.update, entry.destroy]) for (const id of Object.keys(part)) if (!keep(entry, id)) delete part[id];
        if (isEmpty(entry.create)) entry.afterwards = {};
      });
    }
    const made = makes.filter((id) => this.aliases.has(id));
    for (const local of made)
      for (const entry of [...this.about(local)])
        if (this.byId.get(local)?.has(entry.number)) {
          const sealed = this.sealed.has(entry.number);
          this.change(entry, () => Object.assign(entry, { ...withReal({ ...entry, create: {} }, (id) => this.real(id)), create: this.realInside(entry.create) }));
          if (sealed) this.sealed.add(entry.number);
        }
  }

  /** Creations keep their own local ids. */
  private realInside(create: Entry['create']): Entry['create'] {
    return Object.fromEntries(Object.entries(create).map(([id, object]) => [id, withReal(object, (local) => this.real(local))]));
  }
}
