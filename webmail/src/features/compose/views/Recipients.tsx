/** A field of recipients: each is a chip; who is typed is completed; lists are pasted whole; chips move between fields by drag or keys. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../../../base/words.ts';
import { mail } from '../../../model/current.ts';
import { arrowStep } from '../../../ui/direction.ts';
import { Icon } from '../../../ui/Icon.tsx';
import { domainOf, fails, lockOf, noteOf } from '../checks.ts';
import type { Composer } from '../composer.ts';
import { isAddress, readPeople, sameAddress, spokenName, withoutRepeats, writePerson } from '../draft/people.ts';
import type { Person } from '../draft/types.ts';
import { loadPeople, people } from '../known.ts';
import { checks } from '../recipients.ts';
import { likelyMeant } from '../suggest.ts';

export type Field = 'to' | 'cc' | 'bcc';

const PERSON_TYPE = 'application/x-postrider-person';

interface Dragged {
  composer: string;
  field: Field;
  person: Person;
}

function setPeople(composer: Composer, field: Field, list: Person[]): void {
  composer.setPeople(field, withoutRepeats(list));
}

export function Recipients({ composer, field, label, children }: { composer: Composer; field: Field; label: string; children?: preact.ComponentChildren }) {
  const id = useId();
  // A window that was folded comes back with what was begun.
  const text = useSignal(composer.unread.peek()[field] ?? '');
  const choice = useSignal(0);
  const chosen = useSignal(false);
  const open = useSignal(false);
  const over = useSignal(false);
  const input = useRef<HTMLInputElement>(null);
  const root = useRef<HTMLDivElement>(null);
  const list = composer.draft.value[field];
  const all = [...composer.draft.value.to, ...composer.draft.value.cc, ...composer.draft.value.bcc];
  const online = mail().status.value.connection === 'online';
  const written = list.map(({ email }) => email).filter(isAddress);
  useEffect(() => checks.want(written), [written.join('\n'), online]);
  const found = open.value ? people.find(text.value, all) : [];

  const write = (value: string) => {
    text.value = value;
    choice.value = 0;
    chosen.value = false;
    open.value = value.trim() !== '';
    composer.unread.value = { ...composer.unread.peek(), [field]: value };
  };
  const add = (added: readonly Person[], rest = '') => {
    if (added.length) setPeople(composer, field, [...composer.draft.peek()[field], ...added]);
    write(rest);
    open.value = false;
  };
  const take = (): boolean => {
    const read = readPeople(text.peek());
    if (!read.people.length) return false;
    add(read.people, read.rest);
    return true;
  };
  const remove = (index: number) => {
    setPeople(composer, field, composer.draft.peek()[field].filter((_, i) => i !== index));
    const chips = root.current?.querySelectorAll<HTMLElement>('.recipient-name');
    const next = chips?.[index + 1] ?? chips?.[index - 1];
    if (next && next !== document.activeElement) next.focus();
    else input.current?.focus();
  };
  const edit = (index: number) => {
    take();
    const person = composer.draft.peek()[field][index];
    if (!person) return;
    setPeople(composer, field, composer.draft.peek()[field].filter((_, i) => i !== index));
    write(writePerson(person));
    input.current?.focus();
  };

  const keys = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const { key } = event;
    const at = input.current?.selectionStart === 0 && input.current.selectionEnd === 0;
    // A whole address is meant as it was typed, though a longer one is known.
    const typed = text.value.trim();
    const offers = found.length > 0 && (chosen.value || !isAddress(typed) || found.some((one) => sameAddress(one.email, typed)));
    if ((key === 'ArrowDown' || key === 'ArrowUp') && found.length) {
      choice.value = (choice.value + (key === 'ArrowDown' ? 1 : found.length - 1)) % found.length;
      chosen.value = true;
    } else if (key === 'Escape' && found.length) open.value = false;
    else if ((key === 'Enter' || (key === 'Tab' && !event.shiftKey)) && offers && !event.ctrlKey && !event.metaKey) add([(chosen.value ? found[choice.value] : found.find((one) => sameAddress(one.email, typed))) ?? found[0]!]);
    else if (key === 'Enter' && text.value.trim() && !event.ctrlKey && !event.metaKey) take();
    else if ((key === ',' || key === ';') && take()) event.preventDefault();
    else if (key === 'Backspace' && !text.value && list.length) remove(list.length - 1);
    else if (arrowStep(event) < 0 && at && list.length) root.current?.querySelectorAll<HTMLElement>('.recipient-name')[list.length - 1]?.focus();
    else {
      if (key === 'Tab') take();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const paste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData?.getData('text/plain') ?? '';
    const read = readPeople(pasted);
    // One address in the midst of a text that is being written is just text.
    if (!read.people.length || text.value.trim()) return;
    event.preventDefault();
    add(read.people, read.rest);
  };

  const drop = (event: DragEvent) => {
    over.value = false;
    const data = event.dataTransfer?.getData(PERSON_TYPE);
    const plain = event.dataTransfer?.getData('text/plain') ?? '';
    if (!data && !plain) return;
    event.preventDefault();
    event.stopPropagation();
    if (!data) {
      add(readPeople(plain).people);
      return;
    }
    const dragged = JSON.parse(data) as Dragged;
    if (dragged.composer === composer.key && dragged.field !== field)
      composer.setPeople(dragged.field, composer.draft.peek()[dragged.field].filter((p) => p.email !== dragged.person.email));
    setPeople(composer, field, [...composer.draft.peek()[field], dragged.person]);
  };

  return (
    <div
      ref={root}
      class={`recipients${over.value ? ' recipients-over' : ''}`}
      data-field={field}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.some((type) => type === PERSON_TYPE || type === 'text/plain') || event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => (over.value = false)}
      onDrop={drop}
      onClick={(event) => event.target === event.currentTarget && input.current?.focus()}
    >
      <label class="compose-label" for={id}>{label}</label>
      <div class="recipients-line" onClick={(event) => event.target === event.currentTarget && input.current?.focus()}>
        {list.map((person, index) => (
          <RecipientChip key={person.email} composer={composer} field={field} person={person} remove={() => remove(index)} edit={() => edit(index)} />
        ))}
        <input
          ref={input}
          id={id}
          class="recipients-input"
          type="text"
          inputMode="email"
          autocomplete="off"
          spellcheck={false}
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={found.length ? `${id}-${choice.value}` : undefined}
          value={text.value}
          onInput={(event) => write(event.currentTarget.value)}
          onFocus={() => void loadPeople()}
          onKeyDown={keys}
          onPaste={paste}
          onBlur={() => {
            take();
            open.value = false;
          }}
        />
        {found.length > 0 && (
          <ul id={`${id}-list`} class="recipients-found" role="listbox" aria-label={t('compose.suggestions')}>
            {found.map((person, index) => (
              <li
                key={person.email}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === choice.value}
                onPointerDown={(event) => {
                  event.preventDefault();
                  add([person]);
                  input.current?.focus();
                }}
              >
                <span class="recipients-name">{spokenName(person)}</span>
                {person.name && <span class="recipients-address">{person.email}</span>}
              </li>
            ))}
          </ul>
        )}
      </div>
      {children}
      <Failing written={written} />
    </div>
  );
}

function checkWords(email: string): string {
  const key = noteOf(checks.of(email));
  return key ? t(key, { domain: domainOf(email) }) : '';
}

/** Whoever is not reached is named below the field, and said. */
function Failing({ written }: { written: readonly string[] }) {
  void checks.version.value;
  const lines = written.filter((email) => fails(checks.of(email)));
  return (
    <div class="recipients-failing" role="status">
      {lines.map((email) => <p key={email}>{t('compose.recipient.failing', { who: email, what: checkWords(email) })}</p>)}
    </div>
  );
}

