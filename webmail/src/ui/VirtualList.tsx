// A list of any length, of which only the rows in the window are in the document. All rows have one height. What is added or taken away
// above the window leaves the rows in it where they are; a list that stands at its top stays at its top.
import { useSignal } from '@preact/signals';
import type { ComponentChildren, HTMLAttributes, VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { afterPaint } from './paint.ts';
import { boxHeight, listTop, scrollTopFor, spanAt, spanToDraw, topToShow, type Span } from './window.ts';

export interface VirtualListHandle {
  show(index: number): void;
  // Rows that fit into the window, at least one.
  page(): number;
  first(): number;
  element(): HTMLElement;
}

export interface VirtualListProps {
  count: number;
  rowHeight: number;
  // Changes whenever the order of the rows has changed.
  version: unknown;
  class?: string;
  // The row that stands at the top in the beginning.
  start?: number;
  // A key for the row: the same for the same thing wherever it is. Undefined for a row that isn't loaded.
  keyOf(index: number): string | undefined;
  // Where the thing is now; -1 when it isn't in the list.
  indexOf(key: string): number;
  row(index: number): VNode;
  // Changes when rows are to be drawn anew though the list is the same.
  stamp?: unknown;
  // The rows that are drawn now.
  want(from: number, to: number): void;
  // The first row that is seen.
  top?(index: number): void;
  handle?: (handle: VirtualListHandle | null) => void;
  attributes?: HTMLAttributes<HTMLDivElement> & { [data: `data-${string}`]: unknown };
  children?: ComponentChildren;
}

export function VirtualList(props: VirtualListProps) {
  const { count, rowHeight, version } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const span = useSignal<Span>({ from: 0, to: Math.min(count, Math.ceil(innerHeight / rowHeight)) });
  const isFirst = useRef(true);
  const later = useRef<(() => void) | undefined>(undefined);
  const view = useRef(0);
  const now = useRef(props);
  now.current = props;
  // What was seen before the order changed: rows from the top of the window, and how far the first one stuck out above it.
  const seen = useRef<{ keys: (string | undefined)[]; from: number; offset: number }>({ keys: [], from: 0, offset: 0 });

  // As the last look found it: to ask for it anew makes the browser lay out all that has just changed.
  const lastTop = () => seen.current.from * now.current.rowHeight + seen.current.offset;
  const top = () => listTop(scroller.current!.scrollTop, now.current.count, now.current.rowHeight, view.current);
  const scrollTo = (to: number) => {
    scroller.current!.scrollTop = scrollTopFor(to, now.current.count, now.current.rowHeight, view.current);
  };
  const look = () => {
    const p = now.current;
    const t = top();
    const old = span.peek();
    const whole = spanAt(t, view.current, p.rowHeight, p.count);
    const next = spanToDraw(spanAt(t, view.current, p.rowHeight, p.count, 0), old, whole, isFirst.current);
    if (next.from !== old.from || next.to !== old.to) span.value = next;
    if (next !== whole)
      later.current ??= afterPaint(() => {
        later.current = undefined;
        isFirst.current = false;
        look();
      });
    const first = Math.min(Math.floor(t / p.rowHeight), Math.max(0, p.count - 1));
    const last = Math.min(p.count, Math.ceil((t + view.current) / p.rowHeight));
    const keys = [];
    for (let i = first; i < last; i++) keys.push(p.keyOf(i));
    seen.current = { keys, from: first, offset: t - first * p.rowHeight };
    p.want(next.from, next.to);
    p.top?.(first);
  };

  useLayoutEffect(() => {
    const element = scroller.current!;
    const measure = () => {
      view.current = element.clientHeight;
      look();
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    view.current = element.clientHeight;
    if (props.start) scrollTo(props.start * rowHeight);
    measure();
    element.addEventListener('scroll', look, { passive: true });
    props.handle?.({
      show: (index) => {
        const to = topToShow(index, lastTop(), view.current, now.current.rowHeight);
        if (to === lastTop()) return;
        scrollTo(to);
        look();
      },
      page: () => Math.max(1, Math.floor(view.current / now.current.rowHeight)),
      first: () => seen.current.from,
      element: () => element,
    });
    return () => {
      observer.disconnect();
      later.current?.();
      element.removeEventListener('scroll', look);
      props.handle?.(null);
    };
  }, []);

  useLayoutEffect(() => {
    const { keys, from, offset } = seen.current;
    if (from > 0 || offset > now.current.rowHeight / 2) {
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        const at = key === undefined ? -1 : now.current.indexOf(key);
        if (at < 0) continue;
        if (at !== from + i) scrollTo(Math.max(0, (at - i) * rowHeight + offset));
        break;
      }
    }
    look();
  }, [version, count, rowHeight]);

  // A row that is drawn already is handed over as it is, so that a scroll draws only what comes into the window.
  const drawn = useRef<{ from: unknown[]; slots: Map<number, { y: number; vnode: VNode }> }>({ from: [], slots: new Map() });
  const from = [version, count, rowHeight, props.stamp];
  if (from.some((one, i) => one !== drawn.current.from[i])) drawn.current = { from, slots: new Map() };
  const slots = new Map<number, { y: number; vnode: VNode }>();
  const rows: VNode[] = [];
  const to = Math.min(span.value.to, count);
  const stretched = boxHeight(count, rowHeight) < count * rowHeight;
  const shift = stretched && scroller.current ? scroller.current.scrollTop - top() : 0;
  for (let index = span.value.from; index < to; index++) {
    const y = index * rowHeight + shift;
    const known = drawn.current.slots.get(index);
    const vnode =
      known?.y === y ? (
        known.vnode
      ) : (
        <Slot key={props.keyOf(index) ?? `#${index}`} y={y} height={rowHeight}>
          {props.row(index)}
        </Slot>
      );
    slots.set(index, { y, vnode });
    rows.push(vnode);
  }
  drawn.current.slots = slots;
  return (
    <div {...props.attributes} ref={scroller} class={`virtual ${props.class ?? ''}`}>
      {props.children}
      <div class="virtual-box" role="presentation" style={{ height: `${boxHeight(count, rowHeight)}px` }}>
        {rows}
      </div>
    </div>
  );
}

function Slot({ y, height, children }: { y: number; height: number; children: ComponentChildren }) {
  return (
    <div class="virtual-row" role="presentation" style={{ transform: `translateY(${y}px)`, height: `${height}px` }}>
      {children}
    </div>
  );
}
