/** The program begins: words, session, layer, store, and then the frame with all features. */
import './styles/base.css';
import { render } from 'preact';
import { bestLanguage, currentLanguage, isRightToLeft, languageNames, t, useLanguage } from './base/words.ts';
import { DirectLayer, fetchSession } from './layer/direct.ts';
import { LayerError } from './layer/layer.ts';
import { Store } from './model/store.ts';
import { startRouter } from './frame/router.ts';
import { Frame } from './frame/frame.tsx';

const SIGN_IN = '/?sign-in';

async function start(): Promise<void> {
  await useLanguage(bestLanguage(navigator.languages, Object.keys(languageNames))).catch(reportError);
  document.documentElement.lang = currentLanguage();
  document.documentElement.dir = isRightToLeft() ? 'rtl' : 'ltr';
  const layer = new DirectLayer(await fetchSession());
  const store = new Store(layer);
  store.signedOut.subscribe((over) => over && location.assign(SIGN_IN));
  startRouter();
  await store.load();
  render(<Frame store={store} />, document.getElementById('app')!);
}

start().catch((error: unknown) => {
  if (error instanceof LayerError && error.kind === 'signed-out') {
    location.assign(SIGN_IN);
    return;
  }
  const words = document.createElement('p');
  words.setAttribute('role', 'alert');
  words.textContent = t('frame.cannotStart');
  document.getElementById('app')?.replaceChildren(words);
  reportError(error);
});
