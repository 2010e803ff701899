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
      // At once where the box is there: the next key belongs to it already.
      const focus = () => document.querySelector<HTMLInputElement>('[data-search]')?.focus();
      if (document.querySelector('[data-search]')) focus();
      else requestAnimationFrame(focus);
    },
  });
}
