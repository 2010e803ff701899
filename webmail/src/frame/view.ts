/** The window's size and what follows from it. */
import { computed, signal } from '@preact/signals';
import { setting } from '../model/settings.ts';
import { layoutOf, type Layout } from './layout.ts';

const size = () =>
  typeof document === 'undefined'
    ? { width: 1_280, height: 800 }
    : { width: document.documentElement.clientWidth || innerWidth, height: innerHeight };

export const windowSize = signal(size());
export const drawerIsOpen = signal(false);

const found = computed<Layout>(() =>
  layoutOf(windowSize.value.width, { layout: setting('layout').value, foldersHidden: setting('foldersHidden').value }),
);
let last: Layout | undefined;
/** The same object while nothing has changed, so that a drag of the window draws no pane anew. */
export const layout = computed<Layout>(() => {
  const next = found.value;
  if (last && last.reading === next.reading && last.folders === next.folders && last.isPhone === next.isPhone) return last;
  return (last = next);
});

export function startView(): void {
  addEventListener('resize', () => (windowSize.value = size()));
}
