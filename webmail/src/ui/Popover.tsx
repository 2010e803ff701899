// A box in the browser's top layer beside its anchor. It closes by Escape, by a click beside it and when the window changes its size.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { boxOf, place } from './position.ts';

export interface PopoverProps {
  anchor: Element | { x: number; y: number };
  align?: 'start' | 'centre' | 'end';
  class?: string;
  close(): void;
  children: ComponentChildren;
}

export function Popover({ anchor, align = 'start', class: name = '', close, children }: PopoverProps) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = ref.current!;
    box.showPopover();
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
    const outside = (event: Event) => {
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
  return (
    <div
      ref={ref}
      popover="manual"
      data-overlay
      class={`popover ${name}`}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        event.preventDefault();
        close();
      }}
    >
      {children}
    </div>
  );
}

// Is the element in an overlay that was opened after this box (and so perhaps from within it)?
function later(box: Element, element: Element): boolean {
  const other = element.closest('[data-overlay]');
  return other !== null && other !== box && (box.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}