interface ChipProps {
  composer: Composer;
  field: Field;
  person: Person;
  remove(): void;
  edit(): void;
}

function RecipientChip({ composer, field, person, remove, edit }: ChipProps) {
  const wrong = !isAddress(person.email);
  const refused = composer.refused.value.includes(person.email);
  const meant = likelyMeant(person.email, people);
  void checks.version.value;
  const check = wrong ? undefined : checks.of(person.email);
  const lost = fails(check);
  const lock = lockOf(check);
  const checked = wrong ? '' : checkWords(person.email);
  const asked = meant ? t('compose.recipient.meant', { address: meant }) : '';
  const note = wrong ? t('compose.recipient.wrong') : refused ? t('compose.recipient.refused') : [checked, asked].filter(Boolean).join(' ');
  const correct = () => composer.setPeople(field, composer.draft.peek()[field].map((p) => (p.email === person.email ? { ...p, email: meant! } : p)));
  return (
    <span class={`recipient${wrong || refused || lost ? ' recipient-wrong' : meant ? ' recipient-doubt' : ''}`}>
      {lock && !refused && <span class={`recipient-lock recipient-${lock}`} title={checked}><Icon name={lock} /></span>}
      <button
        type="button"
        class="recipient-name"
        tabIndex={-1}
        title={note || writePerson(person)}
        aria-description={[person.name ? person.email : '', note].filter(Boolean).join(', ') || undefined}
        draggable
        onDragStart={(event) => {
          const dragged: Dragged = { composer: composer.key, field, person };
          event.dataTransfer?.setData(PERSON_TYPE, JSON.stringify(dragged));
          event.dataTransfer?.setData('text/plain', writePerson(person));
        }}
        onDblClick={edit}
        onKeyDown={(event) => {
          const all = [...(event.currentTarget.closest('.recipients')?.querySelectorAll<HTMLElement>('.recipient-name, .recipients-input') ?? [])];
          const at = all.indexOf(event.currentTarget);
          const step = arrowStep(event);
          if (step && all[at + step]) all[at + step]!.focus();
          else if (event.key === 'Delete' || event.key === 'Backspace') remove();
          else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) edit();
          else if ((event.ctrlKey || event.metaKey) && event.key === 'c') void navigator.clipboard.writeText(writePerson(person));
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        {spokenName(person)}
      </button>
      {meant && !wrong && (
        <button type="button" class="recipient-correct" tabIndex={-1} onClick={correct}>{t('compose.recipient.correct')}</button>
      )}
      <button type="button" class="recipient-remove" tabIndex={-1} aria-label={t('compose.recipient.remove', { who: spokenName(person) })} onClick={remove}>
        <Icon name="x" />
      </button>
    </span>
  );
}
