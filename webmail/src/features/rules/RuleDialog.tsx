/** One rule: when it applies, and what is done then. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { noteLabels } from '../../model/labels.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { ConditionLine, DeedLine } from './lines.tsx';
import { emptyDeed, labelsOf, splitFlags, withAbout } from './parts.ts';
import { type Rule, textOf } from './scripts.ts';
import { openTrial } from './Trial.tsx';

export function editRule(rule: Rule, title: string, save: (rule: Rule) => Promise<boolean>): void {
  openOverlay('dialog', (self) => <RuleDialog rule={rule} title={title} save={save} close={self.close} />);
}

/** What stands in a list has a key of its own: what was typed into a line goes with it when one above is removed. */
interface Line<T> {
  key: number;
  value: T;
}

let keys = 0;
const lineOf = <T,>(value: T): Line<T> => ({ key: ++keys, value });

function useLines<T>(values: readonly T[]) {
  const lines = useSignal<readonly Line<T>[]>(values.map(lineOf));
  return {
    lines: lines.value,
    values: () => lines.peek().map(({ value }) => value),
    put: (key: number, value: T) => (lines.value = lines.peek().map((line) => (line.key === key ? { key, value } : line))),
    remove: (key: number) => (lines.value = lines.peek().filter((line) => line.key !== key)),
    add: (value: T) => (lines.value = [...lines.peek(), lineOf(value)]),
  };
}

function RuleDialog({ rule, title, save, close }: { rule: Rule; title: string; save(rule: Rule): Promise<boolean>; close(): void }) {
  const name = useSignal(rule.name);
  const match = useSignal(rule.match);
  const conditions = useLines(rule.conditions);
  const deeds = useLines(splitFlags(rule).actions);
  const id = useId();
  const now = (): Rule => ({ ...rule, name: name.peek(), match: match.peek(), conditions: conditions.values(), actions: deeds.values() });
  const keep = async () => {
    const made = now();
    if (!(await save(made))) return;
    noteLabels(labelsOf(made));
    close();
  };
  return (
    <Dialog title={title} close={close} class="rule-dialog">
      <form
        class="dialog-form rule-form"
        onSubmit={(event) => {
          event.preventDefault();
          void keep();
        }}
      >
        <label class="field">
          <span class="field-label">{t('rules.name')}</span>
          <input class="field-input" type="text" required value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        </label>
        <fieldset class="rule-part">
          <legend class="rule-legend">{t('rules.when')}</legend>
          {conditions.lines.length > 1 && (
            <select class="field-input" aria-label={t('rules.match')} value={match.value} onChange={(event) => (match.value = event.currentTarget.value as Rule['match'])}>
              <option value="all">{t('rules.all')}</option>
              <option value="any">{t('rules.any')}</option>
            </select>
          )}
          {conditions.lines.length === 0 && <p class="set-text">{t('rules.allMail')}</p>}
          {conditions.lines.map(({ key, value }) => <ConditionLine key={key} condition={value} put={(next) => conditions.put(key, next)} remove={() => conditions.remove(key)} />)}
          <Button kind="quiet" icon="plus" onClick={() => conditions.add(withAbout(undefined, 'from'))}>{t('rules.addCondition')}</Button>
        </fieldset>
        <fieldset class="rule-part" aria-describedby={id}>
          <legend class="rule-legend">{t('rules.then')}</legend>
          {deeds.lines.map(({ key, value }) => <DeedLine key={key} deed={value} put={(next) => deeds.put(key, next)} remove={() => deeds.remove(key)} />)}
          <Button kind="quiet" icon="plus" onClick={() => deeds.add(emptyDeed('file'))}>{t('rules.addDeed')}</Button>
        </fieldset>
        <div class="dialog-buttons">
          <Button onClick={() => void tryRule(now())}>{t('rules.try')}</Button>
          <span class="rule-gap" />
          <Button onClick={close}>{t('rules.cancel')}</Button>
          <Button kind="primary" submit disabled={deeds.lines.length === 0}>{t('rules.keep')}</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The rule alone, as it stands here, switched on. */
async function tryRule(rule: Rule): Promise<void> {
  const text = await textOf({ ...rule, enabled: true });
  if (text !== undefined) openTrial(text, rule.name);
}
