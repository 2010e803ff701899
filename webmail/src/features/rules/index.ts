/** Rules: their page in the settings, and "filter messages like this", "block". */
import { actions } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { addPage } from '../../frame/slots.ts';
import { ask } from '../../jmap/batch.ts';
import type { EmailRow } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { accountOfId, type WholeEmail } from '../../model/reading.ts';
import { targetMessage, targetSenders } from '../../model/target.ts';
import { ABOUT, listOf } from './parts.ts';
import { Rules, addRule, newRule } from './Rules.tsx';
import { type Rule, changeRules, hasRules } from './scripts.ts';

function junkPath(): string | undefined {
  return mail().mailboxWithRole('junk')?.name;
}

/** Mail of a list is told by its list, whoever wrote it; other mail by its sender. Without a network the sender has to do. */
async function likeMessage(): Promise<void> {
  const senders = targetSenders();
  const message = senders.length === 1 ? targetMessage((email) => email.from?.[0]?.email === senders[0]) : undefined;
  const list = message && listOf(await listField(message));
  addRule(list ? newRule([list.id], 'list', list.name) : newRule(senders));
}

async function listField(message: EmailRow): Promise<string | null | undefined> {
  const field = 'header:List-Id:asText';
  if (field in message) return (message as WholeEmail)[field];
  const { layer } = mail();
  const asked = ask<{ list: WholeEmail[] }>(layer, 'Email/get', { accountId: accountOfId(mail(), message.id), ids: [message.id], properties: ['id', field] });
  return asked.then(({ list }) => list[0]?.[field], () => undefined);
}

export function installRules(): void {
  addPage('settings', { name: 'rules', icon: 'list-filter', order: 30, keys: ['settings.rules.keys', 'rules.new', 'rules.asText'], possible: hasRules, component: Rules });
  actions.add({
    id: 'rules.fromMessage',
    group: 'mail',
    icon: 'list-filter',
    possible: () => hasRules() && targetSenders().length > 0,
    run: likeMessage,
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
