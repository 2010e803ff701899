/** A mail over the whole window, at an address of its own: reload comes back to it. */
import { at } from '../../../base/seat.ts';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../../../base/words.ts';
import { go, goBack, HOME, place } from '../../../frame/router.ts';
import { IconButton } from '../../../ui/Button.tsx';
import type { Composer } from '../composer.ts';
import { closeComposer, composers, openByName } from '../composers.ts';
import { titleOf } from './Dock.tsx';
import { Form, windowOf } from './Form.tsx';

export function ComposePage() {
  const here = place.value;
  const name = here.kind === 'compose' ? here.id : '';
  const missing = useSignal(false);
  const composer = composers.value.find((one) => one.key === name || one.version === name);
  useEffect(() => {
    let gone = false;
    void openByName(name, 'page').then((found) => {
      if (gone) return;
      missing.value = !found;
      // A draft that was changed on two devices, and "new", get a name of their own.
      if (found && found.key !== name) go({ kind: 'compose', id: found.key }, { replace: true });
    });
    return () => {
      gone = true;
    };
  }, [name]);
  // It was sent, thrown away or put away: then this place is empty.
  const there = composer !== undefined;
  const was = useSignal(false);
  useEffect(() => {
    if (there) was.value = true;
    else if (was.peek()) leave();
  }, [there]);
  if (!composer) return missing.value ? <Missing /> : null;
  return (
    <div class="compose-page" {...windowOf(composer)}>
      <header class="compose-page-head">
        <IconButton icon="arrow-left" label={t('compose.back')} onClick={() => void closeComposer(composer)} />
        <h1 class="compose-page-title">{titleOf(composer)}</h1>
        <IconButton icon="minimize-2" label={t('compose.dock')} onClick={() => dock(composer)} />
      </header>
      <Form composer={composer} />
    </div>
  );
}

function leave(): void {
  if (history.length > 1) goBack();
  else go(HOME);
}

function dock(composer: Composer): void {
  composer.sync();
  composer.look.value = 'docked';
  go(HOME);
}

function Missing() {
  return (
    <div class="compose-missing">
      <p>{t('compose.missing')}</p>
      <p><a href={at('/mail/drafts')} onClick={(event) => {
        event.preventDefault();
        go({ kind: 'folder', mailbox: 'drafts' });
      }}>{t('compose.toDrafts')}</a></p>
    </div>
  );
}
