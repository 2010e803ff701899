/** Above a draft in a conversation. */
import { t } from '../../../base/words.ts';
import type { Email } from '../../../jmap/types.ts';
import { Button } from '../../../ui/Button.tsx';
import { openDraft } from '../composers.ts';

export function DraftBanner({ email }: { email: Email }) {
  if (!('$draft' in email.keywords)) return null;
  return (
    <div class="draft-banner">
      <span>{t('compose.draft.here')}</span>
      <Button icon="pencil" onClick={() => void openDraft(email.id)}>{t('compose.draft.edit')}</Button>
    </div>
  );
}
