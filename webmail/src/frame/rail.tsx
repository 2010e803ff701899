/** The rail at the window's edge, and the bar at a phone's foot. They show only what is there. */
import { actions, nameOf, type Action } from '../actions/registry.ts';
import { hasFreeSeat, others } from '../base/seat.ts';
import { t } from '../base/words.ts';
import { mail } from '../model/current.ts';
import { IconButton } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { openMenu, type MenuItem } from '../ui/Menu.tsx';
import { shownKeysOf } from './keys.ts';
import { goToPerson, nameOfPerson } from './people.ts';
import { HOME, go, pathOf, place, type Place } from './router.ts';
import { pagesOf } from './slots.ts';

interface Stop {
  kind: 'mail' | 'settings' | 'admin';
  icon: string;
  to: Place;
}

function stops(): Stop[] {
  const list: Stop[] = [{ kind: 'mail', icon: 'mail', to: HOME }];
  return list;
}

function footStops(): Stop[] {
  const list: Stop[] = [];
  if (pagesOf('admin').length > 0) list.push({ kind: 'admin', icon: 'shield-check', to: { kind: 'admin' } });
  if (pagesOf('settings').length > 0) list.push({ kind: 'settings', icon: 'settings', to: { kind: 'settings' } });
  return list;
}

function isHere(stop: Stop): boolean {
  const kind = place.value.kind;
  return stop.kind === 'mail' ? kind === 'folder' || kind === 'search' || kind === 'compose' : kind === stop.kind;
}

export function Rail() {
  return (
    <nav class="rail" aria-label={t('frame.rail')}>
      {stops().map((stop) => (
        <StopLink key={stop.kind} stop={stop} />
      ))}
      <span class="rail-space" />
      <Connection />
      {footStops().map((stop) => (
        <StopLink key={stop.kind} stop={stop} />
      ))}
      <AccountButton />
    </nav>
  );
}

function StopLink({ stop }: { stop: Stop }) {
  return (
    <a
      class="rail-stop"
      href={pathOf(stop.to)}
      aria-label={t(`frame.stop.${stop.kind}`)}
      aria-current={isHere(stop) ? 'page' : undefined}
      data-tip={t(`frame.stop.${stop.kind}`)}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(stop.to);
      }}
    >
      <Icon name={stop.icon} />
      <span class="rail-words" aria-hidden="true">
        {t(`frame.stop.${stop.kind}`)}
      </span>
    </a>
  );
}

/** Nothing while all is well. */
function Connection() {
  const status = mail().status.value;
  const { waiting = 0 } = status;
  if (status.connection === 'online' && waiting === 0) return null;
  // While it is tried again, what waits waits for a connection.
  const isOff = status.connection === 'offline' || (status.connection === 'connecting' && waiting > 0);
  const words = isOff || waiting > 0 ? t(isOff ? 'frame.offline' : status.fails ? 'frame.failing' : 'frame.waiting', { count: waiting }) : '';
  if (!words) return null;
  return (
    <span class="rail-status" role="status" data-tip={words}>
      <Icon name={isOff || status.fails ? 'cloud-off' : 'upload'} />
      <span class="spoken">{words}</span>
    </span>
  );
}

function AccountButton() {
  const address = mail().layer.session.username;
  return (
    <button
      type="button"
      class="rail-account"
      aria-haspopup="menu"
      aria-label={t('frame.account', { address })}
      data-tip={address}
      onClick={(event) => openMenu(event.currentTarget, accountMenu(address), { label: t('frame.account', { address }) })}
    >
      <span aria-hidden="true">{address.charAt(0).toUpperCase()}</span>
    </button>
  );
}

function accountMenu(address: string): MenuItem[] {
  const entry = (id: string): MenuItem[] => {
    const action = actions.get(id);
    return action ? [menuItem(action)] : [];
  };
  return [
    { heading: address },
    ...others().filter((one) => one.address !== address).map((one) => ({ id: `person.${one.seat}`, words: nameOfPerson(one), icon: 'user', run: () => goToPerson(one) })),
    ...(hasFreeSeat() ? entry('account.add') : [{ heading: t('frame.noSeat', { count: others().length + 1 }) }]),
    { separator: '0' },
    ...entry('go.settings'),
    ...entry('view.palette'),
    ...entry('help.keys'),
    { separator: '1' },
    ...entry('account.page'),
    ...entry('account.signOut'),
  ];
}

export function menuItem(action: Action): MenuItem {
  return { id: action.id, words: t(`action.${action.id}`), icon: action.icon, keys: shownKeysOf(action), run: () => void actions.run(action.id) };
}

export function BottomBar() {
  const here = place.value;
  const compose = actions.get('compose.new');
  const search = actions.get('go.search');
  if ((here.kind === 'folder' || here.kind === 'search') && here.thread) return null;
  return (
    <nav class="bottom-bar" aria-label={t('frame.rail')}>
      {[...stops(), ...footStops()].map((stop) => (
        <StopLink key={stop.kind} stop={stop} />
      ))}
      {search && <IconButton icon="search" label={t(nameOf(search))} onClick={() => actions.run(search.id)} />}
      <AccountButton />
      {compose && here.kind === 'folder' && (
        <button type="button" class="compose-round" aria-label={t(nameOf(compose))} onClick={() => actions.run('compose.new')}>
          <Icon name="pen-line" />
        </button>
      )}
    </nav>
  );
}
