/** All keys, and whether letters alone do something. */
import { t } from '../../base/words.ts';
import { AllKeys } from '../../frame/sheet.tsx';
import { changeSetting, setting } from '../../model/settings.ts';
import { Section, Switch, switched } from './parts.tsx';

export function Keys() {
  const on = setting('letterKeys').value;
  return (
    <>
      <Section title={t('settings.letterKeysTitle')}>
        <Switch label={t('settings.letterKeys')} text={t('settings.letterKeysText')} on={on} onChange={(now) => changeSetting('letterKeys', now, switched(t('settings.letterKeys'), now))} />
      </Section>
      <Section title={t('settings.allKeys')}>
        <AllKeys />
      </Section>
    </>
  );
}
