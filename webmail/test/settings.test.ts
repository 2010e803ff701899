/** Settings on the one stack of undo, and which keys are letters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLetterKey } from '../src/frame/keys.ts';
import type { Layer } from '../src/layer/layer.ts';
import { Preferences } from '../src/model/preferences.ts';
import { changePreference, changeSetting, setting } from '../src/model/settings.ts';
import { newest, shown, undo } from '../src/model/undo.ts';

test('a setting is changed with a notice, and undone with what follows from it', async () => {
  let followed = 0;
  changeSetting('accent', 'rose', 'Colour: Rose', () => followed++);
  assert.deepEqual([setting('accent').value, shown.value?.words, followed], ['rose', 'Colour: Rose', 1]);
  changeSetting('accent', 'rose', 'Again');
  assert.equal(newest()?.words, 'Colour: Rose');
  changeSetting('notifyFolders', ['M1'], 'Folders: Inbox');
  assert.deepEqual([await undo(), setting('notifyFolders').value], ['Folders: Inbox', []]);
  assert.deepEqual([await undo(), setting('accent').value, followed], ['Colour: Rose', 'teal', 2]);
});

test('a preference is kept at the server, and its undo, too', async () => {
  const sent: unknown[] = [];
  const preferences = new Preferences({ session: { capabilities: {} } } as unknown as Layer, () => 'A1');
  preferences.set = (name, value) => void sent.push([name, value]);
  changePreference(preferences, 'compose-mode', 'plain', 'rich', 'Plain text: on');
  assert.equal(preferences.of('compose-mode', 'rich').value, 'plain');
  changePreference(preferences, 'compose-mode', 'plain', 'rich', 'Nothing');
  assert.equal(newest()?.words, 'Plain text: on');
  await undo();
  assert.equal(preferences.of('compose-mode', 'rich').value, 'rich');
  assert.deepEqual(sent, [['compose-mode', 'plain'], ['compose-mode', undefined]]);
});

test('letters and signs are keys that one can switch off; what moves about or has Ctrl is not', () => {
  assert.deepEqual(['e', '#', '?', 'Shift+U', 'ß'].filter((key) => !isLetterKey(key)), []);
  assert.deepEqual(['Ctrl+K', 'Ctrl+Shift+C', 'ArrowDown', 'Enter', 'Escape', 'Shift+ArrowDown', 'Delete', 'Space', 'Alt+X'].filter(isLetterKey), []);
});
