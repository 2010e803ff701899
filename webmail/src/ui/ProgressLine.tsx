// How far long work is, and the button that stops it.
import { Button } from './Button.tsx';

export interface ProgressLineProps {
  // What goes on.
  words: string;
  done: number;
  all: number;
  // How far it is, in words: "300 of 2,000".
  far: string;
  stopWords: string;
  stop(): void;
}

export function ProgressLine({ words, done, all, far, stopWords, stop }: ProgressLineProps) {
  return (
    <div class="progress-line" role="status">
      <span class="progress-line-words">{words}</span>
      <progress max={Math.max(all, 1)} value={done} aria-label={words} />
      <span class="progress-line-far">{far}</span>
      <Button kind="quiet" onClick={stop}>
        {stopWords}
      </Button>
    </div>
  );
}
