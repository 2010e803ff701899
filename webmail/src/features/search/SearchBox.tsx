/** The search box: operators are chips, completions appear as one types (WAI-ARIA's pattern "combobox"). */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { focusList } from '../../frame/focus.ts';
import { HOME, go, place, type Place } from '../../frame/router.ts';
import { type Asks, Batch } from '../../jmap/batch.ts';
import type { EmailRow } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { knownLabels } from '../../model/labels.ts';
import { mailboxName } from '../../model/mailboxes.ts';
import type { Store } from '../../model/store.ts';
import { parseSearch, searchesOf, writeSearch, type Term } from '../../model/search.ts';
import { forgetSearch, isSaved, saveSearch } from '../../model/searches.ts';
import { Chip } from '../../ui/Chip.tsx';
import { IconButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { complete, peopleOf, type Completion, type Known } from './suggest.ts';

/** The server is asked when somebody pauses so long. */
const PAUSE_MS = 200;
const FROM_SERVER = 5;
const ICONS: Record<Completion['kind'], string> = {
  person: 'user',
  folder: 'folder',
  label: 'tag',
  operator: 'sliders-horizontal',
  value: 'sliders-horizontal',
  subject: 'mail',
};

/** Where one was before one searched. */
let origin: Place = HOME;
let known: Known = { people: [], folders: [], labels: [], subjects: [] };

/** Looked up when the box gets the focus: all of what is here takes a few milliseconds. */
function learn(): void {
  const store = mail();
  const emails = store.emails.ids(store.mainAccount).flatMap((id) => store.emails.peek(id) ?? []);
  const mine = new Set(
    store.identities
      .all()
      .map((one) => one.email.toLowerCase())
      .concat(store.layer.session.username.toLowerCase()),
  );
  const subjects = new Map<string, EmailRow>();
  for (const email of emails) if ((subjects.get(email.threadId)?.receivedAt ?? '') < email.receivedAt) subjects.set(email.threadId, email);
  known = {
    people: peopleOf(emails, mine),
    folders: foldersOf(store),
    labels: knownLabels.peek(),
    subjects: [...subjects.values()].sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1)).map(subjectOf),
  };
}

/** The own ones, and others' whose names are not the same: a name stands for all folders that have it. */
function foldersOf(store: Store): Known['folders'] {
  const found = new Map<string, Known['folders'][number]>();
  for (const one of [...store.mailboxes.all(store.mainAccount), ...store.mailboxes.all()]) {
    const name = mailboxName(one);
    if (!found.has(name)) found.set(name, { id: one.id, name });
  }
  return [...found.values()];
}

function subjectOf(email: EmailRow): Known['subjects'][number] {
  const from = email.from?.[0];
  return { thread: email.threadId, subject: email.subject ?? '', from: from?.name || from?.email || '' };
}

/** Terms that are chips, and the rest as text. Where terms are alternatives all stays text: their order says which. */
export function parted(text: string): { chips: Term[]; text: string } {
  const terms = parseSearch(text);
  if (terms.some((term) => term.isOr || (term.group && !term.operator))) return { chips: [], text };
  return { chips: terms.filter((term) => term.operator), text: writeSearch(terms.filter((term) => !term.operator)) };
}

