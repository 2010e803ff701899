/** Printing: the conversation alone, in the colours of paper. */
import { shownConversation } from './view.ts';

/** The frames of messages are coloured for the screen: while it is printed, they are as they were made. */
export async function printConversation(): Promise<void> {
  const view = shownConversation.peek();
  if (!view) return;
  const root = document.documentElement;
  const theme = root.dataset['theme'];
  root.dataset['theme'] = 'light';
  /* Frames hear of it by an observer, which is called before the next frame is painted. */
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  try {
    window.print();
  } finally {
    if (theme) root.dataset['theme'] = theme;
  }
}
