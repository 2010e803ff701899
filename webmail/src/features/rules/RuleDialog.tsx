/** One rule: when it applies, and what is done then. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { mail } from '../../model/current.ts';
import { mailboxPath } from '../../model/mailboxes.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { scriptPath } from './past.ts';
import { type Condition, type Deed, type Rule, textOf } from './scripts.ts';
import { openTrial } from './Trial.tsx';

/** What a condition is about, in the words of people, and what that is in a rule. */
export const ABOUT: Record<string, Pick<Condition, 'test' | 'fields'>> = {
  from: { test: 'address', fields: ['from'] },
  to: { test: 'address', fields: ['to', 'cc'] },
  subject: { test: 'header', fields: ['subject'] },
  list: { test: 'header', fields: ['list-id'] },
  body: { test: 'body' },
};
const HOWS = ['contains', 'is', 'begins', 'ends', 'matches'];
export const DEEDS: Deed['do'][] = ['file', 'flags', 'forward', 'discard', 'stop'];

/** undefined: this dialog has no words for it, and it is edited as text. */
export function aboutOf(condition: Condition): string | undefined {
  if (condition.not || !HOWS.includes(condition.how)) return undefined;
  return Object.keys(ABOUT).find((name) => ABOUT[name]!.test === condition.test && (ABOUT[name]!.fields ?? []).join() === (condition.fields ?? []).map((field) => field.toLowerCase()).join());
}

export function isEditable(rule: Rule): boolean {
  return rule.conditions.every((one) => aboutOf(one) !== undefined) && rule.actions.every((one) => DEEDS.includes(one.do));
}

export function editRule(rule: Rule, title: string, save: (rule: Rule) => Promise<boolean>): void {
  openOverlay('dialog', (self) => <RuleDialog rule={rule} title={title} save={save} close={self.close} />);
}

