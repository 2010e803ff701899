/** Searches that are kept, and stand among the folders: preferences of the account. */
import { type ReadonlySignal, computed } from '@preact/signals';
import { t } from '../base/words.ts';
import { mail } from './current.ts';
import { done } from './undo.ts';

export interface SavedSearch {
  name: string;
  text: string;
}

/** All of them are one preference, which the server limits to 16 KB. */
const MOST = 50;

export function savedSearches(): ReadonlySignal<SavedSearch[]> {
  return (known ??= computed(() => valid(mail().preferences.of<unknown>('searches', []).value)));
}

let known: ReadonlySignal<SavedSearch[]> | undefined;

/** What another program has written there is taken as far as it makes sense. */
function valid(value: unknown): SavedSearch[] {
  return Array.isArray(value)
    ? value.filter((one: Partial<SavedSearch> | null) => typeof one?.name === 'string' && typeof one.text === 'string')
    : [];
}

function set(list: SavedSearch[], words: string): void {
  const before = savedSearches().peek();
  mail().preferences.set('searches', list);
  done({ words, undo: () => mail().preferences.set('searches', before) });
}

export function isSaved(text: string): boolean {
  return savedSearches().value.some((one) => one.text === text);
}

export function saveSearch(text: string, name = text): void {
  const others = savedSearches()
    .peek()
    .filter((one) => one.text !== text);
  set([...others, { name: name.slice(0, 100), text }].slice(-MOST), t('search.saved', { name }));
}

export function forgetSearch(text: string): void {
  const found = savedSearches()
    .peek()
    .find((one) => one.text === text);
  if (found)
    set(
      savedSearches()
        .peek()
        .filter((one) => one !== found),
      t('search.forgotten', { name: found.name }),
    );
}

export function renameSearch(text: string, name: string): void {
  set(
    savedSearches()
      .peek()
      .map((one) => (one.text === text ? { ...one, name: name.slice(0, 100) } : one)),
    t('search.renamed', { name }),
  );
}
