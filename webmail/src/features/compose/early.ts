/**
 * What somebody types between the key that begins an answer and the editor that opens for it. It goes into the text. Without this each letter
 * would be a key of the list: "a" answers all, "s" stars, and "e" archives.
 */

/** An editor that has not come by then does not come: the keys mean again what they did. */
const WAIT_MS = 10_000;

let typed = '';
let end: (() => void) | undefined;

export function catchTyping(): void {
  end?.();
  typed = '';
  const listener = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.activeElement?.closest('input, textarea, select, iframe, dialog')) return;
    if (event.key === 'Backspace') typed = typed.slice(0, -1);
    else if (event.key === 'Enter') typed += '\n';
    else if ([...event.key].length === 1) typed += event.key;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener('keydown', listener, true);
  const timer = setTimeout(() => end?.(), WAIT_MS);
  end = () => {
    clearTimeout(timer);
    document.removeEventListener('keydown', listener, true);
    end = undefined;
  };
}

/** What was typed; from here on nothing is caught. */
export function takeTyped(): string {
  end?.();
  const text = typed;
  typed = '';
  return text;
}
