/** A frame that nobody sees, in which quotes are prepared: the HTML of others is read under the same policy as in the editor. */
import { openFrame, type FrameWindow } from './frame.ts';
import { prepareQuote } from './quote.ts';
import { sanitizerOf } from './sanitize.ts';

let opened: Promise<FrameWindow> | undefined;

function open(): Promise<FrameWindow> {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.tabIndex = -1;
  frame.setAttribute('aria-hidden', 'true');
  document.body.append(frame);
  return openFrame(frame).catch((error: unknown) => {
    frame.remove();
    opened = undefined;
    throw error;
  });
}

/** `scope`: a class that no other quote of the mail has. */
export async function preparedQuote(html: string, scope: string): Promise<string> {
  const window = await (opened ??= open());
  return prepareQuote(html, window, sanitizerOf(window), scope);
}
