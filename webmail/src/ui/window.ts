// Which rows of a long list of equal heights are drawn, and where a list must be scrolled to. Pure.

export interface Span {
  from: number;
  to: number;
}

// Rows drawn above and below what is seen, so that a small scroll finds them painted.
export const OVERSCAN = 6;

// Browsers cap the height of an element (Firefox at about 17.8 million pixels). A longer list is drawn in a shorter box, and the place in the
// box is stretched to a place in the list.
export const MOST_HEIGHT = 15_000_000;

export function boxHeight(count: number, rowHeight: number): number {
  return Math.min(count * rowHeight, MOST_HEIGHT);
}

// How far the list's top lies above the window's top, for a scroll position of the box.
export function listTop(scrollTop: number, count: number, rowHeight: number, view: number): number {
  const whole = count * rowHeight;
  if (whole <= MOST_HEIGHT) return scrollTop;
  return scrollTop * ((whole - view) / Math.max(1, MOST_HEIGHT - view));
}

export function scrollTopFor(top: number, count: number, rowHeight: number, view: number): number {
  const whole = count * rowHeight;
  if (whole <= MOST_HEIGHT) return top;
  return top / ((whole - view) / Math.max(1, MOST_HEIGHT - view));
}

export function spanAt(top: number, view: number, rowHeight: number, count: number): Span {
  const from = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const to = Math.min(count, Math.ceil((top + view) / rowHeight) + OVERSCAN);
  return { from: Math.min(from, to), to };
}

// The list's top at which the row is seen whole; the same top, if it is already. `margin`: what is hidden at the window's top.
export function topToShow(index: number, top: number, view: number, rowHeight: number, margin = 0): number {
  const row = index * rowHeight;
  if (row < top + margin) return Math.max(0, row - margin);
  if (row + rowHeight > top + view) return Math.max(0, row + rowHeight - view);
  return top;
}
