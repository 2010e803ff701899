/** What the server answered last to questions that the cache has no answer of its own for: it is given again when there is no network. */
import type { Invocation } from '../../jmap/types.ts';
import type { Store } from '../store/store.ts';
import type { Json } from './emails.ts';

/** Answers kept; over it, the oldest go. */
const KEPT = 400;
/** Characters of the longest question, and of the longest answer, that is kept. */
const LONGEST = { question: 2_000, answer: 400_000 };

export class Answers {
  private since = 0;

  constructor(private readonly store: Store) {}

  private key([name, args]: Invocation): string {
    return `${name} ${JSON.stringify(args)}`;
  }

  async keep(call: Invocation, answer: Json): Promise<void> {
    const key = this.key(call);
    if (key.length > LONGEST.question || JSON.stringify(answer).length > LONGEST.answer) return;
    await this.store.write([{ table: 'answers', key, value: { answer, at: Date.now() } }]);
    if (++this.since % KEPT === 1) await this.prune();
  }

  async kept(call: Invocation): Promise<Json | undefined> {
    return ((await this.store.get('answers', this.key(call))) as { answer: Json } | undefined)?.answer;
  }

  private async prune(): Promise<void> {
    const all = (await this.store.withPrefix('answers', '')) as [string, { at: number }][];
    const old = all.sort(([, a], [, b]) => b.at - a.at).slice(KEPT);
    await this.store.write(old.map(([key]) => ({ table: 'answers', key })));
  }
}
