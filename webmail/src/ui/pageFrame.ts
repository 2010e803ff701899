/**
 * A frame that shows a static page of ours: a mail's text is read in one, and written in another. A line may lose the page. Then it is asked for
 * again a few times by itself; after that it is a person's to ask.
 */
import { PAUSES_MS } from '../base/again.ts';

export interface PageFrame {
  /** The page is asked for anew, as often as before. */
  again(): void;
  end(): void;
}

export interface PageFrameHost {
  /** The page is there; anew, whenever the browser has loaded it once more. */
  shown(): void;
  /** It was lost each time. */
  lost(): void;
}

/** A server that cannot be reached is shown by a page of the browser, which cannot be looked into. */
function addressIn(frame: HTMLIFrameElement): string | undefined {
  try {
    return frame.contentWindow!.location.href;
  } catch {
    return undefined;
  }
}

/** `page`: its path. */
export function followPage(frame: HTMLIFrameElement, page: string, host: PageFrameHost, pauses = PAUSES_MS): PageFrame {
  let waits: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  const ask = (): void => void (frame.src = page);
  const look = (): void => {
    const address = addressIn(frame);
    // A frame that was asked for nothing yet may say that it has loaded nothing.
    if (address === 'about:blank') return;
    clearTimeout(waits);
    if (address !== undefined && new URL(address).pathname === page) {
      tries = 0;
      host.shown();
    } else if (tries < pauses.length) waits = setTimeout(ask, pauses[tries++]);
    else host.lost();
  };
  frame.addEventListener('load', look);
  ask();
  return {
    again: () => {
      clearTimeout(waits);
      tries = 0;
      ask();
    },
    end: () => {
      clearTimeout(waits);
      frame.removeEventListener('load', look);
    },
  };
}

/** The frame's window, once the page is there; rejects when it was lost each time. */
export function openPage(frame: HTMLIFrameElement, page: string, pauses = PAUSES_MS): Promise<Window> {
  return new Promise((resolve, reject) => {
    const following = followPage(
      frame,
      page,
      {
        shown: () => {
          following.end();
          resolve(frame.contentWindow!);
        },
        lost: () => {
          following.end();
          reject(new Error(`${page} could not be loaded.`));
        },
      },
      pauses,
    );
  });
}
