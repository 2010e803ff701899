/** Where the focus goes when a place is gone to by a key, and when what had it is gone: the list, or what is read in its place. */

/** A list that takes longer than this is not waited for. */
const WAIT_MS = 2_000;

/** The window that had the focus goes from the page now. */
export function focusWhatIsLeft(): void {
  requestAnimationFrame(() => {
    const now = document.activeElement;
    if (now !== null && now !== document.body) return;
    if (document.querySelector('[data-list]')?.checkVisibility?.() === false) document.querySelector<HTMLElement>('.conversation-messages')?.focus({ preventScroll: true });
    else focusList();
  });
}

/** From the list into the conversation beside it: the message that actions are about. */
export function focusConversation(): void {
  document.querySelector<HTMLElement>('.message-current .message-line')?.focus();
}

/** Ends the watch that is kept over the list's focus. */
let end = (): void => undefined;

export function focusList(): void {
  const list = () => document.querySelector<HTMLElement>('[data-list]');
  end();
  requestAnimationFrame(() => {
    end();
    // Keys that are pressed while the list is loaded are not meant for the field that one comes from.
    if (!list()) (document.activeElement as HTMLElement | null)?.blur();
    list()?.focus({ preventScroll: true });
    // What was drawn may have been the list of the place before, which takes the focus along when it goes.
    const watch = new MutationObserver(() => {
      const now = document.activeElement;
      if (now === null || now === document.body) list()?.focus({ preventScroll: true });
      else if (now !== list()) end();
    });
    watch.observe(document.body, { childList: true, subtree: true, attributeFilter: ['class', 'hidden', 'inert'] });
    const timer = setTimeout(() => end(), WAIT_MS);
    end = () => {
      clearTimeout(timer);
      watch.disconnect();
    };
  });
}
