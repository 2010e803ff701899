/** A message as it came: its octets as text, and what rules did with it. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { ask } from '../../jmap/batch.ts';
import { mail } from '../../model/current.ts';
import { accountOfId, originalFile, type WholeEmail } from '../../model/reading.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { longDate } from './facts.ts';
import { save } from './files.tsx';

/** More is not for reading; it can be saved. */
const SHOWN = 1 << 20;

export function saveOriginal(email: WholeEmail): void {
  const { name, url } = originalFile(mail(), email);
  save(url, name);
}

export function showOriginal(email: WholeEmail): void {
  openOverlay('original', (self) => <Original email={email} close={self.close} />);
}

function Original({ email, close }: { email: WholeEmail; close(): void }) {
  const text = useSignal<string | undefined>(undefined);
  const failed = useSignal(false);
  useEffect(() => {
    const stop = new AbortController();
    fetch(originalFile(mail(), email).url, { signal: stop.signal, headers: { range: `bytes=0-${SHOWN - 1}` } })
      .then((answer) => (answer.ok ? answer.arrayBuffer() : Promise.reject(new Error(String(answer.status)))))
      .then((octets) => (text.value = new TextDecoder().decode(octets)))
      .catch(() => (failed.value = !stop.signal.aborted));
    return () => stop.abort();
  }, []);
  return (
    <Dialog title={t('original.title')} class="preview" close={close}>
      <div class="preview-content">
        {failed.value ? (
          <p role="alert">{t('files.failed')}</p>
        ) : text.value === undefined ? (
          <p class="preview-waiting" role="status">
            {t('reading.loading')}
          </p>
        ) : (
          <pre class="preview-text" dir="ltr" tabIndex={0}>
            {text.value}
          </pre>
        )}
        {email.size > SHOWN && <p class="message-note">{t('original.cut')}</p>}
      </div>
      <div class="dialog-buttons">
        <Button icon="copy" disabled={text.value === undefined} onClick={() => void navigator.clipboard.writeText(text.value ?? '')}>
          {t('original.copy')}
        </Button>
        <Button icon="download" onClick={() => saveOriginal(email)}>
          {t('files.saveWords')}
        </Button>
        <Button kind="primary" onClick={close}>
          {t('files.close')}
        </Button>
      </div>
    </Dialog>
  );
}

/** "Why is this here?": what rules did when it came. */
export function showWhy(email: WholeEmail): void {
  openOverlay('why', (self) => (
    <Dialog title={t('why.title')} close={self.close}>
      <Why email={email} />
      <div class="dialog-buttons">
        <Button kind="primary" onClick={self.close}>
          {t('files.close')}
        </Button>
      </div>
    </Dialog>
  ));
}

/** It went past the inbox, as its conversation is muted. */
function isOfMuted(email: WholeEmail): boolean {
  const archive = mail().mailboxWithRole('archive', accountOfId(mail(), email.id));
  return '$muted' in email.keywords && archive !== undefined && archive.id in email.mailboxIds;
}

function Why({ email }: { email: WholeEmail }) {
  const now = useSignal(email.filedBy);
  // Rules may have been run over it since it was read. Without an answer, what was read is told.
  useEffect(() => {
    const accountId = accountOfId(mail(), email.id);
    ask<{ list: WholeEmail[] }>(mail().layer, 'Email/get', { accountId, ids: [email.id], properties: ['filedBy'] }).then(
      ({ list }) => (now.value = list[0]?.filedBy ?? now.peek()),
      () => undefined,
    );
  }, []);
  const filed = now.value;
  if (!filed) return <p class="dialog-text">{t(email.verdict?.action === 'junk' ? 'why.verdict' : isOfMuted(email) ? 'why.muted' : 'why.noRule')}</p>;
  return (
    <>
      <p class="dialog-text">{t(filed.byHand ? 'why.byHand' : 'why.byRules', { when: longDate(new Date(filed.at)) })}</p>
      <ol class="why-deeds">
        {filed.deeds.map((deed, i) => (
          <li key={i}>
            <b>{t('why.deed', { action: deed.action, target: deed.target ?? '' })}</b>
            {deed.ruleName ?? deed.script ? <span> {t('why.rule', { name: deed.ruleName ?? deed.script ?? '', line: deed.line ?? 0 })}</span> : null}
            {deed.test && <code class="why-test">{deed.test}</code>}
          </li>
        ))}
      </ol>
      {isOfMuted(email) && <p class="dialog-text">{t('why.muted')}</p>}
    </>
  );
}
