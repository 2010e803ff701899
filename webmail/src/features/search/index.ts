/** Search. */
import './search.css';
import { actions } from '../../actions/registry.ts';
import { place, go, HOME } from '../../frame/router.ts';
import { fill } from '../../frame/slots.ts';
import { SearchBox } from './SearchBox.tsx';

export function installSearch(): void {
  fill('search', SearchBox);
  actions.add({
    id: 'go.search',
    group: 'go',
    keys: ['/'],
    icon: 'search',
    run() {
      const kind = place.peek().kind;
      if (kind !== 'folder' && kind !== 'search') go(HOME);
      requestAnimationFrame(() => document.querySelector<HTMLInputElement>('[data-search]')?.focus());
    },
  });
}
