/**
 * The frame that the editor lives in: a static page of ours whose own Content-Security-Policy allows inline styles and forbids scripts,
 * so that quoted mail looks as it did and nothing in it runs. It is filled and listened to from here.
 */

const PAGE = '/frame-compose.html';

export type FrameWindow = Window & typeof globalThis;

/** Some browsers (WebKit) keep listeners of a sandboxed page silent. There the page's policy alone forbids scripts. */
function hearsListeners(window: FrameWindow): boolean {
  let heard = false;
  window.document.addEventListener('postrider-probe', () => (heard = true), { once: true });
  window.document.dispatchEvent(new window.Event('postrider-probe'));
  return heard;
}

function loaded(frame: HTMLIFrameElement): Promise<FrameWindow> {
  return new Promise((resolve, reject) => {
    frame.onload = () => {
      const window = frame.contentWindow as FrameWindow | null;
      // A server that cannot be reached answers with a page of the browser, which cannot be looked into.
      try {
        if (window && new URL(window.location.href).pathname === PAGE) resolve(window);
        else reject(new Error('The editor could not be loaded.'));
      } catch {
        reject(new Error('The editor could not be loaded.'));
      }
    };
    frame.src = PAGE;
  });
}

export async function openFrame(frame: HTMLIFrameElement): Promise<FrameWindow> {
  frame.setAttribute('sandbox', 'allow-same-origin');
  const window = await loaded(frame);
  if (hearsListeners(window)) return window;
  frame.removeAttribute('sandbox');
  return loaded(frame);
}

/** The app's colours and font inside of the frame. */
export function dressFrame(window: FrameWindow, from: Element): void {
  const style = getComputedStyle(from);
  const root = window.document.documentElement;
  for (const [name, token] of [['--text', '--color-text'], ['--ground', '--color-ground'], ['--quiet', '--color-quiet'], ['--line', '--color-line'], ['--accent', '--color-accent']])
    root.style.setProperty(name!, style.getPropertyValue(token!));
  root.style.colorScheme = style.colorScheme;
  root.lang = document.documentElement.lang;
  window.document.body.dir = document.documentElement.dir;
}

/** Keys that the app knows are pressed in the app as well; what it takes is not typed. */
export function passKeys(window: FrameWindow, frame: HTMLIFrameElement): void {
  window.document.addEventListener('keydown', (event) => {
    if (!event.ctrlKey && !event.metaKey && event.key !== 'Escape' && event.key !== 'Tab') return;
    const { key, code, ctrlKey, metaKey, shiftKey, altKey } = event;
    const copy = new KeyboardEvent('keydown', { key, code, ctrlKey, metaKey, shiftKey, altKey, bubbles: true, cancelable: true });
    if (!frame.dispatchEvent(copy)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
}
