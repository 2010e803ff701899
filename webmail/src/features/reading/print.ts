/** Printing: the conversation alone, all of its messages, in the colours of paper. */
import { effect } from '@preact/signals';
import { go, place } from '../../frame/router.ts';
import type { Id } from '../../jmap/types.ts';
import { targetMessage } from '../../model/target.ts';
import { shownConversation, type ConversationView } from './view.ts';

/** What is not there by then (a picture from elsewhere, a message that only the server has) is left out: somebody waits for the paper. */
const PATIENCE_MS = 5_000;

/** Prints what is open; from the menu of another row, that conversation is opened first. */
export async function printConversation(): Promise<void> {
  const view = await opened(targetMessage()?.threadId);
  if (!view) return;
  const fold = await view.openForPrint();
  const root = document.documentElement;
  const theme = root.dataset['theme'];
  root.dataset['theme'] = 'light';
  /* Frames hear of it by an observer, which is called before the next frame is painted. */
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  await within(PATIENCE_MS, framesAreFilled);
  try {
    window.print();
  } finally {
    if (theme) root.dataset['theme'] = theme;
    fold();
  }
}

function opened(thread: Id | undefined): Promise<ConversationView | undefined> {
  const isReady = (view: ConversationView | undefined): boolean => view !== undefined && (thread === undefined || view.threadId === thread) && view.loading.value !== 'loading';
  const here = place.peek();
  if (thread !== undefined && shownConversation.peek()?.threadId !== thread && (here.kind === 'folder' || here.kind === 'search')) go({ ...here, thread });
  return new Promise((resolve) => {
    let end: (() => void) | undefined;
    let isDone = false;
    const finish = (view: ConversationView | undefined): void => {
      isDone = true;
      end?.();
      clearTimeout(timer);
      resolve(view);
    };
    const timer = setTimeout(() => finish(undefined), PATIENCE_MS);
    end = effect(() => {
      const view = shownConversation.value;
      if (!isDone && isReady(view)) finish(view);
    });
    if (isDone) end();
  });
}

/** Each frame has its message, and each message its pictures. */
function framesAreFilled(): boolean {
  return [...document.querySelectorAll<HTMLIFrameElement>('.message-frame')].every((frame) => {
    const inner = frame.contentDocument;
    return inner?.querySelector('.postrider-mail') && [...inner.images].every((image) => image.complete);
  });
}

async function within(ms: number, isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + ms; !isSo() && performance.now() < end; ) await new Promise((resolve) => requestAnimationFrame(resolve));
}
