/**
 * Words in the bodies that this browser keeps, for a search without a network: they are looked through from the newest mail to the oldest, in
 * pieces, and what was found is told as it comes. Nobody waits for it: between two pieces the worker does what else it is asked. A search for
 * other words ends the one before; who asks for those again goes on where it was.
 */
import { plain } from '../../base/plain.ts';
import type { Id } from '../../jmap/types.ts';
import type { Store } from '../store/store.ts';
import type { Account } from './account.ts';
import { textOfBody } from './body-text.ts';
import type { Json } from './emails.ts';

/** Bodies that are read from the store at once. */
const PIECE = 32;
/** The worker's turn ends after so long: a key that is typed meanwhile is answered within a frame. */
const TURN_MS = 8;
/** What was found is told so often at most: each time lists look again. */
const TELL_MS = 250;
/** Searches that are remembered: the words of one as it is typed. */
const KEPT = 8;
/** Characters of texts that stay in memory for the next word, newest mail first: some 2,000 mails. */
const TEXTS_MAX = 8 * 1024 * 1024;
/** Unused for so long they are given back. */
const TEXTS_KEPT_MS = 120_000;

interface Search {
  words: readonly string[];
  found: Map<string, Set<Id>>;
  /** Bodies that were looked through for these words. */
  looked: Set<Id>;
  accounts: Set<Account>;
  isWhole: boolean;
  version: number;
}

/** What is known so far. */
export interface Found {
  /** Grows with what is found. */
  readonly version: number;
  has(id: Id, word: string): boolean;
}

export class BodySearch {
  private readonly searches = new Map<string, Search>();
  private running: Search | undefined;
  private readonly texts = new Map<Id, string>();
  private size = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Pick<Store, 'keys' | 'getMany'>,
    /** The server cannot be asked. */
    private readonly isAlone: () => boolean,
    /** Queries of this account may have other results now. */
    private readonly tell: (account: Account) => void,
  ) {}

  /** words: as `plain` writes them. */
  ask(account: Account, words: readonly string[]): Found {
    const key = [...new Set(words)].sort().join(' ');
    const search = this.searches.get(key) ?? { words: key.split(' '), found: new Map(), looked: new Set(), accounts: new Set(), isWhole: false, version: 0 };
    this.searches.delete(key);
    this.searches.set(key, search);
    for (const old of this.searches.keys()) if (this.searches.size > KEPT) this.searches.delete(old);
    search.accounts.add(account);
    if (this.running !== search && this.isAlone()) {
      this.running = search;
      void this.run(search)
        .catch((error: unknown) => reportError(error))
        .finally(() => this.running === search && (this.running = undefined));
    }
    return { version: search.version, has: (id, word) => search.found.get(word)?.has(id) === true };
  }

  private async run(search: Search): Promise<void> {
    let any = false;
    // An account may be asked about meanwhile.
    for (let ids = await this.left(search); ids.length; ids = await this.left(search)) {
      any = true;
      if (!(await this.look(search, ids))) return;
    }
    search.isWhole = this.running === search;
    if (any) this.tellAll(search);
    // One that was ended for this, and that somebody still looks at, is asked for again.
    for (const other of this.searches.values()) if (any && !other.isWhole) this.tellAll(other);
  }

  private tellAll(search: Search): void {
    for (const account of search.accounts) this.tell(account);
  }

  /** Of each account, what was not looked through: the newest mail first. */
  private async left(search: Search): Promise<[Account, Id][]> {
    const all: [Account, Id][] = [];
    for (const account of search.accounts) {
      const prefix = `${account.id}/`;
      const here = new Set((await this.store.keys('bodies', prefix)).map((key) => key.slice(prefix.length)));
      for (const { id } of account.emails.order) if (here.has(id) && !search.looked.has(id)) all.push([account, id]);
    }
    return all;
  }

  /** False: it was ended, by another search or by the network. */
  private async look(search: Search, ids: readonly [Account, Id][]): Promise<boolean> {
    let began = performance.now();
    let told = began;
    let version = search.version;
    for (let at = 0; at < ids.length; at += PIECE) {
      const piece = ids.slice(at, at + PIECE);
      const bodies = await this.read(piece);
      if (this.running !== search || !this.isAlone()) return false;
      for (const [, id] of piece) {
        this.test(search, id, bodies.get(id));
        if (performance.now() - began < TURN_MS) continue;
        await new Promise((resolve) => setTimeout(resolve));
        if (this.running !== search || !this.isAlone()) return false;
        began = performance.now();
      }
      if (search.version !== version && performance.now() - told >= TELL_MS) {
        this.tellAll(search);
        told = performance.now();
        ({ version } = search);
      }
    }
    return true;
  }

  /** Bodies of which no text is in memory. */
  private async read(piece: readonly [Account, Id][]): Promise<Map<Id, Json>> {
    const missing = piece.filter(([, id]) => !this.texts.has(id));
    const bodies = missing.length ? await this.store.getMany('bodies', missing.map(([account, id]) => `${account.id}/${id}`)) : [];
    return new Map(missing.flatMap(([, id], at) => (bodies[at] ? [[id, bodies[at] as Json] as const] : [])));
  }

  private test(search: Search, id: Id, body: Json | undefined): void {
    const text = this.texts.get(id) ?? this.keep(id, body ? plain(textOfBody(body)) : '');
    search.looked.add(id);
    for (const word of search.words) {
      if (!text.includes(word)) continue;
      const found = search.found.get(word) ?? new Set();
      search.found.set(word, found.add(id));
      search.version++;
    }
  }

  private keep(id: Id, text: string): string {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.forget(), TEXTS_KEPT_MS);
    (this.timer as { unref?(): void }).unref?.();
    if (this.size + text.length <= TEXTS_MAX) {
      this.size += text.length;
      this.texts.set(id, text);
    }
    return text;
  }

  private forget(): void {
    this.texts.clear();
    this.size = 0;
  }
}
