/** The page of rules: one line for each, in the order in which they are asked; text of the script for those who want it. */
import { useSignal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { mail } from '../../model/current.ts';
import { ABOUT, emptyDeed, isEditable } from './parts.ts';
import { editRule } from './RuleDialog.tsx';
import { type Item, type Rule, changeRules, failed, kept, load, putText } from './scripts.ts';
import { sentenceOf } from './sentence.ts';
import { openTrial } from './Trial.tsx';

/** name: what it is called to begin with, else its first value. */
export function newRule(values: string[] = [], about = 'from', name = values[0] ?? ''): Rule {
  return { name, enabled: true, match: 'all', conditions: [{ ...ABOUT[about]!, how: 'contains', values }], actions: [emptyDeed('file')] };
}

export function addRule(rule: Rule): void {
  editRule(rule, t('rules.new'), (value) => changeRules([{ value }], t('rules.added', { name: value.name })));
}

export function Rules() {
  useEffect(() => void load(), []);
  const now = kept.value;
  if (failed.value) return <p role="alert">{t('rules.cannotLoad')} <Button onClick={() => void load()}>{t('rules.tryAgain')}</Button></p>;
  if (!now) return null;
  const rules = now.items.filter((item) => item.rule || item.hasCommands);
  return (
    <>
      <p class="set-text">{t('rules.text')}</p>
      {rules.length === 0 && <p class="rule-none">{t('rules.none')}</p>}
      <ol class="set-list">
        {rules.map((item, at) => (item.rule ? <RuleRow key={`${item.line} ${item.rule.name}`} item={item} above={rules[at - 1]} below={rules[at + 1]} /> : <li key={item.line} class="set-item set-text">{t('rules.byText', { line: item.line })}</li>))}
      </ol>
      <div class="set-buttons">
        <Button kind="primary" icon="plus" onClick={() => addRule(newRule())}>{t('rules.new')}</Button>
        {rules.length > 0 && <Button icon="search" onClick={() => openTrial(now.text)}>{t('rules.tryAll')}</Button>}
      </div>
      <ScriptText text={now.text} />
      <p class="set-command">{t('settings.command')} <code>postrider rule list {mail().layer.session.username}</code></p>
    </>
  );
}

function RuleRow({ item, above, below }: { item: Item & { rule: Rule }; above: Item | undefined; below: Item | undefined }) {
  const { rule, number } = item;
  const id = useId();
  return (
    <li class="set-item">
      <input id={id} type="checkbox" role="switch" class="rule-switch" checked={rule.enabled} onChange={(event) => void changeRules([{ rule: number, value: { ...rule, enabled: event.currentTarget.checked } }], t(event.currentTarget.checked ? 'rules.on' : 'rules.off', { name: rule.name }))} />
      <label for={id} class="set-item-words">
        <strong>{rule.name || t('rules.nameless')}</strong>
        <span class="set-text">{sentenceOf(rule) ?? item.words}</span>
      </label>
      {above?.rule && <IconButton icon="chevron-up" label={t('rules.up', { name: rule.name })} onClick={() => void changeRules([{ rule: number, before: above.number }], t('rules.moved', { name: rule.name }))} />}
      {below?.rule && <IconButton icon="chevron-down" label={t('rules.down', { name: rule.name })} onClick={() => void changeRules([{ rule: number, before: below.number + 1 }], t('rules.moved', { name: rule.name }))} />}
      {isEditable(rule) && <IconButton icon="pencil" label={t('rules.edit', { name: rule.name })} onClick={() => editRule(rule, t('rules.editTitle'), (value) => changeRules([{ rule: number, value }], t('rules.changed', { name: value.name })))} />}
      <IconButton icon="trash" label={t('rules.remove', { name: rule.name })} onClick={() => void changeRules([{ rule: number }], t('rules.removed', { name: rule.name }))} />
    </li>
  );
}

function ScriptText({ text }: { text: string }) {
  const draft = useSignal(text);
  const id = useId();
  useEffect(() => void (draft.value = text), [text]);
  return (
    <details class="rule-text">
      <summary>{t('rules.asText')}</summary>
      <label class="spoken" for={id}>{t('rules.asText')}</label>
      <textarea id={id} class="field-input set-area rule-area" rows={14} spellcheck={false} value={draft.value} onInput={(event) => (draft.value = event.currentTarget.value)} />
      <div class="set-buttons">
        <Button disabled={draft.value === text} onClick={() => void (kept.peek() && putText(draft.peek(), t('rules.textChanged'), kept.peek()!))}>{t('rules.keep')}</Button>
      </div>
    </details>
  );
}
