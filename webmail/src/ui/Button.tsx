// Buttons. Each has words: an icon alone is named by `label`, which is its tooltip as well.
import type { ComponentChildren, Ref } from 'preact';
import { Icon, type IconName } from './Icon.tsx';

interface Common {
  class?: string;
  disabled?: boolean;
  pressed?: boolean;
  expanded?: boolean;
  popup?: 'menu' | 'dialog' | 'listbox';
  // As the tooltip shows it: "e", "Ctrl+K".
  keys?: string;
  tabIndex?: number;
  buttonRef?: Ref<HTMLButtonElement>;
  onClick?(event: MouseEvent): void;
}

export interface ButtonProps extends Common {
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  icon?: IconName;
  submit?: boolean;
  children: ComponentChildren;
}

export function Button({ kind = 'plain', icon, submit, children, ...rest }: ButtonProps) {
  return (
    <button {...attributes(rest)} type={submit ? 'submit' : 'button'} class={`button button-${kind} ${rest.class ?? ''}`} data-tip-keys={rest.keys}>
      {icon && <Icon name={icon} />}
      <span class="button-words">{children}</span>
    </button>
  );
}

export interface IconButtonProps extends Common {
  icon: IconName;
  label: string;
}

export function IconButton({ icon, label, ...rest }: IconButtonProps) {
  return (
    <button
      {...attributes(rest)}
      type="button"
      class={`icon-button ${rest.class ?? ''}`}
      aria-label={label}
      data-tip={label}
      data-tip-keys={rest.keys}
    >
      <Icon name={icon} />
    </button>
  );
}

function attributes({ disabled, pressed, expanded, popup, keys, tabIndex, buttonRef, onClick }: Common) {
  return {
    ref: buttonRef,
    'aria-disabled': disabled || undefined,
    'aria-pressed': pressed,
    'aria-expanded': expanded,
    'aria-haspopup': popup,
    'aria-keyshortcuts': keys === undefined || keys.includes(' ') ? undefined : ariaKeys(keys),
    tabIndex,
    // A disabled button keeps the focus and can be found by a screen reader: it only does nothing.
    onClick: (event: MouseEvent) => {
      if (!disabled) onClick?.(event);
    },
  };
}

// The names that aria-keyshortcuts wants: "Control+K", "Shift+I".
export function ariaKeys(keys: string): string {
  return keys.replace('Ctrl+', 'Control+');
}
