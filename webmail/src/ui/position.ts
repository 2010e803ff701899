// Where a box that floats (menu, popover, tooltip) lies beside what it belongs to. Pure: it gets rectangles and gives one.

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}
export interface Size {
  width: number;
  height: number;
}
export interface Placed {
  left: number;
  top: number;
  maxHeight: number;
  above: boolean;
}

// Space between the box and the window's edge, and between the box and its anchor.
const EDGE = 8;
const GAP = 4;
// A box that gets less height than this below goes above, if there is more room there. Where neither has as much, as at 400 % zoom, it lies over
// its anchor and may have the whole window.
const LEAST_HEIGHT = 160;

// `start`: the box's leading edge is the anchor's leading edge (the right one in a language that runs right to left).
// `centre`: the box lies centred over the anchor. `end`: trailing edges meet.
export function place(size: Size, anchor: Box, window: Size, rtl: boolean, align: 'start' | 'centre' | 'end' = 'start'): Placed {
  const below = window.height - EDGE - (anchor.top + anchor.height + GAP);
  const over = anchor.top - GAP - EDGE;
  const covers = size.height > Math.max(over, below) && Math.max(over, below) < LEAST_HEIGHT;
  const above = !covers && size.height > below && below < LEAST_HEIGHT && over > below;
  const maxHeight = Math.max(0, covers ? window.height - 2 * EDGE : above ? over : below);
  const height = Math.min(size.height, maxHeight);
  const top = covers ? window.height - EDGE - height : above ? anchor.top - GAP - height : anchor.top + anchor.height + GAP;
  const left_edge = anchor.left;
  const right_edge = anchor.left + anchor.width - size.width;
  let left = align === 'centre' ? anchor.left + (anchor.width - size.width) / 2 : (align === 'start') !== rtl ? left_edge : right_edge;
  left = Math.max(EDGE, Math.min(left, window.width - EDGE - size.width));
  return { left: Math.round(left), top: Math.round(top), maxHeight: Math.floor(maxHeight), above };
}

export function boxOf(anchor: Element | { x: number; y: number }): Box {
  if (anchor instanceof Element) {
    const r = anchor.getBoundingClientRect();
    return { left: r.left, top: r.top, width: r.width, height: r.height };
  }
  return { left: anchor.x, top: anchor.y, width: 0, height: 0 };
}
