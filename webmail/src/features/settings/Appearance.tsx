/** How the program looks, and how it goes on after an action. */
import { currentLanguage, languageNames, t } from '../../base/words.ts';
import { actions, nameOf } from '../../actions/registry.ts';
import { changeSetting, setting, type Settings } from '../../model/settings.ts';
import { mail } from '../../model/current.ts';
import { changedTo, Choice, Section, Select, Switch, switched } from './parts.tsx';

function SettingChoice<K extends keyof Settings>({ of, values, accent }: { of: K; values: (Settings[K] & string)[]; accent?: boolean }) {
  const chosen = setting(of);
  return (
    <Choice
      label={t(`settings.${of}`)}
      options={values.map((value) => ({ value, words: t(`settings.${of}.${value}`), accent: accent ? value : undefined }))}
      value={chosen.value as Settings[K] & string}
      onChange={(value) => changeSetting(of, value, changedTo(t(`settings.${of}`), t(`settings.${of}.${value}`)))}
    />
  );
}

/** What a swipe may do: what can be undone, and makes sense for one row. */
const SWIPES = ['mail.archive', 'mail.trash', 'mail.read', 'mail.snooze', 'mail.star'];

export function Appearance() {
  const swipes = SWIPES.map((id) => actions.get(id)).filter((action) => action !== undefined).map((action) => ({ value: action.id, words: t(nameOf(action)) }));
  const language = mail().preferences.of('language', '');
  return (
    <>
      <Section title={t('settings.look')}>
        <SettingChoice of="theme" values={['system', 'light', 'dark']} />
        <SettingChoice of="accent" values={['teal', 'blue', 'violet', 'rose', 'amber', 'green']} accent />
        <SettingChoice of="contrast" values={['system', 'normal', 'more']} />
      </Section>
      <Section title={t('settings.arrangement')}>
        <SettingChoice of="density" values={['one', 'two', 'three']} />
        <SettingChoice of="layout" values={['right', 'below', 'none']} />
        <SettingChoice of="afterwards" values={['next', 'list']} />
        {swipes.length > 0 && (
          <>
            <Select label={t('settings.swipeEnd')} options={swipes} value={setting('swipeEnd').value} onChange={(value) => changeSetting('swipeEnd', value, changedTo(t('settings.swipeEnd'), t(`action.${value}`)))} />
            <Select label={t('settings.swipeStart')} options={swipes} value={setting('swipeStart').value} onChange={(value) => changeSetting('swipeStart', value, changedTo(t('settings.swipeStart'), t(`action.${value}`)))} />
          </>
        )}
      </Section>
      <Section title={t('settings.language')}>
        <Select
          label={t('settings.languageOfProgram')}
          text={t('settings.languageText')}
          options={[{ value: '', words: t('settings.languageSystem', { name: languageNames[currentLanguage()] ?? '' }) }, ...Object.entries(languageNames).map(([value, words]) => ({ value, words }))]}
          value={language.value}
          onChange={(value) => {
            language.value = value;
            mail().preferences.set('language', value || undefined);
            location.reload();
          }}
        />
      </Section>
      <Section title={t('settings.speed')}>
        <Switch label={t('settings.showTimings')} text={t('settings.showTimingsText')} on={setting('showTimings').value} onChange={(on) => changeSetting('showTimings', on, switched(t('settings.showTimings'), on))} />
      </Section>
    </>
  );
}
