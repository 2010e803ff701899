// A label of mail, in its colour: in a row it is only seen; elsewhere it leads to its mail, and can be taken off.
import { Icon } from './Icon.tsx';

export interface LabelChipProps {
  name: string;
  // One of the eight colours of labels.
  colour: string;
  // What a click on it does, in words; without them it is only seen.
  words?: string;
  onClick?(): void;
  // The words of the button that takes it off; without them there is none.
  removeWords?: string;
  onRemove?(): void;
}

export function LabelChip({ name, colour, words, onClick, removeWords, onRemove }: LabelChipProps) {
  if (!words) {
    return (
      <span class="label-chip" data-colour={colour} dir="auto">
        {name}
      </span>
    );
  }
  return (
    <span class="label-chip label-chip-live" data-colour={colour}>
      <button type="button" class="label-chip-name" title={words} dir="auto" onClick={onClick}>
        {name}
      </button>
      {removeWords && (
        <button type="button" class="label-chip-remove" aria-label={removeWords} title={removeWords} onClick={onRemove}>
          <Icon name="x" />
        </button>
      )}
    </span>
  );
}
