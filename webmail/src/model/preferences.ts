/**
 * What a person prefers: theme, row height, whose pictures are shown ... kept at the server (doc/jmap.md, Preferences), so that each
 * browser looks alike, and in this browser too, so that the first thing that is drawn has the right colours. Names are lower-case
 * letters, digits, ".", "-" and "_".
 */
import { type Signal, effect, signal, untracked } from '@preact/signals';
import { UNSENT } from '../base/device.ts';
import { ownKey } from '../base/seat.ts';
import { ask, Batch } from '../jmap/batch.ts';
import type { Id } from '../jmap/types.ts';
import { type Layer, LayerError } from '../layer/layer.ts';
import { isBrowserOwn } from './person.ts';

export const PREFERENCES = 'urn:postrider:params:jmap:preferences';
/** Where the browser keeps them: person.ts. */
const LOCAL_KEY = ownKey('preferences');

/** Errors that say nothing of what was set: it is sent again (RFC 8620 section 3.6.2). */
const PASSING = new Set(['serverUnavailable', 'serverFail', 'serverPartialFail', 'rateLimit', 'accountNotFound']);

export class Preferences {
  private readonly signals = new Map<string, Signal<unknown>>();
  private values: Record<string, unknown> = read(LOCAL_KEY);
  /** What was set in this page, and the server has not been told, or has not answered. */
  private own: Record<string, unknown> = {};

  constructor(private readonly layer: Layer, private readonly accountId: () => Id) {
    this.values = this.withUnsent(this.values);
  }

  /** Follows the preference. `usual`: what it is when nobody has set it. Each user of a name gives the same one. */
  of<T>(name: string, usual: T): Signal<T> {
    let found = this.signals.get(name) as Signal<T> | undefined;
    if (!found) {
      found = signal((this.values[name] as T | undefined) ?? usual);
      this.signals.set(name, found as Signal<unknown>);
    }
    return found;
  }

  /** Shown at once, kept behind. undefined: as it is usually (this page shows the former value until it is loaded again). */
  set(name: string, value: unknown): void {
    this.take({ ...this.values, [name]: value });
    this.noteUnsent((unsent) => ({ ...unsent, [name]: value ?? null }));
    void this.send();
  }

  /** Brings to the server what it does not have yet; what cannot go now waits for the next time, if need be in another page. */
  async send(): Promise<void> {
    const sent = this.unsent();
    const batch = new Batch(this.layer);
    // Each by itself: one that the server does not take keeps no other from it.
    const calls = Object.entries(sent).map(([name, value]) => ({
      name,
      value,
      call: batch.call('Preferences/set', { accountId: this.accountId(), update: { singleton: { [`values/${name}`]: value } } }, { mayFail: true }),
    }));
    if (!calls.length) return;
    // The layer keeps this answer, for the next start without a network.
    batch.call('Preferences/get', this.question(), { mayFail: true });
    try {
      await batch.send();
    } catch (error) {
      if (!(error instanceof LayerError)) reportError(error);
      return;
    }
    // What was refused is this browser's alone; what was set once more in the meantime waits on.
    const over = new Map(calls.filter(({ call }) => !PASSING.has(call.error?.type ?? '')).map(({ name, value }) => [name, JSON.stringify(value)]));
    this.noteUnsent((unsent) => Object.fromEntries(Object.entries(unsent).filter(([name, value]) => over.get(name) !== JSON.stringify(value))));
  }

  /** This browser has been told them, if only that there are none: nobody needs to wait for the server's. */
  areHere = hasLocal();

  async load(): Promise<void> {
    if (!(PREFERENCES in this.layer.session.capabilities)) return;
    const before = this.values;
    const { list } = await ask<{ list: { values: Record<string, unknown> }[] }>(this.layer, 'Preferences/get', this.question());
    // What was set while the server answered is newer than what it says, and so is what it has not been told.
    const changed = Object.entries(this.values).filter(([name, value]) => value !== before[name]);
    this.take(this.withUnsent({ ...list[0]?.values, ...Object.fromEntries(changed) }));
    await this.send();
  }

  private withUnsent(values: Record<string, unknown>): Record<string, unknown> {
    return { ...values, ...Object.fromEntries(Object.entries(this.unsent()).map(([name, value]) => [name, value ?? undefined])) };
  }

  private question(): Record<string, unknown> {
    return { accountId: this.accountId(), ids: null };
  }

  /** In every page of this person. */
  private unsent(): Record<string, unknown> {
    return { ...read(UNSENT + this.layer.session.username), ...this.own };
  }

  private noteUnsent(change: (unsent: Record<string, unknown>) => Record<string, unknown>): void {
    this.own = change(this.own);
    const all = change(this.unsent());
    write(UNSENT + this.layer.session.username, Object.keys(all).length ? all : undefined);
  }

  private take(values: Record<string, unknown>): void {
    this.areHere = true;
    this.values = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    for (const [name, value] of Object.entries(this.values)) {
      const known = this.signals.get(name);
      if (known && JSON.stringify(known.peek()) !== JSON.stringify(value)) known.value = value;
    }
    if (isBrowserOwn()) write(LOCAL_KEY, this.values);
  }
}

/** Runs `use` with the preference now, and whenever it changes. */
export function onPreference<T>(preference: Signal<T>, use: (value: T) => void): () => void {
  return effect(() => {
    const value = preference.value;
    untracked(() => use(value));
  });
}

/** What this browser has kept, before there is a server; undefined: nothing. */
export function localPreference(name: string): unknown {
  return read(LOCAL_KEY)[name];
}

function hasLocal(): boolean {
  try {
    return typeof globalThis.localStorage?.getItem(LOCAL_KEY) === 'string';
  } catch {
    return false;
  }
}

function read(key: string): Record<string, unknown> {
  try {
    return JSON.parse(globalThis.localStorage?.getItem(key) ?? '{}') as Record<string, unknown>;
  } catch {
    return {};
  }
}

function write(key: string, values: Record<string, unknown> | undefined): void {
  try {
    if (values) globalThis.localStorage?.setItem(key, JSON.stringify(values));
    else globalThis.localStorage?.removeItem(key);
  } catch {
    // A browser that keeps nothing asks the server each time.
  }
}
