/**
 * What a person prefers: theme, row height, whose pictures are shown ... kept at the server (doc/jmap.md, Preferences), so that each
 * browser looks alike, and in this browser too, so that the first thing that is drawn has the right colours. Names are lower-case
 * letters, digits, ".", "-" and "_".
 */
import { type Signal, effect, signal, untracked } from '@preact/signals';
import { ask } from '../jmap/batch.ts';
import type { Id } from '../jmap/types.ts';
import type { Layer } from '../layer/layer.ts';

export const PREFERENCES = 'urn:postrider:params:jmap:preferences';
/** Where the browser keeps them; wiped at sign-out. */
const LOCAL_KEY = 'postrider.preferences';

export class Preferences {
  private readonly signals = new Map<string, Signal<unknown>>();
  private values: Record<string, unknown> = readLocal();

  constructor(private readonly layer: Layer, private readonly accountId: () => Id) {}

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
    const patch = { [`values/${name}`]: value === undefined ? null : value };
    // What cannot be kept now stays in this browser, and goes with the next load's comparison.
    ask(this.layer, 'Preferences/set', { accountId: this.accountId(), update: { singleton: patch } }).catch(() => undefined);
  }

  /** This browser has been told them, if only that there are none: nobody needs to wait for the server's. */
  areHere = hasLocal();

  async load(): Promise<void> {
    if (!(PREFERENCES in this.layer.session.capabilities)) return;
    const before = this.values;
    const { list } = await ask<{ list: { values: Record<string, unknown> }[] }>(this.layer, 'Preferences/get', { accountId: this.accountId(), ids: null });
    // What was set while the server answered is newer than what it says.
    const changed = Object.entries(this.values).filter(([name, value]) => value !== before[name]);
    this.take({ ...list[0]?.values, ...Object.fromEntries(changed) });
  }

  private take(values: Record<string, unknown>): void {
    this.areHere = true;
    this.values = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    for (const [name, value] of Object.entries(this.values)) {
      const known = this.signals.get(name);
      if (known && JSON.stringify(known.peek()) !== JSON.stringify(value)) known.value = value;
    }
    writeLocal(this.values);
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
  return readLocal()[name];
}

/** Nothing of the person stays in this browser. */
export function forgetPreferences(): void {
  globalThis.localStorage?.removeItem(LOCAL_KEY);
}

function hasLocal(): boolean {
  try {
    return typeof globalThis.localStorage?.getItem(LOCAL_KEY) === 'string';
  } catch {
    return false;
  }
}

function readLocal(): Record<string, unknown> {
  try {
    return JSON.parse(globalThis.localStorage?.getItem(LOCAL_KEY) ?? '{}') as Record<string, unknown>;
  } catch {
    return {};
  }
}

function writeLocal(values: Record<string, unknown>): void {
  try {
    globalThis.localStorage?.setItem(LOCAL_KEY, JSON.stringify(values));
  } catch {
    // A browser that keeps nothing asks the server each time.
  }
}
