/** One region for what is said to those who do not see the screen, and is seen without being said. It is there before it says something. */
import { signal } from '@preact/signals';
import { afterPaint } from './paint.ts';

const words = signal('');

/** The same words are said again: the region is empty in between. */
export function speak(text: string): void {
  words.value = '';
  afterPaint(() => (words.value = text));
}

export function Spoken() {
  return (
    <div class="spoken" role="status" aria-live="polite" data-spoken>
      {words.value}
    </div>
  );
}
