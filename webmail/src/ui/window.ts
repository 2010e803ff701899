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

export function spanAt(top: number, view: number, rowHeight: number, count: number, around = OVERSCAN): Span {
  const from = Math.max(0, Math.floor(top / rowHeight) - around);
  const to = Math.min(count, Math.ceil((top + view) / rowHeight) + around);
  return { from: Math.min(from, to), to };
}

// Rows to draw when these are seen. What comes into sight all at once (the first rows, a jump) is painted alone, and the rows around it later.
export function spanToDraw(seen: Span, drawn: Span, wanted: Span, isFirst: boolean): Span {
  const isFar = isFirst || seen.from >= drawn.to || seen.to <= drawn.from;
  if (!isFar) return wanted;
  return seen.from >= drawn.from && seen.to <= drawn.to ? drawn : seen;
}

// The list's top at which the row is seen whole; the same top, if it is already.
export function topToShow(index: number, top: number, view: number, rowHeight: number): number {
  const row = index * rowHeight;
  if (row < top) return row;
  if (row + rowHeight > top + view) return Math.max(0, row + rowHeight - view);
  return top;
}
