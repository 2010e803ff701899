/** How the person likes this program, in this browser. What it is about is shown before the server has answered, so it is kept here. */
import { type Signal, effect, signal } from '@preact/signals';

const PREFIX = 'postrider.';

export interface Settings {
  layout: 'right' | 'below' | 'none';
  density: 'one' | 'two' | 'three';
  theme: 'system' | 'light' | 'dark';
  contrast: 'system' | 'normal' | 'more';
  accent: 'teal' | 'blue' | 'violet' | 'rose' | 'amber' | 'green';
  foldersWidth: number;
  listWidth: number;
  listHeight: number;
  foldersHidden: boolean;
  /** Folders whose children are not shown: ids. */
  folded: string[];
  labelColours: Record<string, string>;
  folderColours: Record<string, string>;
  /** What a swipe towards the line's end, and towards its beginning, does: ids of actions. */
  swipeEnd: string;
  swipeStart: string;
  /** After a conversation has left the list while it was open: the next one is opened, or the list. */
  afterwards: 'next' | 'list';
  showTimings: boolean;
}

const defaults: Settings = {
  layout: 'right',
  density: 'three',
  theme: 'system',
  contrast: 'system',
  accent: 'teal',
  foldersWidth: 216,
  listWidth: 400,
  listHeight: 320,
  foldersHidden: false,
  folded: [],
  labelColours: {},
  folderColours: {},
  swipeEnd: 'mail.archive',
  swipeStart: 'mail.trash',
  afterwards: 'next',
  showTimings: false,
};

const signals = new Map<keyof Settings, Signal<unknown>>();

/** The browser may refuse to keep anything (private windows, full disk): then a setting lasts as long as the page. */
function read<K extends keyof Settings>(key: K): Settings[K] {
  try {
    const text = localStorage.getItem(PREFIX + key);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return isLike(value, defaults[key]) ? (value as Settings[K]) : defaults[key];
  } catch {
    return defaults[key];
  }
}

function isLike(value: unknown, example: unknown): boolean {
  return typeof value === typeof example && value !== null && Array.isArray(value) === Array.isArray(example);
}

export function setting<K extends keyof Settings>(key: K): Signal<Settings[K]> {
  let found = signals.get(key) as Signal<Settings[K]> | undefined;
  if (found) return found;
  const made = signal(read(key));
  found = made;
  signals.set(key, made as Signal<unknown>);
  let first = true;
  effect(() => {
    const text = JSON.stringify(made.value);
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(PREFIX + key, text);
    } catch {
      // See read().
    }
  });
  return made;
}

/** Another window of this browser has changed one. */
export function followSettings(): void {
  addEventListener('storage', (event) => {
    const key = event.key?.startsWith(PREFIX) ? (event.key.slice(PREFIX.length) as keyof Settings) : undefined;
    const found = key && signals.get(key);
    if (found) found.value = read(key);
  });
}
