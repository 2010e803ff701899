// A chip: a small switch (a filter), or a small thing that can be taken away (an operator of a search, a label).
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './Icon.tsx';

export interface ToggleChipProps {
  on: boolean;
  icon?: IconName;
  onClick(): void;
  children: ComponentChildren;
}

export function ToggleChip({ on, icon, onClick, children }: ToggleChipProps) {
  return (
    <button type="button" class="chip chip-toggle" aria-pressed={on} onClick={onClick}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface ChipProps {
  // One of the eight colours of labels, or none.
  colour?: string;
  // The words of the button that takes it away; without it there is none.
  removeWords?: string;
  onRemove?(): void;
  onClick?(): void;
  children: ComponentChildren;
}

export function Chip({ colour, removeWords, onRemove, onClick, children }: ChipProps) {
  return (
    <span class="chip" data-colour={colour}>
      {onClick ? (
        <button type="button" class="chip-words" onClick={onClick}>
          {children}
        </button>
      ) : (
        <span class="chip-words">{children}</span>
      )}
      {removeWords && (
        <button type="button" class="chip-remove" aria-label={removeWords} onClick={onRemove}>
          <Icon name="x" />
        </button>
      )}
    </span>
  );
}
