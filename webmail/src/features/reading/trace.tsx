/** "Where is it?": the way of a message, as a line of steps with times (urn:postrider:params:jmap:trace). */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { stepWords, type TraceStep } from '../../base/traceWords.ts';
import { t } from '../../base/words.ts';
import { Batch } from '../../jmap/batch.ts';
import type { Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { accountOfId, type WholeEmail } from '../../model/reading.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { longDate, shortDate } from './facts.ts';

export const TRACE = 'urn:postrider:params:jmap:trace';
/** The server looks for each in files. */
const IDS_MAX = 16;

interface Trace {
  id: Id;
  steps: TraceStep[];
  isCut: boolean;
}

/** How a step is marked: what went well, what waits, what failed. */
export function toneOf(event: string): 'good' | 'waits' | 'bad' | 'plain' {
  if (['relayed', 'delivered', 'done', 'kept'].includes(event)) return 'good';
  if (['deferred', 'held', 'queued'].includes(event)) return 'waits';
  if (['failed', 'expired', 'refused', 'deleted'].includes(event)) return 'bad';
  return 'plain';
}

export function hasTrace(email: WholeEmail): boolean {
  return TRACE in (mail().layer.session.accounts[accountOfId(mail(), email.id)]?.accountCapabilities ?? {});
}

/** By its submissions, if it was sent from here; else by the message that came. */
async function fetchTrace(email: WholeEmail): Promise<Trace[]> {
  const accountId = accountOfId(mail(), email.id);
  const submissions = new Batch(mail().layer);
  const found = submissions.call<{ ids: Id[] }>('EmailSubmission/query', { accountId, filter: { emailIds: [email.id] }, limit: IDS_MAX }, { mayFail: true });
  await submissions.send();
  const ids = found.error || found.answer.ids.length === 0 ? [email.id] : found.answer.ids;
  const request = new Batch(mail().layer);
  const traces = request.call<{ list: Trace[] }>('MessageTrace/get', { accountId, ids });
  await request.send();
  return traces.answer.list;
}

export function showTrace(email: WholeEmail): void {
  openOverlay('trace', (self) => (
    <Dialog title={t('trace.title')} class="preview" close={self.close}>
      <div class="preview-content" tabIndex={0}>
        <Steps email={email} />
      </div>
      <div class="dialog-buttons">
        <Button kind="primary" onClick={self.close}>
          {t('files.close')}
        </Button>
      </div>
    </Dialog>
  ));
}

function Steps({ email }: { email: WholeEmail }) {
  const traces = useSignal<Trace[] | 'failed' | undefined>(undefined);
  useEffect(() => {
    fetchTrace(email).then(
      (found) => (traces.value = found),
      () => (traces.value = 'failed'),
    );
  }, []);
  if (traces.value === undefined) {
    return (
      <p class="preview-waiting" role="status">
        {t('reading.loading')}
      </p>
    );
  }
  if (traces.value === 'failed') return <p role="alert">{t('files.failed')}</p>;
  const steps = traces.value.flatMap((trace) => trace.steps);
  if (steps.length === 0) return <p class="dialog-text">{t('trace.none')}</p>;
  return (
    <>
      <ol class="trace">
        {steps.map((step, i) => (
          <li key={i} class={`trace-step trace-${toneOf(step.event)}`}>
            <time dateTime={step.at} title={longDate(new Date(step.at))}>
              {shortDate(new Date(step.at))}
            </time>
            <span dir="auto" title={step.text}>
              {stepWords(step)}
              {step.nextAt && <b> {t('trace.next', { when: shortDate(new Date(step.nextAt)) })}</b>}
            </span>
          </li>
        ))}
      </ol>
      {traces.value.some((trace) => trace.isCut) && <p class="message-note">{t('trace.cut')}</p>}
    </>
  );
}
