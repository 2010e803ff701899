/**
 * The frame that the editor lives in: a static page of ours whose own Content-Security-Policy allows inline styles and forbids scripts,
 * so that quoted mail looks as it did and nothing in it runs. It is filled and listened to from here.
 */
import { at } from '../../../base/seat.ts';
import { openPage } from '../../../ui/pageFrame.ts';

const PAGE = at('/frame-compose.html');

export type FrameWindow = Window & typeof globalThis;

/** Some browsers (WebKit) keep listeners of a sandboxed page silent. There the page's policy alone forbids scripts. */
function hearsListeners(window: FrameWindow): boolean {
  let heard = false;
  window.document.addEventListener('postrider-probe', () => (heard = true), { once: true });
  window.document.dispatchEvent(new window.Event('postrider-probe'));
  return heard;
}

export async function openFrame(frame: HTMLIFrameElement): Promise<FrameWindow> {
  frame.setAttribute('sandbox', 'allow-same-origin');
  const window = (await openPage(frame, PAGE)) as FrameWindow;
  if (hearsListeners(window)) return window;
  frame.removeAttribute('sandbox');
  return (await openPage(frame, PAGE)) as FrameWindow;
}

/** The app's colours and font inside of the frame. */
export function dressFrame(window: FrameWindow, from: Element): void {
  const style = getComputedStyle(from);
  const root = window.document.documentElement;
  for (const [name, token] of [['--text', '--color-text'], ['--ground', '--color-ground'], ['--quiet', '--color-quiet'], ['--line', '--color-line'], ['--accent', '--color-accent']])
    root.style.setProperty(name!, style.getPropertyValue(token!));
  root.style.colorScheme = style.colorScheme;
  root.toggleAttribute('data-dark', style.colorScheme.includes('dark'));
  root.lang = document.documentElement.lang;
  window.document.body.dir = document.documentElement.dir;
}

/** The app's own letters as octets: a page without a network may have a font that is given to it. */
let letters: Promise<ArrayBuffer | null> | undefined;

/** Of the sheet's faces the one with Latin letters; others are the system's. */
function faceOf(sheets: StyleSheetList): string | null {
  for (const sheet of sheets)
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSFontFaceRule) || !/^U\+0+(?:-|00-)/i.test(rule.style.getPropertyValue('unicode-range'))) continue;
      const source = /url\("?([^")]+)"?\)/.exec(rule.style.getPropertyValue('src'));
      if (source) return new URL(source[1]!, sheet.href ?? location.href).href;
    }
  return null;
}

async function fetchLetters(): Promise<ArrayBuffer | null> {
  const address = faceOf(document.styleSheets);
  const answer = address && (await fetch(address).catch(() => null));
  return answer && answer.ok ? answer.arrayBuffer() : null;
}

export async function giveFont(window: FrameWindow): Promise<void> {
  const octets = await (letters ??= fetchLetters());
  // A frame that has left the page meanwhile has no window any more.
  if (!octets || window.closed) return;
  const face = new window.FontFace('Inter Variable', octets.slice(0), { weight: '100 900' });
  window.document.fonts.add(await face.load());
}

/** Keys of the app while somebody writes. All others are the editor's: Ctrl-B is bold here, and Ctrl-Z takes back what was typed. */
function isOfApp({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean {
  if (key === 'Escape') return true;
  if (!(ctrlKey || metaKey) || altKey) return false;
  return key === 'Enter' || (shiftKey ? /^[abcde]$/i.test(key) : key.toLowerCase() === 'k');
}

/** They are pressed in the app as well; what it takes is not typed. */
export function passKeys(window: FrameWindow, frame: HTMLIFrameElement): void {
  window.document.addEventListener('keydown', (event) => {
    if (event.isComposing || !isOfApp(event)) return;
    const { key, code, ctrlKey, metaKey, shiftKey, altKey } = event;
    const copy = new KeyboardEvent('keydown', { key, code, ctrlKey, metaKey, shiftKey, altKey, bubbles: true, cancelable: true });
    if (!frame.dispatchEvent(copy)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
}
