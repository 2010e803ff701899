/** The page's one store and one list pane, for features: main makes them before anything is drawn. */
import { ListPane } from './pane.ts';
import type { Store } from './store.ts';

let current: Store | undefined;

export const pane = new ListPane();

export function setStore(store: Store): void {
  current = store;
}

export function mail(): Store {
  if (!current) throw new Error('The store is asked for before it is there.');
  return current;
}
