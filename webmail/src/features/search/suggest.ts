/** What the search box offers while somebody types: from what is here at once, from the server a moment later. */
import { keywordOfLabel, labelOfKeyword } from '../../base/labels.ts';
import type { EmailAddress, EmailRow, Id } from '../../jmap/types.ts';
import { best } from '../../ui/Picker.tsx';
import { OPERATORS } from '../../model/search.ts';

export interface Person {
  name: string;
  email: string;
  times: number;
}

/** People of these emails, those who write and are written to most first. */
export function peopleOf(emails: Iterable<Pick<EmailRow, 'from' | 'to'>>, mine: ReadonlySet<string>): Person[] {
  const found = new Map<string, Person>();
  const add = (address: EmailAddress, weight: number) => {
    const email = address.email.toLowerCase();
    if (mine.has(email)) return;
    const person = found.get(email);
    if (!person) found.set(email, { name: address.name?.trim() || address.email, email: address.email, times: weight });
    else {
      person.times += weight;
      if (person.name === person.email && address.name) person.name = address.name.trim();
    }
  };
  for (const email of emails) {
    for (const address of email.from ?? []) add(address, 1);
    // Somebody one writes to counts more than somebody who writes.
    for (const address of email.to ?? []) add(address, 2);
  }
  return [...found.values()].sort((a, b) => b.times - a.times);
}

/** The word at the end of the text: what is being typed. */
export function lastWord(text: string): { before: string; operator: string | undefined; word: string } {
  const match = /^(.*?)(-?)(?:(\w+):)?("[^"]*|[^\s"]*)$/s.exec(text);
  if (!match) return { before: text, operator: undefined, word: '' };
  const [, before = '', minus = '', operator, word = ''] = match;
  return { before: before + minus, operator: operator?.toLowerCase(), word: word.replace(/^"/, '') };
}

export interface Completion {
  id: string;
  kind: 'person' | 'folder' | 'label' | 'operator' | 'value' | 'subject';
  words: string;
  detail?: string;
  /** The text of the box when it is chosen. A conversation is opened instead. */
  text?: string;
  thread?: Id;
}

export interface Known {
  people: readonly Person[];
  folders: readonly { id: Id; name: string }[];
  labels: readonly string[];
  /** One for each conversation, newest first. */
  subjects: readonly { thread: Id; subject: string; from: string }[];
}

const MOST = { person: 4, folder: 3, label: 2, operator: 4, subject: 5 };
const VALUES: Record<string, string[]> = {
  is: ['unread', 'read', 'starred', 'pinned', 'answered', 'forwarded', 'muted', 'draft'],
  has: ['attachment'],
  older: ['1w', '1m', '1y'],
  newer: ['1d', '1w', '1m'],
  larger: ['1M', '5M', '10M'],
  smaller: ['10k', '100k'],
};

function quoted(value: string): string {
  return /\s/.test(value) ? `"${value}"` : value;
}

export function complete(text: string, known: Known): Completion[] {
  const { before, operator, word } = lastWord(text);
  const term = (name: string, value: string) => `${before}${name}:${quoted(value)} `;
  const person =
    (name: string) =>
    (one: Person): Completion => ({
      id: `p ${one.email}`,
      kind: 'person',
      words: one.name,
      detail: one.name === one.email ? undefined : one.email,
      text: term(name, one.email),
    });
  const folder = (one: { id: Id; name: string }): Completion => ({ id: `f ${one.id}`, kind: 'folder', words: one.name, text: term('in', one.name) });
  const label = (keyword: string): Completion => ({
    id: `l ${keyword}`,
    kind: 'label',
    words: labelOfKeyword(keyword),
    text: term('label', labelOfKeyword(keyword).toLowerCase()),
  });
  const people = () => best(word, known.people, (one) => `${one.name} ${one.email}`);
  if (operator === 'from' || operator === 'to' || operator === 'cc' || operator === 'bcc') return people().slice(0, 8).map(person(operator));
  if (operator === 'in')
    return best(word, known.folders, (one) => one.name)
      .slice(0, 8)
      .map(folder);
  if (operator === 'label') return best(word, known.labels, labelOfKeyword).slice(0, 8).map(label);
  if (operator && VALUES[operator])
    return best(word, VALUES[operator], (one) => one).map((value) => ({
      id: `v ${value}`,
      kind: 'value',
      words: `${operator}:${value}`,
      text: term(operator, value),
    }));
  if (operator !== undefined || word === '') return [];
  return [
    ...OPERATORS.filter((one) => one.startsWith(word.toLowerCase()))
      .slice(0, MOST.operator)
      .map((one): Completion => ({ id: `o ${one}`, kind: 'operator', words: `${one}:`, text: `${before}${one}:` })),
    ...people().slice(0, MOST.person).map(person('from')),
    ...best(word, known.folders, (one) => one.name)
      .slice(0, MOST.folder)
      .map(folder),
    ...(keywordOfLabel(word) ? best(word, known.labels, labelOfKeyword).slice(0, MOST.label).map(label) : []),
    ...best(text, known.subjects, (one) => `${one.subject} ${one.from}`)
      .slice(0, MOST.subject)
      .map((one): Completion => ({ id: `s ${one.thread}`, kind: 'subject', words: one.subject, detail: one.from, thread: one.thread })),
  ];
}
