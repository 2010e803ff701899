/**
 * Whether mail to a recipient would arrive, as the server knows before it is sent (Recipient/check, doc/jmap.md): asked once for each
 * address, several at a time, a moment after they were written. What is not known holds nobody up. Pure but for `Surroundings`.
 */
import { type Signal, signal } from '@preact/signals';

export const RECIPIENTS = 'urn:postrider:params:jmap:recipients';

export type RecipientState = 'good' | 'unknown' | 'malformed' | 'noSuchUser' | 'disabled' | 'badAlias' | 'noSuchDomain' | 'takesNoMail';
export type RecipientTls = 'proven' | 'required' | 'seen' | 'clear' | 'never' | 'unknown';

export interface Check {
  email: string;
  state: RecipientState;
  tls: RecipientTls | null;
}

export interface Surroundings {
  now(): number;
  later(ms: number, run: () => void): void;
  /** How many addresses one call takes; 0: nobody can be asked, as without a connection. */
  most(): number;
  /** Rejects when there is no answer. */
  ask(emails: string[]): Promise<Check[]>;
}

/** Who types the next one quickly, or pastes a list, has them asked together. */
const PAUSE_MS = 150;
/** What was found is asked anew when somebody writes to the address after so long; what was not found out, sooner. */
const KNOWN_MS = 10 * 60_000;
const UNKNOWN_MS = 60_000;
/** Addresses of a day's mails; the oldest goes. */
const KEPT_MAX = 2_000;

/** Mail to it comes back, or is not taken at all. */
export function fails(check: Check | undefined): boolean {
  return check !== undefined && check.state !== 'good' && check.state !== 'unknown';
}

/** What is said of a recipient: a key of the words; undefined: nothing. */
export function noteOf(check: Check | undefined): string | undefined {
  if (!check || check.state === 'unknown') return undefined;
  if (check.state === 'malformed') return 'compose.recipient.wrong';
  if (check.state !== 'good') return `compose.recipient.${check.state}`;
  return check.tls && check.tls !== 'unknown' ? `compose.recipient.tls.${check.tls}` : undefined;
}

/** Whether the way is shown as closed to others, open to them, or not at all. */
export function lockOf(check: Check | undefined): 'lock' | 'lock-open' | undefined {
  if (check?.state !== 'good') return undefined;
  if (check.tls === 'proven' || check.tls === 'required' || check.tls === 'seen') return 'lock';
  return check.tls === 'clear' || check.tls === 'never' ? 'lock-open' : undefined;
}

export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1);
}

export class Checks {
  /** Grows whenever something new is known. */
  readonly version: Signal<number> = signal(0);
  private readonly known = new Map<string, { check: Check; until: number }>();
  private readonly wanted = new Map<string, string>();
  private waits = false;
  private asking = false;

  constructor(private readonly around: Surroundings) {}

  of(email: string): Check | undefined {
    return this.known.get(email.toLowerCase())?.check;
  }

  /** Somebody writes to them. */
  want(emails: readonly string[]): void {
    for (const email of emails) {
      const key = email.toLowerCase();
      const known = this.known.get(key);
      if (!known || known.until <= this.around.now()) this.wanted.set(key, email);
    }
    this.soon();
  }

  private soon(): void {
    if (this.waits || this.asking || this.wanted.size === 0) return;
    this.waits = true;
    this.around.later(PAUSE_MS, () => {
      this.waits = false;
      void this.run();
    });
  }

  private async run(): Promise<void> {
    const most = this.around.most();
    if (this.asking) return;
    const emails = [...this.wanted.values()].slice(0, most);
    // Without a connection they are asked about when somebody looks at them again.
    for (const email of most > 0 ? emails : this.wanted.values()) this.wanted.delete(email.toLowerCase());
    if (!emails.length) return;
    this.asking = true;
    try {
      this.take(await this.around.ask(emails));
    } catch {
      // It is as if nothing was known: nobody is told of a question that he did not ask.
    } finally {
      this.asking = false;
      this.soon();
    }
  }

  private take(checks: Check[]): void {
    for (const check of checks) {
      const key = check.email.toLowerCase();
      this.known.delete(key);
      this.known.set(key, { check, until: this.around.now() + (check.state === 'unknown' ? UNKNOWN_MS : KNOWN_MS) });
    }
    for (const oldest of this.known.keys()) if (this.known.size > KEPT_MAX) this.known.delete(oldest);
    this.version.value++;
  }
}
