// A box in the browser's top layer beside its anchor. It closes by Escape, by a click beside it and when the window changes its size.
// Over a dialog that must be answered first (the drawer of a phone), only another such dialog can be touched: there the box is one.
import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { boxOf, place } from './position.ts';

export interface PopoverProps {
  // What is in it, for a screen reader.
  label: string;
  anchor: Element | { x: number; y: number };
  align?: 'start' | 'centre' | 'end';
  class?: string;
  close(): void;
  children: ComponentChildren;
}

export function Popover({ label, anchor, align = 'start', class: name = '', close, children }: PopoverProps) {
  const ref = useRef<HTMLElement>(null);
  const overDialog = useRef(document.querySelector('dialog:modal') !== null).current;
  useLayoutEffect(() => {
    const box = ref.current!;
    if (box instanceof HTMLDialogElement) box.showModal();
    else box.showPopover();
    const put = () => {
      box.style.maxHeight = '';
      const placed = place(
        { width: box.offsetWidth, height: box.scrollHeight + 2 },
        boxOf(anchor),
        { width: document.documentElement.clientWidth, height: window.innerHeight },
        getComputedStyle(box).direction === 'rtl',
        align,
      );
      box.style.left = `${placed.left}px`;
      box.style.top = `${placed.top}px`;
      box.style.maxHeight = `${placed.maxHeight}px`;
    };
    put();
    const observer = new ResizeObserver(put);
    observer.observe(box);
    const outside = (event: PointerEvent) => {
      // What lies around a dialog is the dialog's own.
      if (event.target === box && !holds(box.getBoundingClientRect(), event)) close();
      if (event.target instanceof Node && !box.contains(event.target) && !(event.target instanceof Element && later(box, event.target))) close();
    };
    const resized = () => close();
    document.addEventListener('pointerdown', outside, true);
    window.addEventListener('resize', resized);
    return () => {
      observer.disconnect();
      document.removeEventListener('pointerdown', outside, true);
      window.removeEventListener('resize', resized);
    };
  }, [anchor, align]);
  const shared = {
    'data-overlay': true,
    class: `popover ${name}`,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      event.preventDefault();
      close();
    },
    children,
  };
  if (!overDialog) return <div {...shared} ref={ref as RefObject<HTMLDivElement>} popover="manual" />;
  // The phone's own "back".
  const cancel = (event: Event) => {
    event.preventDefault();
    close();
  };
  return <dialog {...shared} ref={ref as RefObject<HTMLDialogElement>} aria-label={label} onCancel={cancel} />;
}

const holds = (box: DOMRect, { clientX: x, clientY: y }: PointerEvent): boolean => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;

// Is the element in an overlay that was opened after this box (and so perhaps from within it)?
function later(box: Element, element: Element): boolean {
  const other = element.closest('[data-overlay]');
  return other !== null && other !== box && (box.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}
