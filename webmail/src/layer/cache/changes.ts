/**
 * States of what the layer shows, and what changed between two of them: Foo/changes of RFC 8620 section 5.2. They are not the server's:
 * a change that waits for the server is a new state, too. They are remembered for as long as the layer runs.
 */
import type { Id, State } from '../../jmap/types.ts';

/** The last changes that are remembered, for each type; who is further behind begins anew. */
const REMEMBERED = 20_000;

interface Change {
  id: Id;
  kind: 'created' | 'updated' | 'destroyed';
}

export interface ChangesSince {
  created: Id[];
  updated: Id[];
  destroyed: Id[];
  newState: State;
  hasMoreChanges: boolean;
}

export class Changes {
  /** The change with number `first + i` is list[i]. */
  private list: Change[] = [];
  private first = 1;

  constructor(private readonly epoch: string) {}

  get number(): number {
    return this.first + this.list.length - 1;
  }

  get state(): State {
    return `${this.epoch}${this.number}`;
  }

  tell(id: Id, kind: Change['kind']): void {
    this.list.push({ id, kind });
    if (this.list.length > 2 * REMEMBERED) {
      this.first += this.list.length - REMEMBERED;
      this.list = this.list.slice(-REMEMBERED);
    }
  }

  /** The number of a state; undefined if it is none of ours, or is forgotten. */
  numberOf(state: State): number | undefined {
    if (!state.startsWith(this.epoch)) return undefined;
    const number = Number(state.slice(this.epoch.length));
    return Number.isInteger(number) && number >= this.first - 1 && number <= this.number ? number : undefined;
  }

  since(state: State, max: number): ChangesSince | undefined {
    const from = this.numberOf(state);
    if (from === undefined) return undefined;
    const touched = new Map<Id, { born: boolean; gone: boolean }>();
    let at = from - this.first + 1;
    for (; at < this.list.length; at++) {
      const { id, kind } = this.list[at]!;
      const known = touched.get(id);
      if (!known && touched.size >= max) break;
      if (!known) touched.set(id, { born: kind === 'created', gone: kind === 'destroyed' });
      else known.gone = kind === 'destroyed';
    }
    const result: ChangesSince = { created: [], updated: [], destroyed: [], newState: `${this.epoch}${this.first + at - 1}`, hasMoreChanges: at < this.list.length };
    for (const [id, { born, gone }] of touched) {
      if (!gone) result[born ? 'created' : 'updated'].push(id);
      else if (!born) result.destroyed.push(id);
    }
    return result;
  }
}