function RuleDialog({ rule, title, save, close }: { rule: Rule; title: string; save(rule: Rule): Promise<boolean>; close(): void }) {
  const draft = useSignal<Rule>(structuredClone(rule));
  const id = useId();
  const now = draft.value;
  const put = (part: Partial<Rule>) => (draft.value = { ...draft.peek(), ...part });
  const putAt = <K extends 'conditions' | 'actions'>(key: K, at: number, value: Rule[K][number] | undefined) => {
    const list = [...now[key]] as Rule[K][number][];
    if (value) list[at] = value;
    else list.splice(at, 1);
    put({ [key]: list } as Partial<Rule>);
  };
  return (
    <Dialog title={title} close={close} class="rule-dialog">
      <form
        class="dialog-form rule-form"
        onSubmit={async (event) => {
          event.preventDefault();
          if (await save(draft.peek())) close();
        }}
      >
        <label class="field">
          <span class="field-label">{t('rules.name')}</span>
          <input class="field-input" type="text" required value={now.name} onInput={(event) => put({ name: event.currentTarget.value })} />
        </label>
        <fieldset class="rule-part">
          <legend class="rule-legend">{t('rules.when')}</legend>
          {now.conditions.length > 1 && (
            <select class="field-input" aria-label={t('rules.match')} value={now.match} onChange={(event) => put({ match: event.currentTarget.value as Rule['match'] })}>
              <option value="all">{t('rules.all')}</option>
              <option value="any">{t('rules.any')}</option>
            </select>
          )}
          {now.conditions.length === 0 && <p class="set-text">{t('rules.allMail')}</p>}
          {now.conditions.map((condition, at) => (
            <div key={at} class="rule-line">
              <select class="field-input" aria-label={t('rules.about')} value={aboutOf(condition) ?? 'from'} onChange={(event) => putAt('conditions', at, { ...ABOUT[event.currentTarget.value]!, how: condition.how, values: condition.values })}>
                {Object.keys(ABOUT).map((name) => <option key={name} value={name}>{t(`rules.about.${name}`)}</option>)}
              </select>
              <select class="field-input" aria-label={t('rules.how')} value={condition.how} onChange={(event) => putAt('conditions', at, { ...condition, how: event.currentTarget.value })}>
                {HOWS.map((name) => <option key={name} value={name}>{t(`rules.how.${name}`)}</option>)}
              </select>
              <input class="field-input rule-value" type="text" required aria-label={t('rules.value')} value={(condition.values ?? []).join(', ')} onInput={(event) => putAt('conditions', at, { ...condition, values: event.currentTarget.value.split(',').map((one) => one.trim()).filter(Boolean) })} />
              <IconButton icon="x" label={t('rules.removeCondition')} onClick={() => putAt('conditions', at, undefined)} />
            </div>
          ))}
          <Button kind="quiet" icon="plus" onClick={() => put({ conditions: [...now.conditions, { ...ABOUT['from']!, how: 'contains', values: [] }] })}>{t('rules.addCondition')}</Button>
        </fieldset>
        <fieldset class="rule-part" aria-describedby={id}>
          <legend class="rule-legend">{t('rules.then')}</legend>
          {now.actions.map((deed, at) => (
            <div key={at} class="rule-line">
              <select class="field-input" aria-label={t('rules.deed')} value={deed.do} onChange={(event) => putAt('actions', at, emptyDeed(event.currentTarget.value as Deed['do']))}>
                {DEEDS.map((name) => <option key={name} value={name}>{t(`rules.do.${name}`)}</option>)}
              </select>
              <DeedValue deed={deed} put={(value) => putAt('actions', at, value)} />
              <IconButton icon="x" label={t('rules.removeDeed')} onClick={() => putAt('actions', at, undefined)} />
            </div>
          ))}
          <Button kind="quiet" icon="plus" onClick={() => put({ actions: [...now.actions, emptyDeed('file')] })}>{t('rules.addDeed')}</Button>
        </fieldset>
        <div class="dialog-buttons">
          <Button onClick={() => void tryRule(draft.peek())}>{t('rules.try')}</Button>
          <span class="rule-gap" />
          <Button onClick={close}>{t('rules.cancel')}</Button>
          <Button kind="primary" submit disabled={now.actions.length === 0}>{t('rules.keep')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The folder that a script means by this path. One that is not there yet is made when it is needed. */
function mailboxNamed(path: string): boolean {
  return mail().mailboxes.all(mail().mainAccount).some((mailbox) => (mailbox.role === 'inbox' ? 'INBOX' : scriptPath(mail(), mailbox)) === path);
}

/** The rule alone, as it stands here, switched on. */
async function tryRule(rule: Rule): Promise<void> {
  const text = await textOf({ ...rule, enabled: true });
  if (text !== undefined) openTrial(text, rule.name);
}

export function emptyDeed(what: Deed['do']): Deed {
  if (what === 'file') return { do: 'file', mailbox: '', create: true };
  if (what === 'flags') return { do: 'flags', flags: ['\\Seen'] };
  if (what === 'forward') return { do: 'forward', address: '', copy: true };
  return { do: what };
}

/** Flags that a rule can set here: as IMAP names them, and by the words of people. */
const FLAGS: Record<string, string> = { '\\Seen': 'rules.flag.seen', '\\Flagged': 'rules.flag.flagged' };

function DeedValue({ deed, put }: { deed: Deed; put(deed: Deed): void }) {
  if (deed.do === 'file')
    return (
      <select class="field-input rule-value" required aria-label={t('rules.mailbox')} value={deed.mailbox} onChange={(event) => put({ ...deed, mailbox: event.currentTarget.value })}>
        <option value="">{t('rules.chooseFolder')}</option>
        {deed.mailbox && !mailboxNamed(deed.mailbox) && <option value={deed.mailbox}>{t('rules.newFolder', { name: deed.mailbox })}</option>}
        {mail().mailboxes.all(mail().mainAccount).map((mailbox) => {
          const path = mailbox.role === 'inbox' ? 'INBOX' : scriptPath(mail(), mailbox);
          return <option key={mailbox.id} value={path}>{mailboxPath(mail(), mailbox)}</option>;
        })}
      </select>
    );
  if (deed.do === 'flags')
    return (
      <select class="field-input rule-value" aria-label={t('rules.flag')} value={deed.flags?.[0]} onChange={(event) => put({ ...deed, flags: [event.currentTarget.value] })}>
        {[...new Set([...Object.keys(FLAGS), ...(deed.flags ?? [])])].map((flag) => <option key={flag} value={flag}>{FLAGS[flag] ? t(FLAGS[flag]!) : flag}</option>)}
      </select>
    );
  if (deed.do === 'forward')
    return <input class="field-input rule-value" type="email" required aria-label={t('rules.address')} placeholder={t('rules.address')} value={deed.address} onInput={(event) => put({ ...deed, address: event.currentTarget.value })} />;
  return <span class="rule-value" />;
}
