/**
 * What somebody types between the key that begins an answer and the editor that opens for it. It goes into the text of that answer, and of no
 * other. Without this each letter would be a key of the list: "a" answers all, "s" stars, and "e" archives.
 */

/** An editor that has not come by then does not come: the keys mean again what they did. */
const WAIT_MS = 10_000;

/** Where a key belongs to whatever has the focus. The frame of a mail that is read hands its keys on, so it is none of these. */
const OWN_KEYS = 'input, textarea, select, .compose-frame, dialog';

export class Typing {
  private text = '';
  /** The key of the draft that it is for. */
  private key: string | undefined;
  private readonly timer = setTimeout(() => this.end(), WAIT_MS);
  private readonly listener = (event: KeyboardEvent): void => this.heard(event);

  constructor() {
    document.addEventListener('keydown', this.listener, true);
  }

  private heard(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.activeElement?.closest(OWN_KEYS)) return;
    if (event.key === 'Backspace') this.text = this.text.slice(0, -1);
    else if (event.key !== 'Enter' && [...event.key].length !== 1) return;
    // The key that began the answer may be held a little long.
    else if (!event.repeat) this.text += event.key === 'Enter' ? '\n' : event.key;
    event.preventDefault();
    event.stopPropagation();
  }

  for(key: string): void {
    this.key = key;
  }

  isFor(key: string): boolean {
    return this.key === key;
  }

  /** Nothing is caught any more. What was typed is still there to be taken, for a while. */
  stop(): void {
    document.removeEventListener('keydown', this.listener, true);
  }

  /** And what was typed is forgotten. Returns it. */
  end(): string {
    this.stop();
    clearTimeout(this.timer);
    if (typing === this) typing = undefined;
    return this.text;
  }
}

let typing: Typing | undefined;

export function catchTyping(): Typing {
  typing?.end();
  return (typing = new Typing());
}

/** What was typed for this draft; from here on nothing is caught for it. */
export function takeTyped(key: string): string {
  return typing?.isFor(key) ? typing.end() : '';
}

/** Somebody is asked for something else first, or the editor does not come: keys mean again what they did. */
export function stopTyping(key: string): void {
  if (typing?.isFor(key)) typing.stop();
}
