/** Asks for any other time than those of ../times.ts. */
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { t } from '../../../base/words.ts';
import { Button } from '../../../ui/Button.tsx';
import { Dialog } from '../../../ui/Dialog.tsx';
import { openOverlay } from '../../../ui/overlay.tsx';
import { at, MORNING } from '../times.ts';

function localText(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** null: closed without one. `longest`: seconds that the server may hold a mail. title, ok: keys of words. */
export function askTime(longest: number, title = 'compose.later.title', ok = 'compose.later.ok'): Promise<Date | null> {
  return new Promise((resolve) => {
    let answer: Date | null = null;
    openOverlay(
      'dialog',
      (self) => (
        <TimeDialog
          longest={longest}
          title={title}
          ok={ok}
          close={self.close}
          done={(date) => {
            answer = date;
            self.close();
          }}
        />
      ),
      () => resolve(answer),
    );
  });
}

function TimeDialog({ longest, title, ok, close, done }: { longest: number; title: string; ok: string; close(): void; done(date: Date): void }) {
  const id = useId();
  const value = useSignal(localText(at(new Date(), 1, MORNING)));
  const wrong = useSignal('');
  const last = new Date(Date.now() + longest * 1_000);
  return (
    <Dialog title={t(title)} close={close}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          const date = new Date(value.value);
          if (Number.isNaN(date.getTime()) || date.getTime() < Date.now()) wrong.value = t('compose.later.past');
          else if (date > last) wrong.value = t('compose.later.far', { date: last });
          else done(date);
        }}
      >
        <label class="field">
          <span class="field-label">{t('compose.later.when')}</span>
          <input type="datetime-local" class="field-input" value={value.value} min={localText(new Date())} max={localText(last)} aria-invalid={wrong.value !== ''} aria-describedby={wrong.value ? id : undefined} onInput={(event) => (value.value = event.currentTarget.value)} />
        </label>
        {wrong.value && <p id={id} class="field-wrong" role="alert">{wrong.value}</p>}
        <div class="dialog-buttons">
          <Button onClick={close}>{t('compose.cancel')}</Button>
          <Button kind="primary" submit>{t(ok)}</Button>
        </div>
      </form>
    </Dialog>
  );
}
