/**
 * How the person likes this program. All of it is kept in this browser, since it is needed before the server has answered; what has not to do
 * with this window's size is kept at the server as well (preferences.ts), so that each browser looks alike.
 */
import { type Signal, effect, signal } from '@preact/signals';
import { claimBrowser, isBrowserOwn, keyOf } from './person.ts';
import type { Preferences } from './preferences.ts';
import { done } from './undo.ts';

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
  /** Letters and signs alone do something; off, only keys with Ctrl or Alt and those of moving about do (WCAG 2.2, 2.1.4). */
  letterKeys: boolean;
  /** Of new mail in these folders (ids) one is told while no page is open; none: in the inbox. */
  notifyFolders: string[];
  /** Only of mail by people who have written before. */
  notifyKnown: boolean;
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
  letterKeys: true,
  notifyFolders: [],
  notifyKnown: false,
};

/** Those that are kept at the server, and their names there. */
const SHARED = {
  density: 'density',
  theme: 'theme',
  contrast: 'contrast',
  accent: 'accent',
  labelColours: 'label-colours',
  folderColours: 'folder-colours',
  swipeEnd: 'swipe-end',
  swipeStart: 'swipe-start',
  afterwards: 'afterwards',
  letterKeys: 'letter-keys',
  notifyFolders: 'notify-folders',
  notifyKnown: 'notify-known',
} as const satisfies Partial<Record<keyof Settings, string>>;

/** What another version or another program has written is taken only if it is one of these. */
export const CHOICES = {
  layout: ['right', 'below', 'none'],
  density: ['one', 'two', 'three'],
  theme: ['system', 'light', 'dark'],
  contrast: ['system', 'normal', 'more'],
  accent: ['teal', 'blue', 'violet', 'rose', 'amber', 'green'],
  afterwards: ['next', 'list'],
} as const satisfies Partial<{ [K in keyof Settings]: readonly Settings[K][] }>;

const signals = new Map<keyof Settings, Signal<unknown>>();

/** The browser may refuse to keep anything (private windows, full disk): then a setting lasts as long as the page. */
function read<K extends keyof Settings>(key: K): Settings[K] {
  try {
    const text = localStorage.getItem(keyOf(key));
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return isFit(key, value) ? (value as Settings[K]) : defaults[key];
  } catch {
    return defaults[key];
  }
}

function isFit(key: keyof Settings, value: unknown): boolean {
  const example = defaults[key];
  const choices = (CHOICES as Partial<Record<keyof Settings, readonly unknown[]>>)[key];
  if (choices) return choices.includes(value);
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
    if (!isBrowserOwn()) return;
    try {
      localStorage.setItem(keyOf(key), text);
    } catch {
      // See read().
    }
  });
  return made;
}

/** Changes one as a person does: it can be undone. words: what was done. changed: what follows, also from its undo. */
export function changeSetting<K extends keyof Settings>(key: K, value: Settings[K], words: string, changed?: () => void): void {
  const here = setting(key);
  const before = here.peek();
  if (JSON.stringify(before) === JSON.stringify(value)) return;
  const put = (now: Settings[K]) => {
    here.value = now;
    changed?.();
  };
  put(value);
  done({ words, undo: () => put(before) });
}

/** The same of a preference that is no setting of the window. `usual` is what it is when nobody has set it. */
export function changePreference<T>(preferences: Preferences, name: string, value: T, usual: T, words: string): void {
  const here = preferences.of<T>(name, usual);
  const before = here.peek();
  if (before === value) return;
  const put = (now: T) => {
    here.value = now;
    preferences.set(name, now === usual ? undefined : now);
  };
  put(value);
  done({ words, undo: () => put(before) });
}

/** Another window of this browser has changed one. */
export function followSettings(): void {
  addEventListener('storage', (event) => {
    // What goes is not changed: a session has ended, and what was kept for it is no choice of anybody.
    if (event.newValue === null || !isBrowserOwn()) return;
    const [key, found] = [...signals].find(([one]) => keyOf(one) === event.key) ?? [];
    if (key && found) found.value = read(key);
  });
}

/** Before anything is shared: what this browser kept of another person is nobody's any more. */
export function ownSettings(username: string): void {
  if (claimBrowser(username)) for (const [key, found] of signals) found.value = read(key);
}

/** The server's values come over those of this browser; what is changed here goes to the server. */
export function shareSettings(preferences: Preferences): void {
  for (const [key, name] of Object.entries(SHARED) as [keyof typeof SHARED, string][]) {
    const here = setting(key) as Signal<unknown>;
    const there = preferences.of<unknown>(name, undefined);
    effect(() => {
      const value = there.value;
      if (isFit(key, value)) here.value = value;
    });
    let last = JSON.stringify(here.peek());
    effect(() => {
      const text = JSON.stringify(here.value);
      if (text === last) return;
      last = text;
      if (text !== JSON.stringify(there.peek())) preferences.set(name, here.value);
    });
  }
}
