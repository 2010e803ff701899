/** Actions of the frame itself: how it looks, undo, help, the account. */
import { actions, type Action } from '../actions/registry.ts';
import { at, hasFreeSeat } from '../base/seat.ts';
import { t } from '../base/words.ts';
import { mail } from '../model/current.ts';
import { CHOICES, changeSetting, setting, type Settings } from '../model/settings.ts';
import { say } from '../model/undo.ts';
import { undoNewest } from './frame.tsx';
import { addAccount } from './people.ts';
import { openPalette } from './palette.tsx';
import { HOME, go, place } from './router.ts';
import { openSheet } from './sheet.tsx';
import { pagesOf } from './slots.ts';
import { drawerIsOpen, layout } from './view.ts';

function choices<K extends keyof typeof CHOICES>(key: K, icon: string): Action[] {
  return (CHOICES[key] as readonly unknown[] as readonly Settings[K][]).map((value) => ({
    id: `view.${key}.${String(value)}`,
    group: 'view' as const,
    icon,
    possible: () => setting(key).peek() !== value,
    run: () => changeSetting(key, value, t('settings.changed', { name: t(`settings.${key}`), value: t(`settings.${key}.${String(value)}`) })),
  }));
}

/** What is not at the server yet would be lost: then one stays signed in. */
async function signOut(): Promise<void> {
  const why = await mail().signOut();
  if (why) say(t(why === 'refused' ? 'frame.notSignedOutRefused' : 'frame.notSignedOut'), true);
}

export function addFrameActions(): void {
  actions.add(
    { id: 'view.palette', group: 'help', keys: ['Ctrl+K'], icon: 'command', inFields: true, run: openPalette },
    { id: 'help.keys', group: 'help', keys: ['?'], icon: 'keyboard', run: openSheet },
    { id: 'undo', group: 'mail', keys: ['z', 'Ctrl+Z'], icon: 'undo-2', run: undoNewest },
    { id: 'go.mail', group: 'go', icon: 'mail', possible: () => place.peek().kind !== 'folder', run: () => go(HOME) },
    {
      id: 'go.settings',
      group: 'go',
      keys: ['g ,'],
      icon: 'settings',
      possible: () => pagesOf('settings').length > 0,
      run: () => go({ kind: 'settings' }),
    },
    {
      id: 'view.folders',
      group: 'view',
      keys: ['Ctrl+B'],
      icon: 'menu',
      run() {
        if (layout.peek().folders === 'drawer') drawerIsOpen.value = !drawerIsOpen.peek();
        else setting('foldersHidden').value = !setting('foldersHidden').peek();
      },
    },
    ...choices('layout', 'columns-2'),
    ...choices('density', 'rows-3'),
    ...choices('theme', 'palette'),
    { id: 'view.timings', group: 'view', icon: 'clock', run: () => void (setting('showTimings').value = !setting('showTimings').peek()) },
    { id: 'account.page', group: 'settings', icon: 'user', run: () => location.assign(at('/account')) },
    { id: 'account.add', group: 'settings', icon: 'user-plus', possible: hasFreeSeat, run: addAccount },
    { id: 'account.signOut', group: 'settings', icon: 'log-out', run: signOut },
  );
}
