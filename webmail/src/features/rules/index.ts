/** Rules: their page in the settings, and "filter messages like this". */
import './rules.css';
import { actions } from '../../actions/registry.ts';
import { addPage } from '../../frame/slots.ts';
import { canAct, targetEmails } from '../../model/acts.ts';
import { Rules, addRule, newRule } from './Rules.tsx';
import { hasRules } from './scripts.ts';

export function installRules(): void {
  addPage('settings', { name: 'rules', icon: 'list-filter', order: 30, keys: ['rules.new', 'rules.asText'], possible: hasRules, component: Rules });
  actions.add({
    id: 'mail.filterLike',
    group: 'mail',
    icon: 'list-filter',
    possible: () => hasRules() && canAct(),
    run: () => {
      const sender = targetEmails()[0]?.from?.[0]?.email;
      addRule(newRule(sender ? [sender] : []));
    },
  });
}
