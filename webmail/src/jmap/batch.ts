/**
 * Calls that go in one request. A call may use what one before it will find (RFC 8620 section 3.7):
 *     const batch = new Batch(layer);
 *     const query = batch.call('Email/query', {accountId, filter, limit: 50});
 *     const get = batch.call('Email/get', {accountId, '#ids': query.result('/ids'), properties});
 *     await batch.send();
 *     get.answer.list ...
 * A method's error rejects `send` with a MethodError, unless the call was made with `mayFail`: then it has it as `error`.
 */
import type { Invocation, SetError } from './types.ts';

export interface Asks {
  request(calls: Invocation[]): Promise<Invocation[]>;
}

export class MethodError extends Error {
  constructor(readonly method: string, readonly type: string, readonly description: string) {
    super(`${method}: ${type}${description ? `: ${description}` : ''}`);
  }
}

export class Call<Answer = any> {
  private found: Answer | undefined;
  error: SetError | undefined;

  constructor(readonly name: string, readonly id: string, readonly mayFail: boolean) {}

  /** A reference to a part of what this call will answer. */
  result(path: string): { resultOf: string; name: string; path: string } {
    return { resultOf: this.id, name: this.name, path };
  }

  get answer(): Answer {
    if (this.found === undefined) throw new MethodError(this.name, this.error?.type ?? 'notAnswered', this.error?.description ?? '');
    return this.found;
  }

  take(name: string, args: Record<string, unknown>): void {
    if (name === 'error') this.error = args as unknown as SetError;
    else if (name === this.name) this.found = args as Answer;
  }
}

export class Batch {
  private readonly calls: Invocation[] = [];
  private readonly made = new Map<string, Call>();

  constructor(private readonly layer: Asks) {}

  call<Answer = any>(name: string, args: Record<string, unknown>, options: { mayFail?: boolean } = {}): Call<Answer> {
    const call = new Call<Answer>(name, `c${this.calls.length}`, options.mayFail ?? false);
    this.calls.push([name, args, call.id]);
    this.made.set(call.id, call);
    return call;
  }

  /** What `send` would ask. */
  get asked(): Invocation[] {
    return this.calls;
  }

  get isEmpty(): boolean {
    return this.calls.length === 0;
  }

  async send(): Promise<void> {
    if (this.isEmpty) return;
    for (const [name, args, id] of await this.layer.request(this.calls)) this.made.get(id)?.take(name, args);
    for (const call of this.made.values())
      if (call.error && !call.mayFail) throw new MethodError(call.name, call.error.type, call.error.description ?? '');
  }
}

/** One call, its answer. */
export async function ask<Answer = any>(layer: Asks, name: string, args: Record<string, unknown>): Promise<Answer> {
  const batch = new Batch(layer);
  const call = batch.call<Answer>(name, args);
  await batch.send();
  return call.answer;
}

/** A list in pieces of at most `size`: what the server takes at once (maxObjectsInGet, maxObjectsInSet). */
export function* pieces<T>(list: readonly T[], size: number): Generator<T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}
