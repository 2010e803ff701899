// One tooltip for the whole page: it belongs to what has the attribute data-tip (and data-tip-keys), appears after a while under the mouse and
// at once when the keyboard brings the focus there. It repeats the control's own name, so a screen reader need not hear it.
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { boxOf, place } from './position.ts';

const DELAY_MS = 500;

export function Tooltip() {
  const target = useSignal<Element | null>(null);
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    let timer = 0;
    const hide = () => {
      clearTimeout(timer);
      target.value = null;
    };
    const over = (event: Event) => {
      const found = event.target instanceof Element ? event.target.closest('[data-tip]') : null;
      if (found === target.peek()) return;
      hide();
      if (found && !(event instanceof PointerEvent && event.pointerType === 'touch'))
        timer = window.setTimeout(() => (target.value = found), DELAY_MS);
    };
    const focus = (event: FocusEvent) => {
      const found = event.target instanceof Element && event.target.matches(':focus-visible') ? event.target.closest('[data-tip]') : null;
      hide();
      target.value = found;
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === 'Escape') hide();
    };
    document.addEventListener('pointerover', over);
    document.addEventListener('pointerdown', hide, true);
    document.addEventListener('focusin', focus);
    document.addEventListener('focusout', hide);
    document.addEventListener('keydown', key, true);
    document.addEventListener('scroll', hide, true);
    return () => {
      hide();
      document.removeEventListener('pointerover', over);
      document.removeEventListener('pointerdown', hide, true);
      document.removeEventListener('focusin', focus);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('keydown', key, true);
      document.removeEventListener('scroll', hide, true);
    };
  }, []);
  const on = target.value;
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || !on || !on.isConnected) return;
    box.showPopover();
    const size = { width: box.offsetWidth, height: box.offsetHeight };
    const placed = place(size, boxOf(on), { width: document.documentElement.clientWidth, height: window.innerHeight }, false, 'centre');
    box.style.left = `${placed.left}px`;
    box.style.top = `${placed.top}px`;
  }, [on]);
  if (!on) return null;
  const keys = on.getAttribute('data-tip-keys');
  return (
    <div ref={ref} popover="manual" class="tooltip" aria-hidden="true">
      {on.getAttribute('data-tip')}
      {keys && <kbd class="keys">{keys}</kbd>}
    </div>
  );
}
