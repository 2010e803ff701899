/** What comes into the list, said to those who do not see it: one sentence for all that comes at once, and few of them. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { currentLanguage, t } from '../../base/words.ts';
import type { EmailRow, Id } from '../../jmap/types.ts';
import type { RowList } from '../../model/merged.ts';
import { nameOf } from './facts.ts';

/** More names are a number. */
const NAMED = 3;
/** Time between two sentences, in ms: a screen reader has said the one before. */
const APART_MS = 10_000;
/** What comes in one breath is one sentence. */
const GATHER_MS = 500;

/** "2 new messages: Anna, Bob". Pure. */
export function arrivalWords(emails: readonly EmailRow[]): string {
  const people = [...new Set(emails.map((email) => (email.from?.[0] ? nameOf(email.from[0]) : t('list.noSender'))))];
  const named = people.length > NAMED ? people.slice(0, NAMED - 1) : people;
  const more = people.length - named.length;
  const names = new Intl.ListFormat(currentLanguage(), { type: 'conjunction', style: 'narrow' }).format([...named, ...(more > 0 ? [t('list.arrivedMore', { count: more })] : [])]);
  return t('list.arrived', { count: emails.length, names });
}

/** Gathers what comes until it may be said. `wait` is setTimeout; `say` gets all of it. */
export class Arrivals {
  private waiting = new Map<Id, EmailRow>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private said = -Infinity;

  constructor(
    private readonly say: (emails: readonly EmailRow[]) => void,
    private readonly wait: (work: () => void, ms: number) => ReturnType<typeof setTimeout> = (work, ms) => setTimeout(work, ms),
    private readonly now: () => number = () => Date.now(),
  ) {}

  take(emails: readonly EmailRow[]): void {
    for (const email of emails) this.waiting.set(email.id, email);
    this.timer ??= this.wait(() => this.tell(), Math.max(GATHER_MS, this.said + APART_MS - this.now()));
  }

  private tell(): void {
    this.timer = undefined;
    this.said = this.now();
    const emails = [...this.waiting.values()];
    this.waiting = new Map();
    if (emails.length > 0) this.say(emails);
  }

  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = new Map();
  }
}

/** The region is there before it says something: what appears with its words is not spoken. */
export function Spoken({ list }: { list: RowList | undefined }) {
  const words = useSignal('');
  useEffect(() => {
    words.value = '';
    if (!list) return undefined;
    const arrivals = new Arrivals((emails) => (words.value = arrivalWords(emails)));
    const stops = list.parts.map((part) => part.arrived.listen((emails) => arrivals.take(emails)));
    return () => {
      for (const stop of stops) stop();
      arrivals.end();
    };
  }, [list]);
  return (
    <div class="list-spoken" role="status" aria-live="polite">
      {words.value}
    </div>
  );
}
