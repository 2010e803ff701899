/**
 * The words of all list properties in memory, for search as one types and for the time without a network: one string for each piece of
 * emails, looked through from end to end. 100,000 emails take some 20 MB and 10 ms.
 */
import { plain } from '../../base/plain.ts';
import type { Filter, Id } from '../../jmap/types.ts';
import type { Account } from './account.ts';
import { BodySearch, type Found } from './body-search.ts';
import { textOfBody } from './body-text.ts';
import type { Json } from './emails.ts';
import type { Test } from './query.ts';

/** Unused for so long it is given back. */
const KEPT_MS = 120_000;

/** Conditions that are about a mail's whole text: of what is kept, the bodies are looked through too (body-search.ts). */
const WHOLE = ['text', 'body'];

/** The words of a condition. */
const wordsIn = (value: string): string[] => plain(value).replaceAll('"', ' ').split(/\s+/).filter(Boolean);

/** The words that a filter looks for in bodies. */
export function bodyWords(filter: Filter | null | undefined): string[] {
  if (!filter) return [];
  if ('operator' in filter) return filter.conditions.flatMap(bodyWords);
  return WHOLE.flatMap((name) => {
    const value = (filter as Json)[name];
    return typeof value === 'string' ? wordsIn(value) : [];
  });
}

interface Words {
  from: string;
  to: string;
  subject: string;
  preview: string;
  /** Its sender's first one (doc/jmap.md). */
  first?: boolean;
}

const people = (list: Json[] | null | undefined): string => plain((list ?? []).map(({ name, email }) => `${name ?? ''} ${email ?? ''}`).join(' '));

export class TextIndex {
  private account: Account | undefined;
  private words = new Map<Id, Words>();
  private number = -1;
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly bodies: BodySearch;

  constructor(...bodies: ConstructorParameters<typeof BodySearch>) {
    this.bodies = new BodySearch(...bodies);
  }

  /** Reads all, or what has come since. */
  async load(account: Account): Promise<void> {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.forget(), KEPT_MS);
    (this.timer as { unref?(): void }).unref?.();
    const number = account.emails.version;
    if (this.account !== account) {
      this.forget();
      this.account = account;
      for await (const piece of account.emails.allTexts()) for (const [id, text] of Object.entries(piece)) this.take(id, text);
    } else if (this.number !== number) {
      const missing = [...account.emails.server.keys()].filter((id) => !this.words.has(id));
      for (const [id, text] of await account.emails.textsOf(missing)) this.take(id, text);
    }
    this.number = number;
  }

  private forget(): void {
    this.account = undefined;
    this.words = new Map();
  }

  private take(id: Id, text: Json): void {
    this.words.set(id, { from: people(text['from']), to: people([...(text['to'] ?? []), ...(text['cc'] ?? [])]), subject: plain(text['subject'] ?? ''), preview: plain(text['preview'] ?? ''), first: text['firstContact'] === true });
  }

  private of(account: Account, id: Id): Words | undefined {
    const known = this.words.get(id);
    if (known || account.emails.server.has(id)) return known;
    const made = account.emails.made(id);
    return made && { from: people(made['from']), to: people(made['to']), subject: plain(made['subject'] ?? ''), preview: plain(`${made['preview'] ?? ''} ${textOfBody(made)}`) };
  }

  /** The test of a condition on words: all of them are in it. `found`: in bodies, so far. Undefined: it is not known here. */
  test(account: Account, name: string, value: unknown, found?: Found): Test | undefined {
    if (name === 'firstContact') return (row) => (this.of(account, row.id)?.first ?? false) === value;
    if (typeof value !== 'string') return undefined;
    const fields = ({ from: ['from'], to: ['to'], cc: ['to'], subject: ['subject'], text: ['from', 'to', 'subject', 'preview'], body: ['preview'] } as Record<string, (keyof Omit<Words, 'first'>)[]>)[name];
    if (!fields) return undefined;
    const wanted = wordsIn(value);
    const inBody = WHOLE.includes(name) ? found : undefined;
    return (row) => {
      const words = this.of(account, row.id);
      return words !== undefined && wanted.every((word) => fields.some((field) => words[field].includes(word)) || inBody?.has(row.id, word));
    };
  }
}
