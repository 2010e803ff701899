// A box with a line to type in and a list that gets shorter by it (WAI-ARIA's pattern "combobox" with a list box): the palette of actions,
// "move to", "label". The list is drawn in a window of its own height: at most MOST_SHOWN rows, since nobody reads more.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { Icon, type IconName } from './Icon.tsx';
import { openOverlay, type Overlay } from './overlay.tsx';
import { Popover } from './Popover.tsx';

export interface Choice {
  id: string;
  words: string;
  // What stands behind the words in grey: where it lies.
  detail?: string;
  // Other words by which it is found.
  also?: string;
  icon?: IconName;
  colour?: string;
  keys?: string;
  // Of a list in which several may be on.
  checked?: boolean | 'mixed';
  // It stays open after this choice (a list in which several may be on).
  stays?: boolean;
  run(): void;
}

export interface PickerOptions {
  label: string;
  placeholder: string;
  // Nothing fits what was typed.
  none: string;
  choices(text: string): Choice[];
  // Without it the box lies in the middle of the window, at its top third.
  anchor?: Element | { x: number; y: number };
  closed?(): void;
}

const MOST_SHOWN = 100;

export function openPicker(options: PickerOptions): Overlay {
  return openOverlay('picker', (self) => <Picker options={options} close={self.close} />, options.closed);
}

function Picker({ options, close }: { options: PickerOptions; close(): void }) {
  const text = useSignal('');
  const turn = useSignal(0);
  const at = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const choices = useMemo(() => options.choices(text.value).slice(0, MOST_SHOWN), [text.value, turn.value, options]);
  const index = Math.min(at.value, choices.length - 1);
  useLayoutEffect(() => input.current?.focus(), []);
  useLayoutEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [index, choices]);
  const run = (choice: Choice | undefined) => {
    if (!choice) return;
    if (choice.stays) {
      choice.run();
      turn.value++;
      return;
    }
    close();
    choice.run();
  };
  const key = (event: KeyboardEvent) => {
    const step = (by: number) => {
      event.preventDefault();
      if (choices.length > 0) at.value = (index + by + choices.length) % choices.length;
    };
    if (event.key === 'ArrowDown') step(1);
    else if (event.key === 'ArrowUp') step(-1);
    else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      run(choices[index]);
    } else if (event.key === 'Tab') {
      event.preventDefault();
      close();
    }
    if (event.key !== 'Escape') event.stopPropagation();
  };
  const body = (
    <div class="picker">
      <input
        ref={input}
        class="picker-input"
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="picker-list"
        aria-autocomplete="list"
        aria-activedescendant={index >= 0 ? `picker-${index}` : undefined}
        aria-label={options.label}
        placeholder={options.placeholder}
        autocomplete="off"
        spellcheck={false}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={key}
      />
      <div
        ref={list}
        id="picker-list"
        class="picker-list"
        role="listbox"
        aria-label={options.label}
        aria-multiselectable={choices.some((c) => c.stays) || undefined}
      >
        {choices.map((choice, i) => (
          <div
            key={choice.id}
            id={`picker-${i}`}
            role="option"
            aria-selected={i === index}
            aria-checked={choice.checked}
            class="picker-row"
            onPointerMove={() => (at.value = i)}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => run(choice)}
          >
            <span class="picker-icon" data-colour={choice.colour}>
              {choice.icon && <Icon name={choice.icon} />}
            </span>
            <span class="picker-words">
              {choice.words}
              {choice.detail && <span class="picker-detail">{choice.detail}</span>}
            </span>
            {choice.keys && <kbd class="keys">{choice.keys}</kbd>}
          </div>
        ))}
      </div>
      {choices.length === 0 && (
        <p class="picker-none" role="status">
          {options.none}
        </p>
      )}
    </div>
  );
  return options.anchor ? (
    <Popover label={options.label} anchor={options.anchor} class="picker-box" close={close}>
      {body}
    </Popover>
  ) : (
    <Middle label={options.label} close={close}>
      {body}
    </Middle>
  );
}

function Middle({ label, close, children }: { label: string; close(): void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={ref}
      data-overlay
      class="picker-middle"
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => {
        if (event.target === ref.current) close();
      }}
    >
      {children}
    </dialog>
  );
}

// What was typed against a choice's words: all words of the text must begin words of the choice, or its first letters must be the text
// ("gi": "Go to inbox"). The smaller the number, the better; undefined: it does not fit.
export function fits(text: string, words: string): number | undefined {
  const wanted = plain(text).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return 0;
  const have = plain(words);
  if (have.startsWith(wanted.join(' '))) return 0;
  const parts = have.split(/[\s/.,:()'"-]+/).filter(Boolean);
  if (wanted.every((w) => parts.some((p) => p.startsWith(w)))) return 1;
  if (
    wanted.length === 1 &&
    parts
      .map((p) => p[0])
      .join('')
      .includes(wanted[0]!)
  )
    return 2;
  if (wanted.every((w) => have.includes(w))) return 3;
  return undefined;
}

// Without case and without marks over letters: "Entwürfe" is found by "entwurfe".
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}

export function best<T>(text: string, all: readonly T[], words: (one: T) => string): T[] {
  const found: { one: T; rank: number; at: number }[] = [];
  all.forEach((one, at) => {
    const rank = fits(text, words(one));
    if (rank !== undefined) found.push({ one, rank, at });
  });
  return found.sort((a, b) => a.rank - b.rank || a.at - b.at).map((f) => f.one);
}
