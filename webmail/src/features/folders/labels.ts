/** What can be done with a label: its menu, and the questions that need words. */
import { isLabelKeyword, keywordOfLabel, labelOfKeyword } from '../../base/labels.ts';
import { t } from '../../base/words.ts';
import { placeOfLabel } from '../../frame/labels.ts';
import { go, pathOf, place, type Place } from '../../frame/router.ts';
import { deleteLabel, labelColour, makeLabel, renameLabel, setLabelColour } from '../../model/labels.ts';
import { askText } from '../../ui/Dialog.tsx';
import { openMenu, type MenuItem } from '../../ui/Menu.tsx';
import { colourItems } from './acts.ts';

function wrongName(name: string): string | undefined {
  const keyword = keywordOfLabel(name);
  return keyword === undefined || !isLabelKeyword(keyword) ? t('labels.wrong') : undefined;
}

async function askName(title: string, ok: string, value = ''): Promise<string | undefined> {
  const name = await askText({ title, label: t('folders.name'), value, ok, cancel: t('folders.cancel'), wrong: wrongName });
  return name === undefined ? undefined : keywordOfLabel(name);
}

export async function newLabel(): Promise<void> {
  const keyword = await askName(t('action.labels.new'), t('folders.create'));
  if (keyword !== undefined) makeLabel(keyword);
}

/** Whoever looks at its mail looks at it under its new name, or comes back to the inbox. */
function leave(keyword: string, to: Place): void {
  if (pathOf({ ...place.peek(), thread: undefined } as Place) === pathOf(placeOfLabel(keyword))) go(to, { replace: true });
}

async function rename(keyword: string): Promise<void> {
  const name = labelOfKeyword(keyword);
  const to = await askName(t('folders.renameTitle', { name }), t('folders.rename'), name);
  if (to === undefined || to === keyword) return;
  leave(keyword, placeOfLabel(to));
  await renameLabel(keyword, to);
}

async function remove(keyword: string): Promise<void> {
  leave(keyword, { kind: 'folder', mailbox: 'inbox' });
  await deleteLabel(keyword);
}

export function labelMenu(keyword: string, anchor: Element | { x: number; y: number }): MenuItem[] {
  const colours = () => colourItems(labelColour(keyword), (colour) => setLabelColour(keyword, colour ?? '')).slice(1);
  return [
    { id: 'rename', words: t('folders.rename'), icon: 'pencil', run: () => void rename(keyword) },
    { id: 'colour', words: t('folders.colour'), icon: 'palette', run: () => void openMenu(anchor, colours(), { label: t('folders.colourOf', { name: labelOfKeyword(keyword) }) }) },
    { separator: '1' },
    { id: 'delete', words: t('folders.delete'), icon: 'trash', danger: true, run: () => void remove(keyword) },
  ];
}
