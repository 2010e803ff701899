/** Fingers on rows: a swipe runs an action (which one is a setting), a long press selects, a pull at the top looks for new mail. */
import { actions } from '../../actions/registry.ts';
import { pane } from '../../model/current.ts';
import { setting } from '../../model/settings.ts';

/** A swipe counts from here; before it, the row comes back. */
const SWIPE = 80;
/** The finger has to move so far before it is clear where to. */
const SLACK = 10;
const LONG_PRESS_MS = 450;
const PULL = 72;

interface Touch {
  x: number;
  y: number;
  row: HTMLElement;
  list: HTMLElement;
  way: 'unknown' | 'across' | 'along' | 'pull';
  timer: number;
}

let touch: Touch | undefined;

function end(): void {
  if (!touch) return;
  clearTimeout(touch.timer);
  touch.row.style.removeProperty('transform');
  delete touch.row.dataset['swipe'];
  touch.list.style.removeProperty('--pull');
  touch = undefined;
}

export const touchEvents = {
  onTouchStart(event: TouchEvent) {
    end();
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-key]') : null;
    const first = event.touches[0];
    if (!target || !first || event.touches.length > 1) return;
    const key = target.dataset['key']!;
    touch = { x: first.clientX, y: first.clientY, row: target, list: event.currentTarget as HTMLElement, way: 'unknown', timer: 0 };
    touch.timer = window.setTimeout(() => {
      pane.toggle(key);
      end();
    }, LONG_PRESS_MS);
  },
  onTouchMove(event: TouchEvent) {
    const first = event.touches[0];
    if (!touch || !first) return;
    const dx = first.clientX - touch.x;
    const dy = first.clientY - touch.y;
    if (touch.way === 'unknown') {
      if (Math.abs(dx) < SLACK && Math.abs(dy) < SLACK) return;
      clearTimeout(touch.timer);
      touch.way = Math.abs(dx) > Math.abs(dy) ? 'across' : dy > 0 && touch.list.scrollTop <= 0 ? 'pull' : 'along';
    }
    if (touch.way === 'across') {
      touch.row.style.transform = `translateX(${dx}px)`;
      touch.row.dataset['swipe'] = Math.abs(dx) < SWIPE ? 'no' : 'yes';
    } else if (touch.way === 'pull') touch.list.style.setProperty('--pull', `${Math.max(0, Math.min(PULL, dy / 2))}px`);
  },
  onTouchEnd(event: TouchEvent) {
    const last = event.changedTouches[0];
    if (!touch || !last) return end();
    const { way, row, x, y } = touch;
    const dx = last.clientX - x;
    const dy = last.clientY - y;
    end();
    if (way === 'pull' && dy / 2 >= PULL) void pane.list.peek()?.refresh();
    if (way !== 'across' || Math.abs(dx) < SWIPE) return;
    const rtl = getComputedStyle(row).direction === 'rtl';
    const action = setting(dx > 0 !== rtl ? 'swipeEnd' : 'swipeStart').peek();
    pane.withTargets([row.dataset['key']!], () => actions.run(action));
  },
  onTouchCancel: end,
};
