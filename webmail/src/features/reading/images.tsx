/** The line that says that a message has pictures elsewhere, and offers them. */
import { t } from '../../base/words.ts';
import type { WholeEmail } from '../../model/reading.ts';
import { done } from '../../model/undo.ts';
import { Icon } from '../../ui/Icon.tsx';
import type { Shown } from './html/frame.ts';
import { alwaysAllow, isKnownAuthor, senderOf, trusted } from './pictures.ts';

export function PictureLine({ email, shown, remote, show }: { email: WholeEmail; shown: Shown; remote: boolean; show(): void }) {
  /* "Always" is offered where it would hold: not for an address that nothing proves. */
  const sender = isKnownAuthor(email) ? senderOf(email) : undefined;
  const isTrusted = sender !== undefined && trusted().value.includes(sender);
  if (shown.remote === 0 && shown.trackers === 0) return null;
  const always = (): void => {
    if (!sender) return;
    alwaysAllow(sender, true);
    done({ words: t('reading.alwaysShown', { sender }), undo: () => alwaysAllow(sender, false) });
    show();
  };
  return (
    <p class="message-line-note">
      <span>
        <Icon name="image-off" />
        <span>
        {remote && shown.failed > 0 ? t('reading.picturesFailed', { count: shown.failed }) : remote && shown.remote > 0 ? t('reading.picturesShown') : shown.remote > 0 ? t('reading.picturesOff', { count: shown.remote }) : null}{' '}
        {shown.trackers > 0 && t('reading.trackers', { count: shown.trackers })}
        </span>
      </span>
      {!remote && shown.remote > 0 && (
        <>
          <button type="button" class="link" onClick={show}>
            {t('reading.showOnce')}
          </button>
          {sender && (
            <button type="button" class="link" onClick={always}>
              {t('reading.showAlways', { sender })}
            </button>
          )}
        </>
      )}
      {remote && isTrusted && sender && (
        <button type="button" class="link" onClick={() => alwaysAllow(sender, false)}>
          {t('reading.askAgain', { sender })}
        </button>
      )}
    </p>
  );
}
