// Toasts: what was done, with Undo; what failed. Drawn at the foot of the window; said by a live region. The time stops while the mouse or
// the focus is on them.
import { signal } from '@preact/signals';
import { Button, IconButton } from './Button.tsx';

export interface ToastOptions {
  words: string;
  // "Undo", "Try again".
  action?: { words: string; keys?: string; run(): void };
  kind?: 'done' | 'failed';
  seconds?: number;
  // A toast with the key of another takes its place.
  key?: string;
}

interface Toast extends ToastOptions {
  id: number;
  left: number;
  since: number;
}

const SECONDS = 8;
// More at once hide the page: the oldest goes.
const MOST = 3;
// Time is looked at so often.
const TICK_MS = 250;

const shown = signal<readonly Toast[]>([]);
let numbers = 0;
let held = false;
let timer = 0;

export function showToast(options: ToastOptions): () => void {
  const toast: Toast = { ...options, id: ++numbers, left: (options.seconds ?? SECONDS) * 1000, since: performance.now() };
  const others = shown.peek().filter((t) => options.key === undefined || t.key !== options.key);
  shown.value = [...others, toast].slice(-MOST);
  if (timer === 0) timer = window.setInterval(tick, TICK_MS);
  return () => dismiss(toast.id);
}

export function dismissToasts(key?: string): void {
  shown.value = key === undefined ? [] : shown.peek().filter((t) => t.key !== key);
}

function dismiss(id: number): void {
  shown.value = shown.peek().filter((t) => t.id !== id);
}

function tick(): void {
  const now = performance.now();
  let over = false;
  for (const toast of shown.peek()) {
    if (!held) toast.left -= now - toast.since;
    toast.since = now;
    if (toast.left <= 0) over = true;
  }
  if (over) shown.value = shown.peek().filter((t) => t.left > 0);
  if (shown.peek().length === 0) {
    clearInterval(timer);
    timer = 0;
  }
}

export function Toasts({ label, dismissWords }: { label: string; dismissWords: string }) {
  return (
    <section
      class="toasts"
      aria-label={label}
      onPointerEnter={() => (held = true)}
      onPointerLeave={() => (held = false)}
      onFocusIn={() => (held = true)}
      onFocusOut={() => (held = false)}
    >
      <div role="status" aria-live="polite" class="toasts-list">
        {shown.value.map((toast) => (
          <div key={toast.id} class={`toast toast-${toast.kind ?? 'done'}`}>
            <span class="toast-words">{toast.words}</span>
            {toast.action && (
              <Button
                kind="quiet"
                class="toast-action"
                keys={toast.action.keys}
                onClick={() => {
                  dismiss(toast.id);
                  toast.action!.run();
                }}
              >
                {toast.action.words}
              </Button>
            )}
            <IconButton icon="x" label={dismissWords} onClick={() => dismiss(toast.id)} />
          </div>
        ))}
      </div>
    </section>
  );
}
