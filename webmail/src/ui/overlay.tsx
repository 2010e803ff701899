// What floats over the page: a stack of menus, pickers and dialogs. A feature opens one by a function and needs no place for it in its own
// tree. Each entry remembers where the focus was; closing brings it back there, unless what was done there moved it on purpose.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

export interface Overlay {
  readonly id: number;
  close(): void;
  // For tests and for the frame, which closes what lies over a page that is left.
  readonly kind: string;
}

interface Entry extends Overlay {
  render(self: Overlay): ComponentChildren;
  focused: Element | null;
  closed?: () => void;
}

const entries = signal<readonly Entry[]>([]);
let numbers = 0;

export function openOverlay(kind: string, render: (self: Overlay) => ComponentChildren, closed?: () => void): Overlay {
  const entry: Entry = {
    id: ++numbers,
    kind,
    render,
    focused: focusedElement(),
    closed,
    close() {
      const all = entries.peek();
      const at = all.indexOf(entry);
      if (at < 0) return;
      // What was opened from within it goes with it.
      entries.value = all.slice(0, at);
      for (const gone of all.slice(at).reverse()) gone.closed?.();
      bringBackFocus(entry.focused);
    },
  };
  entries.value = [...entries.peek(), entry];
  return entry;
}

export function closeAllOverlays(): void {
  entries.peek()[0]?.close();
}

export const overlayIsOpen = () => entries.value.length > 0;
export const peekOverlayIsOpen = () => entries.peek().length > 0;

// In the text that somebody writes, the focus is on an element within a frame.
function focusedElement(): Element | null {
  const now = document.activeElement;
  const inner = now instanceof HTMLIFrameElement ? now.contentDocument?.activeElement : null;
  return inner ?? now;
}

// isGone: whatever floats now was opened by it, and keeps the focus.
function bringBackFocus(element: Element | null, isGone = false): void {
  // The overlay's own element goes from the page at the next render: only focus that would get lost then is moved.
  const now = document.activeElement;
  const inside = now === null || now === document.body || (!isGone && now.closest('[data-overlay]') !== null);
  if (!inside || !element?.isConnected) return;
  // A frame takes the focus before what is in it does. Elements in it are of its own kinds: no instanceof of this page knows them.
  const frame = element.ownerDocument.defaultView?.frameElement as HTMLElement | null | undefined;
  frame?.focus({ preventScroll: true });
  if ('focus' in element) (element as HTMLElement).focus({ preventScroll: true });
}

/** label: of the landmark that they lie in, for those who go by landmarks. */
export function Overlays({ label }: { label: string }) {
  if (entries.value.length === 0) return null;
  return (
    <section class="overlays" aria-label={label}>
      {entries.value.map((entry) => (
        <Layer key={entry.id} entry={entry} />
      ))}
    </section>
  );
}

function Layer({ entry }: { entry: Entry }) {
  useLayoutEffect(() => {
    // While its dialog is there, nothing behind it takes the focus.
    return () => queueMicrotask(() => bringBackFocus(entry.focused, true));
  }, [entry]);
  return <>{entry.render(entry)}</>;
}
