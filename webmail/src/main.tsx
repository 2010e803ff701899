/** The program begins: words, session, layer, store, and then the frame with all features. */
import './styles/base.css';
import './ui/ui.css';
import './frame/frame.css';
import './features/settings/settings.css';
import './features/rules/rules.css';
import './features/admin/admin.css';
import './features/undelete/undelete.css';
import './features/transfer/transfer.css';
import './features/masked/masked.css';
import './features/sharing/sharing.css';
import './features/files/files.css';
import { render } from 'preact';
import { actions } from './actions/registry.ts';
import { again } from './base/again.ts';
import { bestLanguage, currentLanguage, isRightToLeft, languageNames, t, useLanguage } from './base/words.ts';
import { prefixOf, seat, withoutSeat } from './base/seat.ts';
import { endSession } from './layer/net/session.ts';
import { openLayer } from './layer/open.ts';
import { forgetSeats, startService } from './layer/service.ts';
import { LayerError } from './layer/layer.ts';
import { setStore } from './model/current.ts';
import { forgetPerson, isBrowserOwn, takeSignOut } from './model/person.ts';
import { localPreference } from './model/preferences.ts';
import { followSettings, ownSettings, shareSettings } from './model/settings.ts';
import { renewNotifications } from './model/notifications.ts';
import { Store } from './model/store.ts';
import { addFrameActions } from './frame/actions.ts';
import { Frame } from './frame/frame.tsx';
import { pathAfterSignOut, tellOthers } from './frame/people.ts';
import { startKeys } from './frame/keys.ts';
import { goTo, signInPath, startRouter } from './frame/router.ts';
import { startMeter } from './frame/meter.tsx';
import { startTheme } from './frame/theme.ts';
import { startView } from './frame/view.ts';
import { installCompose } from './features/compose/index.ts';
import { installList } from './features/list/index.ts';
import { installSearch } from './features/search/index.ts';
import { installFolders } from './features/folders/index.ts';
import { installReading } from './features/reading/index.ts';
import { installIcons } from './ui/Icon.tsx';
import { whenIdle } from './ui/idle.ts';

/** What the person chose here, then what the browser says. */
function preferredLanguages(): string[] {
  const chosen = localPreference('language');
  return typeof chosen === 'string' ? [chosen, ...navigator.languages] : [...navigator.languages];
}

/** What the first screen does not need. Its pages and actions come a moment later. */
async function installLater(): Promise<void> {
  const [settings, rules, admin, undelete, transfer, masked, sharing, files] = await Promise.all([
    again(() => import('./features/settings/index.ts')),
    again(() => import('./features/rules/index.ts')),
    again(() => import('./features/admin/index.ts')),
    again(() => import('./features/undelete/index.ts')),
    again(() => import('./features/transfer/index.ts')),
    again(() => import('./features/masked/index.ts')),
    again(() => import('./features/sharing/index.ts')),
    again(() => import('./features/files/index.ts')),
  ]);
  settings.installSettings();
  rules.installRules();
  admin.installAdmin();
  undelete.installUndelete();
  transfer.installTransfer();
  masked.installMasked();
  sharing.installSharing();
  files.installFiles();
}

async function start(): Promise<void> {
  // The mail that is kept here is read while the words are.
  const opening = openLayer();
  opening.catch(() => undefined);
  startTheme();
  followSettings();
  await useLanguage(bestLanguage(preferredLanguages(), Object.keys(languageNames))).catch(reportError);
  document.documentElement.lang = currentLanguage();
  document.documentElement.dir = isRightToLeft() ? 'rtl' : 'ltr';
  const layer = await opening;
  ownSettings(layer.session.username);
  const store = new Store(layer);
  store.signedOut.subscribe((over) => {
    if (!over) return;
    if (isBrowserOwn()) forgetPerson();
    // Who has signed out begins anew, and so does who comes next.
    location.assign(over === 'asked' ? pathAfterSignOut() : signInPath(location.pathname));
  });
  startRouter();
  setStore(store);
  startView();
  installIcons(document.body);
  await store.load();
  shareSettings(store.preferences);
  addFrameActions();
  installFolders();
  installList();
  installReading();
  installSearch();
  installCompose();
  installLater().catch(reportError);
  startKeys();
  startService(goTo);
  // The browser is asked for what it allows, and takes its time to say.
  whenIdle(() => void renewNotifications(layer).catch(() => undefined));
  tellOthers();
  startMeter();
  render(<Frame />, document.getElementById('app')!);
  if (takeSignOut()) void actions.run('account.signOut');
}

/** This person is signed in in another seat as well: that one has the mail, and this one is given up. */
async function goElsewhere(to: number): Promise<void> {
  forgetPerson();
  await forgetSeats([seat]).catch(reportError);
  await endSession().catch(() => undefined);
  location.assign(prefixOf(to) + withoutSeat(location.pathname));
}

start().catch((error: unknown) => {
  if (error instanceof LayerError && error.kind === 'elsewhere') return goElsewhere(Number(error.message));
  if (error instanceof LayerError && error.kind === 'signed-out') {
    // It has ended while no page was open: nobody is noted here any more as signed in.
    forgetPerson();
    location.assign(signInPath(location.pathname));
    return undefined;
  }
  const words = document.createElement('p');
  words.setAttribute('role', 'alert');
  words.textContent = t('frame.cannotStart');
  document.getElementById('app')?.replaceChildren(words);
  reportError(error);
  return undefined;
});
