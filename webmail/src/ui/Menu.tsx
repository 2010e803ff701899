// A menu (WAI-ARIA's pattern "menu"): arrows, Home and End, typing a first letter, Enter. Opened by a function, beside an element or a point.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Icon, type IconName } from './Icon.tsx';
import { openOverlay, type Overlay } from './overlay.tsx';
import { Popover } from './Popover.tsx';

export interface MenuEntry {
  id: string;
  words: string;
  icon?: IconName;
  // As it is shown: "e", "g i".
  keys?: string;
  // A switch, that is on or off.
  checked?: boolean;
  disabled?: boolean;
  danger?: boolean;
  run(): void;
}

export type MenuItem = MenuEntry | { separator: string } | { heading: string };

export interface MenuOptions {
  // What the menu is, for a screen reader: "Actions of the conversation".
  label: string;
  align?: 'start' | 'centre' | 'end';
  closed?(): void;
}

// Two separators side by side, or one at an end, say nothing: the callers leave entries out and need not think of it.
export function tidy(items: readonly MenuItem[]): MenuItem[] {
  const kept: MenuItem[] = [];
  for (const item of items) {
    const last = kept[kept.length - 1];
    if ('separator' in item && (last === undefined || 'separator' in last)) continue;
    kept.push(item);
  }
  while (kept.length > 0 && 'separator' in kept[kept.length - 1]!) kept.pop();
  return kept;
}

export function openMenu(anchor: Element | { x: number; y: number }, items: readonly MenuItem[], options: MenuOptions): Overlay {
  const shown = tidy(items);
  return openOverlay('menu', (self) => <Menu anchor={anchor} items={shown} options={options} close={self.close} />, options.closed);
}

// The next entry that can be chosen, from `from`, in steps of `step`; round at the ends.
export function nextEntry(items: readonly MenuItem[], from: number, step: 1 | -1): number {
  for (let i = 1; i <= items.length; i++) {
    const at = (from + step * i + items.length * 2) % items.length;
    const item = items[at]!;
    if ('run' in item && !item.disabled) return at;
  }
  return from;
}

function Menu({
  anchor,
  items,
  options,
  close,
}: {
  anchor: Element | { x: number; y: number };
  items: MenuItem[];
  options: MenuOptions;
  close(): void;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const focus = (index: number) => ref.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus();
  useLayoutEffect(() => focus(nextEntry(items, -1, 1)), []);
  const current = () => Number(document.activeElement?.getAttribute('data-index') ?? -1);
  const choose = (item: MenuEntry) => {
    if (item.disabled) return;
    close();
    item.run();
  };
  const key = (event: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowDown: () => focus(nextEntry(items, current(), 1)),
      ArrowUp: () => focus(nextEntry(items, current(), -1)),
      Home: () => focus(nextEntry(items, -1, 1)),
      End: () => focus(nextEntry(items, items.length, -1)),
      Tab: close,
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      move();
    } else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const letter = event.key.toLocaleLowerCase();
      for (let i = 1; i <= items.length; i++) {
        const at = (current() + i + items.length) % items.length;
        const item = items[at]!;
        if ('run' in item && item.words.toLocaleLowerCase().startsWith(letter)) {
          focus(at);
          break;
        }
      }
    }
    // While a menu is open, no key of the page under it means anything.
    if (event.key !== 'Escape') event.stopPropagation();
  };
  return (
    <Popover label={options.label} anchor={anchor} align={options.align} class="menu-box" close={close}>
      <div ref={ref} role="menu" class="menu" aria-label={options.label} onKeyDown={key}>
        {items.map((item, index) => {
          if ('separator' in item) return <div key={`s${item.separator}`} role="separator" class="menu-separator" />;
          if ('heading' in item) {
            return (
              <div key={`h${item.heading}`} role="presentation" class="menu-heading">
                {item.heading}
              </div>
            );
          }
          return (
            <div
              key={item.id}
              role={item.checked === undefined ? 'menuitem' : 'menuitemcheckbox'}
              aria-checked={item.checked}
              aria-disabled={item.disabled || undefined}
              class={`menu-item${item.danger ? ' menu-item-danger' : ''}`}
              tabIndex={-1}
              data-index={index}
              onPointerMove={(event) => (event.currentTarget as HTMLElement).focus({ preventScroll: true })}
              onClick={() => choose(item)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' && event.key !== ' ') return;
                event.preventDefault();
                choose(item);
              }}
            >
              <span class="menu-icon">{item.checked ? <Icon name="check" /> : item.icon ? <Icon name={item.icon} /> : null}</span>
              <span class="menu-words">{item.words}</span>
              {item.keys && <kbd class="keys">{item.keys}</kbd>}
            </div>
          );
        })}
      </div>
    </Popover>
  );
}
