/** Pages for administrators. They stand only where the session says that its owner is one. */
import { actions } from '../../actions/registry.ts';
import { addPage } from '../../frame/slots.ts';
import { go } from '../../frame/router.ts';
import { Aliases, Domains } from './Domains.tsx';
import { Health } from './Health.tsx';
import { People } from './People.tsx';
import { Queue } from './Queue.tsx';
import { Reports, Settings, Trace } from './Search.tsx';
import { isAdministrator } from './api.ts';

export function installAdmin(): void {
  const pages = [
    { name: 'health', icon: 'monitor', component: Health },
    { name: 'people', icon: 'users', component: People },
    { name: 'domains', icon: 'at-sign', component: Domains },
    { name: 'aliases', icon: 'forward', component: Aliases },
    { name: 'queue', icon: 'send', component: Queue },
    { name: 'trace', icon: 'search', component: Trace },
    { name: 'reports', icon: 'file-text', component: Reports },
    { name: 'settings', icon: 'sliders-horizontal', component: Settings },
  ];
  pages.forEach((page, at) => addPage('admin', { ...page, order: at, possible: isAdministrator }));
  actions.add({ id: 'go.admin', group: 'go', icon: 'monitor', possible: isAdministrator, run: () => go({ kind: 'admin' }) });
}
