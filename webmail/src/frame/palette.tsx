/** The palette: every action that is possible now, found by typing. What was used last stands first. */
import { actions, nameOf, perform, type Action } from '../actions/registry.ts';
import { t } from '../base/words.ts';
import { best, openPicker, type Choice } from '../ui/Picker.tsx';
import { shownKeysOf } from './keys.ts';
import { go } from './router.ts';
import { pagesOf, type Page } from './slots.ts';

/** Other things that can be gone to by their name: folders, labels. Features add them. */
const sources: (() => Choice[])[] = [];
const MOST_RECENT = 8;
let recent: string[] = [];

export function addPaletteSource(source: () => Choice[]): void {
  sources.push(source);
}

export function openPalette(): void {
  const possible = actions.possible().filter((action) => action.id !== 'view.palette');
  const rank = (action: Action) => {
    const at = recent.indexOf(action.id);
    return at < 0 ? recent.length : at;
  };
  const all: Choice[] = [
    ...possible
      .map((action) => ({ action, at: rank(action) }))
      .sort((a, b) => a.at - b.at)
      .map(({ action }) => choiceOf(action)),
    ...sources.flatMap((source) => source()),
    ...pagesOf('settings').map(choiceOfPage),
  ];
  openPicker({
    label: t('frame.palette'),
    placeholder: t('frame.palettePlaceholder'),
    none: t('frame.paletteNone'),
    choices: (text) => best(text, all, (choice) => `${choice.words} ${choice.detail ?? ''} ${choice.also ?? ''}`),
  });
}

/** A page of the settings, by its name and by what it is about: "signature", "vacation". */
function choiceOfPage({ name, icon, keys = [] }: Page): Choice {
  return {
    id: `settings ${name}`,
    words: t(`settings.${name}`),
    detail: t('frame.stop.settings'),
    also: keys.map((key) => t(key)).join(' '),
    icon,
    run: () => go({ kind: 'settings', page: name }),
  };
}

function choiceOf(action: Action): Choice {
  return {
    id: action.id,
    words: t(nameOf(action)),
    icon: action.icon,
    keys: shownKeysOf(action),
    run() {
      recent = [action.id, ...recent.filter((id) => id !== action.id)].slice(0, MOST_RECENT);
      perform(action);
    },
  };
}
