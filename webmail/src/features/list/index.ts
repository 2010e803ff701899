/** The list of conversations. */
import './list.css';
import { place } from '../../frame/router.ts';
import { fill } from '../../frame/slots.ts';
import { mail, pane } from '../../model/current.ts';
import { keepFirstScreen } from '../../model/first.ts';
import { addListActions } from './actions.ts';
import { startClock } from './clock.ts';
import { startLists } from './current.ts';
import { ListView } from './ListView.tsx';

export function installList(): void {
  addListActions();
  startClock();
  startLists();
  // A search and a page of settings leave the screen of the folder before.
  keepFirstScreen(mail(), () => (place.value.kind === 'folder' ? pane.list.value : undefined));
  fill('list', ListView);
}
