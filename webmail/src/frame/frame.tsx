/** The shell: all panes, and what lies over them. */
import type { Store } from '../model/store.ts';
import { componentsOf } from './slots.ts';

export function Frame({ store }: { store: Store }) {
  return (
    <main>
      {componentsOf('folders').map((Component) => <Component key={Component.name} />)}
      <ul>
        {store.mailboxes.all().map((mailbox) => <li key={mailbox.id}>{mailbox.name} {mailbox.unreadThreads || ''}</li>)}
      </ul>
    </main>
  );
}
