/** The lines of the dialog: one condition, one deed. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { labelOfKeyword } from '../../base/labels.ts';
import { t } from '../../base/words.ts';
import { mail } from '../../model/current.ts';
import { knownLabels } from '../../model/labels.ts';
import { mailboxesInOrder, mailboxPath } from '../../model/mailboxes.ts';
import { IconButton } from '../../ui/Button.tsx';
import { ABOUT, aboutOf, DEEDS, type DeedKind, emptyDeed, FLAGS, howOf, howsOf, keywordFor, kindOf, labelFor, sizeOf, UNITS, type Unit, withAbout, withHow } from './parts.ts';
import { scriptPath } from './past.ts';
import type { Condition, Deed } from './scripts.ts';
import { howWords } from './sentence.ts';

export function ConditionLine({ condition, put, remove }: { condition: Condition; put(condition: Condition): void; remove(): void }) {
  const about = aboutOf(condition) ?? 'from';
  return (
    <div class="rule-line">
      <select class="field-input" aria-label={t('rules.about')} value={about} onChange={(event) => put(withAbout(condition, event.currentTarget.value))}>
        {Object.keys(ABOUT).map((name) => <option key={name} value={name}>{t(`rules.about.${name}`)}</option>)}
      </select>
      <select class="field-input" aria-label={t('rules.how')} value={howOf(condition)} onChange={(event) => put(withHow(condition, event.currentTarget.value))}>
        {howsOf(about).map((how) => <option key={how} value={how}>{howWords(about, how)}</option>)}
      </select>
      {about === 'size' ? <SizeField octets={condition.number ?? 0} put={(number) => put({ ...condition, number })} /> : about === 'attachment' ? <span class="rule-value" /> : <ValuesField values={condition.values ?? []} put={(values) => put({ ...condition, values })} />}
      <IconButton icon="x" label={t('rules.removeCondition')} onClick={remove} />
    </div>
  );
}

/** What is typed stays as it is typed: a comma at its end is the beginning of another value. */
function ValuesField({ values, put }: { values: string[]; put(values: string[]): void }) {
  const text = useSignal(values.join(', '));
  const type = (typed: string) => {
    text.value = typed;
    put(typed.split(',').map((one) => one.trim()).filter(Boolean));
  };
  return <input class="field-input rule-value" type="text" required aria-label={t('rules.value')} value={text.value} onInput={(event) => type(event.currentTarget.value)} />;
}

function SizeField({ octets, put }: { octets: number; put(octets: number): void }) {
  const given = sizeOf(octets);
  const amount = useSignal(String(given.amount));
  const unit = useSignal<Unit>(given.unit);
  const tell = () => put(Math.round(Number(amount.peek()) * UNITS[unit.peek()]));
  return (
    <span class="rule-value rule-size">
      <input class="field-input" type="number" required min="1" step="any" aria-label={t('rules.size')} value={amount.value} onInput={(event) => { amount.value = event.currentTarget.value; tell(); }} />
      <select class="field-input" aria-label={t('rules.unit')} value={unit.value} onChange={(event) => { unit.value = event.currentTarget.value as Unit; tell(); }}>
        {(Object.keys(UNITS) as Unit[]).map((name) => <option key={name} value={name}>{t(`rules.unit.${name}`)}</option>)}
      </select>
    </span>
  );
}

export function DeedLine({ deed, put, remove }: { deed: Deed; put(deed: Deed): void; remove(): void }) {
  const kind = kindOf(deed) ?? 'file';
  return (
    <div class="rule-line">
      <select class="field-input" aria-label={t('rules.deed')} value={kind} onChange={(event) => put(emptyDeed(event.currentTarget.value as DeedKind))}>
        {DEEDS.map((name) => <option key={name} value={name}>{t(`rules.do.${name}`)}</option>)}
      </select>
      <DeedValue key={kind} kind={kind} deed={deed} put={put} />
      <IconButton icon="x" label={t('rules.removeDeed')} onClick={remove} />
    </div>
  );
}

function DeedValue({ kind, deed, put }: { kind: DeedKind; deed: Deed; put(deed: Deed): void }) {
  if (kind === 'file') return <FolderField deed={deed} put={put} />;
  if (kind === 'label') return <LabelField deed={deed} put={put} />;
  if (kind === 'flags')
    return (
      <select class="field-input rule-value" aria-label={t('rules.flag')} value={deed.flags?.[0]} onChange={(event) => put({ ...deed, flags: [event.currentTarget.value] })}>
        {[...new Set([...Object.keys(FLAGS), ...(deed.flags ?? [])])].map((flag) => <option key={flag} value={flag}>{FLAGS[flag] ? t(FLAGS[flag]!) : flag}</option>)}
      </select>
    );
  if (kind === 'forward')
    return <input class="field-input rule-value" type="email" required aria-label={t('rules.address')} placeholder={t('rules.address')} value={deed.address} onInput={(event) => put({ ...deed, address: event.currentTarget.value })} />;
  return <span class="rule-value" />;
}

/** A label that is there, or the name of a new one. */
function LabelField({ deed, put }: { deed: Deed; put(deed: Deed): void }) {
  const id = useId();
  const text = useSignal(labelFor(deed));
  const type = (input: HTMLInputElement) => {
    text.value = input.value;
    const keyword = keywordFor(input.value);
    input.setCustomValidity(keyword === undefined && input.value.trim() ? t('rules.noLabel') : '');
    put({ ...deed, flags: keyword === undefined ? [] : [keyword] });
  };
  return (
    <>
      <input class="field-input rule-value" type="text" required pattern=".*\S.*" list={id} aria-label={t('rules.label')} placeholder={t('rules.label')} value={text.value} onInput={(event) => type(event.currentTarget)} />
      <datalist id={id}>{knownLabels.value.map((keyword) => <option key={keyword} value={labelOfKeyword(keyword)} />)}</datalist>
    </>
  );
}

/** The folder that a script means by this path. One that is not there yet is made when it is needed. */
function mailboxNamed(path: string): boolean {
  return mail().mailboxes.all(mail().mainAccount).some((mailbox) => (mailbox.role === 'inbox' ? 'INBOX' : scriptPath(mail(), mailbox)) === path);
}

function FolderField({ deed, put }: { deed: Deed; put(deed: Deed): void }) {
  return (
    <select class="field-input rule-value" required aria-label={t('rules.mailbox')} value={deed.mailbox} onChange={(event) => put({ ...deed, mailbox: event.currentTarget.value })}>
      <option value="">{t('rules.chooseFolder')}</option>
      {deed.mailbox && !mailboxNamed(deed.mailbox) && <option value={deed.mailbox}>{t('rules.newFolder', { name: deed.mailbox })}</option>}
      {mailboxesInOrder(mail(), [mail().mainAccount]).map((mailbox) => {
        const path = mailbox.role === 'inbox' ? 'INBOX' : scriptPath(mail(), mailbox);
        return <option key={mailbox.id} value={path}>{mailboxPath(mail(), mailbox)}</option>;
      })}
    </select>
  );
}
