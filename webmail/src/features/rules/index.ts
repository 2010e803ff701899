/** Rules: their page in the settings, and "filter messages like this", "block". */
import { actions } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { addPage } from '../../frame/slots.ts';
import { mail } from '../../model/current.ts';
import { targetSenders } from '../../model/target.ts';
import { ABOUT } from './RuleDialog.tsx';
import { Rules, addRule, newRule } from './Rules.tsx';
import { type Rule, changeRules, hasRules } from './scripts.ts';

function junkPath(): string | undefined {
  return mail().mailboxWithRole('junk')?.name;
}

export function installRules(): void {
  addPage('settings', { name: 'rules', icon: 'list-filter', order: 30, keys: ['rules.new', 'rules.asText'], possible: hasRules, component: Rules });
  actions.add({
    id: 'rules.fromMessage',
    group: 'mail',
    icon: 'list-filter',
    possible: () => hasRules() && targetSenders().length > 0,
    run: () => addRule(newRule(targetSenders())),
  });
  actions.add({
    id: 'reading.block',
    group: 'mail',
    icon: 'ban',
    // One at a time: it is said whom it concerns.
    possible: () => hasRules() && junkPath() !== undefined && targetSenders().length === 1,
    run: async () => {
      const [sender] = targetSenders();
      if (sender === undefined) return;
      const rule: Rule = {
        name: t('rules.blockName', { address: sender }),
        enabled: true,
        match: 'all',
        conditions: [{ ...ABOUT['from']!, how: 'is', values: [sender] }],
        actions: [{ do: 'file', mailbox: junkPath()!, create: true }, { do: 'stop' }],
      };
      // The first of all rules: no other one brings the mail back.
      await changeRules([{ value: rule, before: 1 }], t('rules.blocked', { address: sender }));
    },
  });
}
