/** A part of the page that fails says so in its own place; the rest goes on. */
import type { ComponentChildren } from 'preact';
import { useErrorBoundary, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../base/words.ts';
import { Button } from '../ui/Button.tsx';

/** `of`: what is shown; with another one it is tried again. */
export function ErrorFence({ children, of }: { children: ComponentChildren; of?: unknown }) {
  const [error, reset] = useErrorBoundary((caught) => reportError(caught));
  const last = useRef(of);
  useLayoutEffect(() => {
    if (last.current === of) return;
    last.current = of;
    if (error) reset();
  });
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