export function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  const text = useSignal('');
  const chips = useSignal<Term[]>([]);
  const isOpen = useSignal(false);
  const at = useSignal(-1);
  const offers = useSignal<Completion[]>([]);

  const shown = useRef<string | undefined>(undefined);
  useSignalEffect(() => {
    const here = place.value;
    if (here.kind === 'folder') origin = here;
    if (here.kind !== 'folder' && here.kind !== 'search') return;
    // Another conversation of the same list leaves alone what somebody is typing.
    const list = here.kind === 'search' ? `search ${here.text}` : `folder ${here.mailbox}`;
    if (list === shown.current) return;
    shown.current = list;
    const now = parted(here.kind === 'search' ? here.text : '');
    chips.value = now.chips;
    text.value = now.text;
    isOpen.value = false;
  });

  const whole = () => [writeSearch(chips.peek()), text.peek().trim()].filter(Boolean).join(' ');

  useEffect(() => {
    if (!isOpen.value) return;
    at.value = -1;
    offers.value = complete(text.value, known);
    const timer = setTimeout(() => void askServer(whole(), (found) => isOpen.peek() && (offers.value = merged(offers.peek(), found))), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text.value, isOpen.value]);

  const run = () => {
    isOpen.value = false;
    const wanted = whole();
    if (wanted === '') leave();
    else {
      go({ kind: 'search', text: wanted });
      focusList();
    }
  };
  const leave = () => {
    chips.value = [];
    text.value = '';
    isOpen.value = false;
    if (place.peek().kind === 'search') go(origin.kind === 'folder' ? { kind: 'folder', mailbox: origin.mailbox } : HOME);
    focusList();
  };
  const choose = (offer: Completion) => {
    if (offer.thread !== undefined) {
      isOpen.value = false;
      go({ kind: 'search', text: whole(), thread: offer.thread });
      return;
    }
    take(offer.text ?? '');
    // A person or a folder says all; an operator waits for its value.
    if (offer.kind !== 'operator') run();
    else input.current?.focus();
  };
  /** What is typed; an operator that is whole (followed by a space) becomes a chip. */
  const take = (typed: string) => {
    if (/:("[^"]+"|[^\s"]+)\s$/.test(typed)) {
      const now = parted(typed);
      if (now.chips.length > 0) {
        chips.value = [...chips.peek(), ...now.chips];
        text.value = now.text;
        return;
      }
    }
    text.value = typed;
  };
  const edit = (term: Term) => {
    chips.value = chips.peek().filter((one) => one !== term);
    text.value = `${writeSearch([term])}${text.peek() ? ` ${text.peek()}` : ''}`;
    input.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    const list = offers.peek();
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!isOpen.peek()) return open();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      at.value = ((at.peek() + 1 + step + list.length + 1) % (list.length + 1)) - 1;
    } else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault();
      const offer = isOpen.peek() ? list[at.peek()] : undefined;
      if (offer) choose(offer);
      else run();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      if (isOpen.peek() && list.length > 0) isOpen.value = false;
      else leave();
    } else if (event.key === 'Backspace' && input.current?.selectionStart === 0 && input.current.selectionEnd === 0 && chips.peek().length > 0) {
      event.preventDefault();
      edit(chips.peek().at(-1)!);
    }
  };
  const open = () => {
    learn();
    isOpen.value = true;
  };

  const list = isOpen.value ? offers.value : [];
  return (
    <search class="search">
      <div class="search-box" onClick={() => input.current?.focus()}>
        <Icon name="search" />
        {chips.value.map((term, i) => (
          <Chip
            key={i}
            removeWords={t('search.remove', { term: writeSearch([term]) })}
            onRemove={() => ((chips.value = chips.peek().filter((one) => one !== term)), run())}
            onClick={() => edit(term)}
          >
            {writeSearch([term])}
          </Chip>
        ))}
        <input
          ref={input}
          class="search-input"
          type="text"
          role="combobox"
          data-search
          aria-label={t('search.label')}
          aria-keyshortcuts="/"
          aria-expanded={list.length > 0}
          aria-controls="search-offers"
          aria-autocomplete="list"
          aria-activedescendant={list.length > 0 && at.value >= 0 ? `search-${at.value}` : undefined}
          placeholder={chips.value.length > 0 ? '' : t('search.placeholder')}
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="search"
          value={text.value}
          onFocus={open}
          onBlur={() => (isOpen.value = false)}
          onInput={(event) => {
            isOpen.value = true;
            take(event.currentTarget.value);
          }}
          onKeyDown={key}
        />
        {place.value.kind === 'search' && <Keep text={place.value.text} />}
        {(text.value !== '' || chips.value.length > 0) && <IconButton icon="x" label={t('search.clear')} keys="Esc" onClick={leave} />}
      </div>
      <div id="search-offers" role="listbox" aria-label={t('search.offers')} class="search-offers" hidden={list.length === 0}>
        {list.map((offer, i) => (
          <div
            key={offer.id}
            id={`search-${i}`}
            role="option"
            aria-selected={i === at.value}
            class="picker-row"
            onPointerDown={(event) => event.preventDefault()}
            onPointerMove={() => (at.value = i)}
            onClick={() => choose(offer)}
          >
            <span class="picker-icon">
              <Icon name={ICONS[offer.kind]} />
            </span>
            <span class="picker-words search-words" dir="auto">
              {offer.words || t('list.noSubject')}
              {offer.detail && <span class="picker-detail">{offer.detail}</span>}
              {offer.kind === 'operator' && <span class="picker-detail">{t(`search.operator.${offer.words.slice(0, -1)}`)}</span>}
            </span>
          </div>
        ))}
      </div>
    </search>
  );
}

function Keep({ text }: { text: string }) {
  const saved = isSaved(text);
  return (
    <IconButton
      icon={saved ? 'bookmark-check' : 'bookmark'}
      label={t(saved ? 'search.forget' : 'search.save')}
      pressed={saved}
      onClick={() => (saved ? forgetSearch(text) : saveSearch(text))}
    />
  );
}

/** The newest conversations that fit: of what this browser keeps, at once, and then of all, if the server can be reached. */
async function askServer(text: string, show: (found: Completion[]) => void): Promise<void> {
  const { layer } = mail();
  if (layer.here) await askFor(text, { request: (calls) => layer.here!(calls) }, show);
  await askFor(text, layer, show);
}

async function askFor(text: string, whom: Asks, show: (found: Completion[]) => void): Promise<void> {
  const searches = searchesOf(mail(), text);
  if (searches.length === 0 || text.length < 2) return;
  try {
    const request = new Batch(whom);
    const calls = searches.map(({ accountId, filter }) => {
      const query = request.call('Email/query', {
        accountId,
        filter,
        sort: [{ property: 'receivedAt', isAscending: false }],
        collapseThreads: true,
        limit: FROM_SERVER,
      });
      return request.call<{ list: EmailRow[] }>('Email/get', {
        accountId,
        '#ids': query.result('/ids'),
        properties: ['threadId', 'subject', 'from', 'receivedAt'],
      });
    });
    await request.send();
    show(
      calls
        .flatMap((call) => call.answer.list)
        .sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1))
        .slice(0, FROM_SERVER)
        .map(subjectOf)
        .map((one) => ({ id: `s ${one.thread}`, kind: 'subject', words: one.subject, detail: one.from, thread: one.thread })),
    );
  } catch {
    // Said above.
  }
}

function merged(here: readonly Completion[], found: readonly Completion[]): Completion[] {
  const ids = new Set(here.map((one) => one.id));
  return [...here, ...found.filter((one) => !ids.has(one.id))];
}
