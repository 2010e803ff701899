/** Settings: mails that others are made from. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../../../base/words.ts';
import { mail } from '../../../model/current.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { editTemplate, newTemplate, removeTemplate, templates, type Template } from '../templates.ts';
import { composers } from '../composers.ts';

export function TemplatesPage() {
  const all = useSignal<Template[] | undefined>(undefined);
  const failed = useSignal(false);
  const load = () =>
    void templates(mail().mainAccount).then(
      (list) => {
        all.value = list;
        failed.value = false;
      },
      () => (failed.value = true),
    );
  // A window in which one was written has closed.
  const open = composers.value.length;
  useEffect(load, [open]);
  return (
    <div class="settings-part">
      <p class="settings-words">{t('settings.templates.what')}</p>
      {failed.value && <p class="compose-problem" role="alert">{t('settings.templates.failed')} <Button kind="quiet" onClick={load}>{t('compose.again')}</Button></p>}
      {all.value?.length === 0 && <p class="settings-none">{t('settings.templates.none')}</p>}
      <ul class="settings-list">
        {all.value?.map((one) => (
          <li key={one.id} class="settings-row">
            <span class="settings-name">{one.name}</span>
            <IconButton icon="pencil" label={t('settings.templates.edit', { name: one.name })} onClick={() => void editTemplate(one)} />
            <IconButton icon="trash" label={t('settings.templates.remove', { name: one.name })} onClick={() => void removeTemplate(one, load)} />
          </li>
        ))}
      </ul>
      <Button icon="plus" onClick={() => void newTemplate()}>{t('settings.templates.new')}</Button>
    </div>
  );
}
