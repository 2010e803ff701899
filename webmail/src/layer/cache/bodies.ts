/**
 * What a reader shows of an email beyond its list properties: it hardly changes, so it is kept as it was told. How it was asked for
 * belongs to what it is: the text of a body depends on bodyProperties, fetchHTMLBodyValues, maxBodyValueBytes and cleanHTMLBodyValues.
 */
import type { Id } from '../../jmap/types.ts';
import type { Put, Store } from '../store/store.ts';
import type { Account } from './account.ts';
import type { Json } from './emails.ts';
import type { Row } from './rows.ts';

/** Properties of RFC 8621 section 4.1 that never change; headers that are asked for by name are as constant. */
const CONSTANT = new Set([
  'blobId', 'threadId', 'size', 'receivedAt', 'headers', 'messageId', 'inReplyTo', 'references', 'sender', 'from', 'to', 'cc', 'bcc', 'replyTo', 'subject', 'sentAt',
  'bodyStructure', 'bodyValues', 'textBody', 'htmlBody', 'attachments', 'hasAttachment', 'preview',
]);
const OF_PARTS = new Set(['bodyStructure', 'textBody', 'htmlBody', 'attachments']);
const FETCHES = ['fetchTextBodyValues', 'fetchHTMLBodyValues', 'fetchAllBodyValues', 'maxBodyValueBytes', 'cleanHTMLBodyValues'] as const;

/** Bodies kept in memory after they were read or fetched: what a reader goes back and forth between. */
const KEPT_IN_MEMORY = 100;
/** Bodies in the store. Over it, the oldest mail goes. */
const KEPT = 20_000;

export const isConstant = (name: string): boolean => CONSTANT.has(name) || name.startsWith('header:');

/**
 * What the server found out about a message, and did with it (doc/jmap.md). It is kept with the body that it is shown with: to have it of all
 * mail, the server would read all mail. Asked for without a body, it is the server's to tell, who may know better by now.
 */
const FOUND = new Set(['verdict', 'filedBy']);

export const isFound = (name: string): boolean => FOUND.has(name);

export const asksBody = (args: Json): boolean => ((args['properties'] as string[] | null | undefined) ?? []).includes('bodyValues');

/** Whether what is kept with a body answers this. */
export const isKept = (name: string, args: Json): boolean => isConstant(name) || (isFound(name) && asksBody(args));

/** Under what name a property is kept that was asked for so. */
function keyOf(name: string, args: Json): string {
  if (OF_PARTS.has(name)) return `${name} ${JSON.stringify(args['bodyProperties'] ?? null)}`;
  if (name === 'bodyValues') return `${name} ${JSON.stringify(FETCHES.map((fetch) => args[fetch] || null))}`;
  return name;
}

export class Bodies {
  private readonly memory = new Map<Id, Json>();
  private readonly dirty = new Set<Id>();

  constructor(private readonly store: Store) {}

  private key(account: Account, id: Id): string {
    return `${account.id}/${id}`;
  }

  /** The named properties of each email of which all are here. */
  async of(account: Account, ids: readonly Id[], names: readonly string[], args: Json): Promise<Map<Id, Json>> {
    const missing = ids.filter((id) => !this.memory.has(id));
    const read = missing.length ? await this.store.getMany('bodies', missing.map((id) => this.key(account, id))) : [];
    const bodies = new Map(missing.map((id, at) => [id, read[at] as Json | undefined]));
    const result = new Map<Id, Json>();
    for (const id of ids) {
      const body = this.memory.get(id) ?? bodies.get(id);
      if (!body || !names.every((name) => keyOf(name, args) in body)) continue;
      this.remember(id, body);
      result.set(id, Object.fromEntries(names.map((name) => [name, body[keyOf(name, args)]])));
    }
    return result;
  }

  /** Keeps what the server answered to Email/get with these arguments. */
  learn(account: Account, email: Json, args: Json): void {
    const id = email['id'] as Id;
    const body: Json = { ...this.memory.get(id) };
    let more = false;
    for (const [name, value] of Object.entries(email))
      if (isKept(name, args) && (isFound(name) || !(keyOf(name, args) in body))) {
        body[keyOf(name, args)] = value;
        more = true;
      }
    this.remember(id, body);
    if (more) this.dirty.add(this.key(account, id));
  }

  private remember(id: Id, body: Json): void {
    this.memory.delete(id);
    this.memory.set(id, body);
    for (const old of this.memory.keys()) {
      if (this.memory.size <= KEPT_IN_MEMORY) break;
      this.memory.delete(old);
    }
  }

  /** What must be written: ask before so many were learned that some are forgotten. */
  puts(): Put[] {
    const puts: Put[] = [];
    for (const key of this.dirty) {
      const body = this.memory.get(key.slice(key.indexOf('/') + 1));
      if (body) puts.push({ table: 'bodies', key, value: body });
    }
    this.dirty.clear();
    return puts;
  }

  forget(account: Account, ids: readonly Id[]): Put[] {
    for (const id of ids) this.memory.delete(id);
    return ids.map((id) => ({ table: 'bodies', key: this.key(account, id) }));
  }

  /** Those of which nothing is kept. */
  async missing(account: Account, ids: readonly Id[]): Promise<Id[]> {
    const prefix = `${account.id}/`;
    const here = new Set((await this.store.keys('bodies', prefix)).map((key) => key.slice(prefix.length)));
    return ids.filter((id) => !here.has(id)).slice(0, Math.max(0, KEPT - here.size));
  }

  /** Takes away what belongs to no email, and the oldest when there are too many; and all that are not wanted. */
  async prune(account: Account, isWanted: (row: Row) => boolean = () => true): Promise<void> {
    const prefix = `${account.id}/`;
    const ids = (await this.store.keys('bodies', prefix)).map((key) => key.slice(prefix.length));
    const place = new Map(account.emails.order.flatMap((row, at) => (isWanted(row) ? [[row.id, at] as const] : [])));
    const gone = account.complete ? ids.filter((id) => !place.has(id)) : [];
    const kept = ids.filter((id) => place.has(id)).sort((a, b) => place.get(a)! - place.get(b)!);
    await this.store.write(this.forget(account, [...gone, ...kept.slice(KEPT)]));
  }
}
