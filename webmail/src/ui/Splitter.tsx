// The line between two panes, that is dragged (or moved by the arrow keys) to give one of them more room.
import { useRef } from 'preact/hooks';

export interface SplitterProps {
  label: string;
  // Of the pane before it, in pixels.
  value: number;
  min: number;
  max: number;
  // A line from side to side, between a pane above and one below.
  flat?: boolean;
  change(value: number): void;
}

const STEP = 16;

export function Splitter({ label, value, min, max, flat, change }: SplitterProps) {
  const from = useRef<{ at: number; value: number } | null>(null);
  const limited = (v: number) => Math.round(Math.max(min, Math.min(max, v)));
  const direction = (element: Element) => (!flat && getComputedStyle(element).direction === 'rtl' ? -1 : 1);
  return (
    <div
      role="separator"
      tabIndex={0}
      class={`splitter${flat ? ' splitter-flat' : ''}`}
      aria-label={label}
      aria-orientation={flat ? 'horizontal' : 'vertical'}
      aria-valuenow={limited(value)}
      aria-valuemin={min}
      aria-valuemax={Math.round(max)}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { at: flat ? event.clientY : event.clientX, value };
      }}
      onPointerMove={(event) => {
        if (!from.current) return;
        const moved = (flat ? event.clientY : event.clientX) - from.current.at;
        change(limited(from.current.value + moved * direction(event.currentTarget)));
      }}
      onPointerUp={() => (from.current = null)}
      onPointerCancel={() => (from.current = null)}
      onKeyDown={(event) => {
        const keys: Record<string, number> = flat ? { ArrowUp: -STEP, ArrowDown: STEP } : { ArrowLeft: -STEP, ArrowRight: STEP };
        const step = keys[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        change(limited(value + step * direction(event.currentTarget)));
      }}
    />
  );
}
