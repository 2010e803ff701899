/** Out of office: the one VacationResponse of the account (RFC 8621 section 8). Each field is kept when one leaves it. */
import { signal, useSignal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { MethodError, ask } from '../../jmap/batch.ts';
import type { SetError } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { done, say } from '../../model/undo.ts';
import { Button } from '../../ui/Button.tsx';
import { Line, Section, Switch } from './parts.tsx';

interface Vacation {
  isEnabled: boolean;
  fromDate: string | null;
  toDate: string | null;
  subject: string | null;
  textBody: string | null;
}

const kept = signal<Vacation | undefined>(undefined);
const failed = signal(false);

async function load(): Promise<void> {
  try {
    const { list } = await ask<{ list: Vacation[] }>(mail().layer, 'VacationResponse/get', { accountId: mail().mainAccount, ids: ['singleton'] });
    kept.value = list[0];
    failed.value = false;
  } catch {
    failed.value = true;
  }
}

async function put(patch: Partial<Vacation>): Promise<boolean> {
  try {
    const { notUpdated } = await ask<{ notUpdated: Record<string, SetError> | null }>(mail().layer, 'VacationResponse/set', { accountId: mail().mainAccount, update: { singleton: patch } });
    const error = notUpdated?.['singleton'];
    if (!error) return true;
    say(t('settings.awayRefused', { why: error.description ?? error.type }), true);
  } catch (error) {
    say(t(error instanceof MethodError ? 'change.refused' : 'change.offline'), true);
  }
  await load();
  return false;
}

/** Shown at once, kept behind, undone by Ctrl-Z. */
async function change(patch: Partial<Vacation>, words: string): Promise<void> {
  const before = kept.peek();
  if (!before) return;
  const back = Object.fromEntries(Object.keys(patch).map((key) => [key, before[key as keyof Vacation]])) as Partial<Vacation>;
  if (JSON.stringify(back) === JSON.stringify(patch)) return;
  kept.value = { ...before, ...patch };
  if (await put(patch))
    done({
      words,
      undo: async () => {
        kept.value = { ...kept.peek()!, ...back };
        await put(back);
      },
    });
}

/** What <input type="datetime-local"> wants, in this place's time. */
function localOf(utc: string | null): string {
  if (!utc) return '';
  const date = new Date(utc);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function utcOf(local: string): string | null {
  return local ? new Date(local).toISOString().replace(/\.\d+Z$/, 'Z') : null;
}

export function Away() {
  useEffect(() => void load(), []);
  const id = useId();
  const subject = useSignal('');
  const from = useSignal('');
  const until = useSignal('');
  const text = useSignal('');
  const now = kept.value;
  useEffect(() => {
    if (!now) return;
    subject.value = now.subject ?? '';
    from.value = localOf(now.fromDate);
    until.value = localOf(now.toDate);
    text.value = now.textBody ?? '';
  }, [now]);
  if (failed.value) return <p role="alert">{t('settings.cannotLoad')} <Button onClick={() => void load()}>{t('settings.tryAgain')}</Button></p>;
  if (!now) return null;
  return (
    <Section title={t('settings.awayTitle')} text={t('settings.awayText')}>
      <Switch label={t('settings.awayOn')} on={now.isEnabled} onChange={(isEnabled) => void change({ isEnabled }, t(isEnabled ? 'settings.awayIsOn' : 'settings.awayIsOff'))} />
      <Line label={t('settings.awayFrom')} text={t('settings.awayFromText')} type="datetime-local" value={from} onChange={(value) => void change({ fromDate: utcOf(value) }, t('settings.awayChanged'))} />
      <Line label={t('settings.awayUntil')} type="datetime-local" value={until} onChange={(value) => void change({ toDate: utcOf(value) }, t('settings.awayChanged'))} />
      <Line label={t('settings.awaySubject')} text={t('settings.awaySubjectText')} value={subject} onChange={(value) => void change({ subject: value || null }, t('settings.awayChanged'))} />
      <div class="set-row">
        <label class="set-label" for={id}>{t('settings.awayMessage')}</label>
        <textarea id={id} class="field-input set-area" rows={8} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} onChange={(event) => void change({ textBody: event.currentTarget.value || null }, t('settings.awayChanged'))} />
      </div>
      <p class="set-command">{t('settings.command')} <code>postrider vacation show {mail().layer.session.username}</code></p>
    </Section>
  );
}
