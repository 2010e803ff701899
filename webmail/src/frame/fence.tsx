/** A part of the page that fails says so in its own place; the rest goes on. */
import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import { t } from '../base/words.ts';
import { Button } from '../ui/Button.tsx';

export function ErrorFence({ children }: { children: ComponentChildren }) {
  const [error, reset] = useErrorBoundary((caught) => reportError(caught));
  if (!error) return <>{children}</>;
  return (
    <div class="fence" role="alert">
      <p>{t('frame.partFailed')}</p>
      <Button icon="refresh-cw" onClick={reset}>
        {t('frame.tryAgain')}
      </Button>
    </div>
  );
}
