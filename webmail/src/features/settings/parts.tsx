/** What settings pages are made of: a sentence, its control, and an effect at once. There is no Save button. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Signal } from '@preact/signals';
import { shortDate, wholeDate } from '../../base/dates.ts';
import { t } from '../../base/words.ts';

/** What was done, for the notice that offers to undo it: "Theme: Dark". */
export const changedTo = (name: string, value: string): string => t('settings.changed', { name, value });
export const switched = (name: string, on: boolean): string => changedTo(name, t(on ? 'settings.on' : 'settings.off'));

/** The command that does the same on the server, for who looks after it. */
export function Command({ words }: { words: string }) {
  return <p class="set-command">{t('settings.command')} <code>postrider {words}</code></p>;
}

export function Section({ title, text, children }: { title: string; text?: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="set-section" aria-labelledby={id}>
      <h3 id={id} class="set-title">{title}</h3>
      {text && <p class="set-text">{text}</p>}
      {children}
    </section>
  );
}

export interface ChoiceOption<T extends string> {
  value: T;
  words: string;
  /** A dot in this accent's colour. */
  accent?: string;
}

/** One of a few: all are seen. */
export function Choice<T extends string>({ label, text, options, value, onChange }: { label: string; text?: string; options: ChoiceOption<T>[]; value: T; onChange(value: T): void }) {
  const name = useId();
  return (
    <fieldset class="set-row">
      <legend class="set-label">{label}</legend>
      {text && <p class="set-text">{text}</p>}
      <div class="set-choices">
        {options.map((option) => (
          <label key={option.value} class="set-choice">
            <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
            {option.accent && <span class="set-dot" data-accent={option.accent} />}
            {option.words}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** One of many. */
export function Select({ label, text, options, value, onChange }: { label: string; text?: string; options: ChoiceOption<string>[]; value: string; onChange(value: string): void }) {
  const id = useId();
  return (
    <div class="set-row">
      <label class="set-label" for={id}>{label}</label>
      {text && <p class="set-text">{text}</p>}
      <select id={id} class="field-input set-select" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.words}</option>)}
      </select>
    </div>
  );
}

export function Switch({ label, text, on, onChange }: { label: string; text?: string; on: boolean; onChange(on: boolean): void }) {
  const id = useId();
  return (
    <div class="set-row">
      <label class="set-switch">
        <input type="checkbox" role="switch" checked={on} aria-describedby={text ? id : undefined} onChange={(event) => onChange(event.currentTarget.checked)} />
        <span>{label}</span>
      </label>
      {text && <p id={id} class="set-text">{text}</p>}
    </div>
  );
}

/** A line of text that is kept when one leaves it, or presses Enter. */
export function Line({ label, text, value, type = 'text', autocomplete = 'off', onChange }: { label: string; text?: string; value: Signal<string>; type?: 'text' | 'datetime-local'; autocomplete?: string; onChange?(value: string): void }) {
  const id = useId();
  return (
    <div class="set-row">
      <label class="set-label" for={id}>{label}</label>
      {text && <p class="set-text">{text}</p>}
      <input id={id} class="field-input set-line" {...(type === 'text' ? { type: 'text' as const } : { type: 'datetime-local' as const })} autocomplete={autocomplete} value={value.value} onInput={(event) => (value.value = event.currentTarget.value)} onChange={() => onChange?.(value.peek())} />
    </div>
  );
}

/** When something was used last. words: the key of its sentence, which gets {when}. */
export function When({ seconds, words }: { seconds: number; words: string }) {
  if (seconds === 0) return <>{t('settings.neverUsed')}</>;
  const date = new Date(seconds * 1_000);
  return <time dateTime={date.toISOString()} title={wholeDate(date)}>{t(words, { when: shortDate(date, new Date()) })}</time>;
}
