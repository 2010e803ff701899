/** Settings of the person: a page each. */
import { VACATION } from '../../jmap/types.ts';
import { addPage } from '../../frame/slots.ts';
import { mail } from '../../model/current.ts';
import { Appearance } from './Appearance.tsx';
import { Away } from './Away.tsx';
import { Devices } from './Devices.tsx';
import { Keys } from './Keys.tsx';
import { Security } from './Security.tsx';

export function installSettings(): void {
  addPage('settings', { name: 'appearance', icon: 'palette', order: 10, keys: ['settings.theme', 'settings.accent', 'settings.contrast', 'settings.density', 'settings.layout', 'settings.language', 'settings.swipeEnd'], component: Appearance });
  addPage('settings', { name: 'keys', icon: 'keyboard', order: 15, keys: ['settings.letterKeys', 'settings.allKeys'], component: Keys });
  addPage('settings', { name: 'security', icon: 'shield', order: 50, keys: ['settings.password', 'settings.sessions', 'settings.appPasswords', 'settings.signOut', 'twostep.title', 'twostep.passkeys', 'twostep.recovery'], component: Security });
  addPage('settings', { name: 'devices', icon: 'smartphone', order: 45, keys: ['settings.notifications', 'settings.offline', 'settings.phone'], component: Devices });
  addPage('settings', { name: 'away', icon: 'plane', order: 40, keys: ['settings.away.keys', 'settings.awayTitle', 'settings.awayMessage'], possible: () => VACATION in mail().layer.session.capabilities, component: Away });
}
