/** Moving in the list by keys: the row with the focus, ranges, pages; and opening what has it. */
import { t } from '../../base/words.ts';
import { focusConversation } from '../../frame/focus.ts';
import { mail, pane } from '../../model/current.ts';
import { speak } from '../../ui/Spoken.tsx';
import type { VirtualListHandle } from '../../ui/VirtualList.tsx';
import { openConversation } from './current.ts';

let handle: VirtualListHandle | null = null;
let opening = 0;
let lastMove = 0;

/** Keys that are held down move faster than conversations can be opened: the last one is opened, when they rest. */
const REST_MS = 120;

export function setHandle(one: VirtualListHandle | null): void {
  handle = one;
}

export function rowsOnPage(): number {
  return handle?.page() ?? 10;
}

/** The list has the focus, or nothing has. */
export function hasListFocus(): boolean {
  const now = document.activeElement;
  return now === null || now === document.body || now.closest('[data-list]') !== null;
}

export function moveTo(position: number, options: { extend?: boolean } = {}): void {
  const list = pane.list.peek();
  const total = list?.total.peek() ?? 0;
  if (!list || total === 0) return;
  // Whoever hears the screen hears the row, and Enter opens it, wherever the focus was before.
  if (!document.activeElement?.closest('[data-list]')) document.querySelector<HTMLElement>('[data-list]')?.focus({ preventScroll: true });
  const at = Math.max(0, Math.min(total - 1, position));
  const key = list.keyAt(at);
  if (key === undefined) {
    // Not loaded yet: the place is shown, and gets the focus when its row is there.
    handle?.show(at);
    void list.want(at, at + 1).then(() => {
      const later = list.keyAt(at);
      if (later !== undefined && pane.list.peek() === list) pane.focus(later);
    });
    return;
  }
  if (options.extend) {
    if (pane.selected.peek().size === 0) {
      const from = pane.focused.peek();
      if (from !== undefined) pane.focus(from);
    }
    pane.focus(key, { keepsAnchor: true });
    pane.selectTo(key);
  } else pane.focus(key);
  // It may have the focus already, and be out of sight: it was moved by a pin, or the list was scrolled.
  handle?.show(at);
  if (pane.open.peek() !== undefined && !options.extend) openSoon(key);
}

export function moveBy(step: number, options: { extend?: boolean } = {}): void {
  const at = pane.focusPosition();
  // The first key brings the focus to the first row that is seen.
  moveTo(at < 0 ? (handle?.first() ?? 0) : at + step, options);
}

/** A conversation is open: it follows the focus. */
function openSoon(key: string): void {
  clearTimeout(opening);
  const now = performance.now();
  const isHeld = now - lastMove < REST_MS;
  lastMove = now;
  if (!isHeld) openConversation(key, { replace: true });
  else opening = window.setTimeout(() => pane.focused.peek() === key && openConversation(key, { replace: true }), REST_MS);
}

export function openFocused(): void {
  const at = pane.focusPosition();
  const key = at < 0 ? pane.list.peek()?.keyAt(handle?.first() ?? 0) : pane.list.peek()?.keyAt(at);
  if (key !== undefined && key === pane.open.peek()) focusConversation();
  else if (key !== undefined) {
    openConversation(key, { replace: pane.open.peek() !== undefined });
    speakOpened(at < 0 ? (handle?.first() ?? 0) : at);
  }
}

/** The focus stays in the list until Enter is pressed again: without words nothing would tell that something was opened. */
function speakOpened(at: number): void {
  const id = pane.list.peek()?.at(at);
  const email = id === undefined ? undefined : mail().emails.peek(id);
  if (email) speak(t('list.opened', { subject: email.subject || t('list.noSubject') }));
}
