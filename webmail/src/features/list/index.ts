/** The list of conversations. */
import './list.css';
import { fill } from '../../frame/slots.ts';
import { addListActions } from './actions.ts';
import { startClock } from './clock.ts';
import { startLists } from './current.ts';
import { ListView } from './ListView.tsx';

export function installList(): void {
  addListActions();
  startClock();
  startLists();
  fill('list', ListView);
}
