/**
 * The one listener for keys. A key or a sequence of keys finds its action in the registry. What a field, a menu or a list does with a key by
 * itself comes first: it stops the event or prevents its default.
 */
import { actions, isPossible, perform, version, type Action } from '../actions/registry.ts';
import { setting } from '../model/settings.ts';

/** So long the second key of a sequence is waited for. */
const SEQUENCE_MS = 1_200;

/** How the registry writes a key: "e", "Shift+U", "Ctrl+K", "#". A character that needs Shift is written as itself. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string | undefined {
  let key = event.key;
  if (['Control', 'Shift', 'Alt', 'Meta', 'Dead', 'Process', 'Unidentified', 'CapsLock'].includes(key)) return undefined;
  // On a keyboard of another script, the key in the place of the Latin letter.
  if (key.length === 1 && key.charCodeAt(0) > 0x7f && /^Key[A-Z]$/.test(event.code))
    key = event.shiftKey ? event.code.slice(3) : event.code.slice(3).toLowerCase();
  const control = event.ctrlKey || event.metaKey;
  const isLetter = /^[a-zA-Z]$/.test(key);
  if (key === ' ') key = 'Space';
  if (isLetter) key = event.shiftKey || control || event.altKey ? key.toUpperCase() : key.toLowerCase();
  const shift = event.shiftKey && (isLetter || key.length > 1);
  return `${control ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key}`;
}

/** Finds actions by their keys; several may have the same key, where at most one is possible at a time. */
export class KeyTable {
  private readonly byKeys = new Map<string, Action[]>();
  private readonly starts = new Set<string>();
  private pending = '';
  private since = 0;

  constructor(all: readonly Action[]) {
    for (const action of all)
      for (const keys of action.keys ?? []) {
        this.byKeys.set(keys, [...(this.byKeys.get(keys) ?? []), action]);
        if (keys.includes(' ')) this.starts.add(keys.split(' ')[0]!);
      }
  }

  /** The action of this key, 'more' for the first half of a sequence, or nothing. */
  press(key: string, inField: boolean, now: number): Action | 'more' | undefined {
    const before = now - this.since < SEQUENCE_MS ? this.pending : '';
    this.pending = '';
    if (before) {
      const found = this.find(`${before} ${key}`, inField);
      if (found) return found;
    }
    const found = this.find(key, inField);
    if (found) return found;
    if (!this.starts.has(key) || inField) return undefined;
    this.pending = key;
    this.since = now;
    return 'more';
  }

  private find(keys: string, inField: boolean): Action | undefined {
    return this.byKeys.get(keys)?.find((action) => (!inField || action.inFields) && isPossible(action));
  }
}

export function startKeys(): () => void {
  let table = new KeyTable(actions.all());
  const end = version.subscribe(() => (table = new KeyTable(actions.all())));
  const listener = (event: KeyboardEvent) => handle(table, event);
  document.addEventListener('keydown', listener);
  return () => {
    end();
    document.removeEventListener('keydown', listener);
  };
}

/** For keys that a frame within the page has heard (a message's body): they mean the same there. */
export function handle(table: KeyTable, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const key = keyName(event);
  if (key === undefined || isOwnKey(event.target, key)) return;
  if (isLetterKey(key) && !setting('letterKeys').peek()) return;
  const found = table.press(key, isField(event.target) || isWriting(event.target), event.timeStamp);
  if (!found) return;
  event.preventDefault();
  if (found !== 'more') perform(found);
}

/** One that prints something: who speaks to the computer, or hits keys by mistake, may not want it to do anything. */
export function isLetterKey(key: string): boolean {
  return [...key].length === 1 || /^Shift\+.$/u.test(key);
}

/** What a control that has the focus does by itself with Enter and Space. */
function isOwnKey(target: EventTarget | null, key: string): boolean {
  if (key !== 'Enter' && key !== 'Space') return false;
  return target instanceof Element && target.closest('button, a[href], summary, input, select, [role=button], [role=separator]') !== null;
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'range', 'file'].includes(target.type);
}

/** A button beside the text that somebody writes: a letter that goes there by mistake must not archive or delete anything. */
function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-composer]') !== null;
}

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);
const NAMES: Record<string, string> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  Delete: 'Del',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
};

/** A key as a person reads it: "Ctrl+K", "⌘K", "g i". */
export function shownKeys(keys: string): string {
  return keys
    .split(' ')
    .map((key) => {
      const parts = key === '+' ? ['+'] : key.split(/\+(?!$)/);
      const last = parts.pop()!;
      const name = NAMES[last] ?? last;
      return isMac ? parts.map((p) => ({ Ctrl: '⌘', Shift: '⇧', Alt: '⌥' })[p] ?? p).join('') + name : [...parts, name].join('+');
    })
    .join(' ');
}

/** The first key of an action, as it is shown. */
export function shownKeysOf(action: Action): string | undefined {
  return action.keys?.[0] === undefined ? undefined : shownKeys(action.keys[0]);
}
