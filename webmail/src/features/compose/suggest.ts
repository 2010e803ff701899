/** Who is offered while somebody types a recipient: those whom one writes to, the most often and latest ones first. Pure. */
import type { Person } from './draft/types.ts';

export interface Known extends Person {
  /** Grows with each mail; an old one counts less. */
  weight: number;
}

/** A mail of half a year ago counts half as much as one of today. */
const HALF_LIFE_MS = 182 * 86_400_000;
/** Somebody who only wrote to me counts less than somebody whom I wrote to. */
export const WEIGHTS = { writtenTo: 1, heardOf: 0.15 };
const SHOWN_MAX = 8;

export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

export class People {
  private readonly byAddress = new Map<string, Known & { search: string }>();

  add(person: Person, at: number, now: number, weight: number): void {
    const key = person.email.toLowerCase();
    const gained = weight * 0.5 ** (Math.max(0, now - at) / HALF_LIFE_MS);
    const known = this.byAddress.get(key);
    // Mails come newest first: the newest name is the one that is kept.
    const name = known?.name ?? person.name;
    this.byAddress.set(key, { name, email: known?.email ?? person.email, weight: (known?.weight ?? 0) + gained, search: ` ${folded(name ?? '')} ${folded(person.email).replace(/[@._+-]/g, (c) => `${c} `)} ${folded(person.email)}` });
  }

  get size(): number {
    return this.byAddress.size;
  }

  /** All words that were typed begin a word of the name or the address. */
  find(typed: string, except: readonly Person[] = []): Known[] {
    const words = folded(typed).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const left = new Set(except.map((p) => p.email.toLowerCase()));
    const found: Known[] = [];
    for (const [key, known] of this.byAddress) if (!left.has(key) && words.every((word) => known.search.includes(` ${word}`))) found.push(known);
    return found.sort((a, b) => b.weight - a.weight || a.email.localeCompare(b.email)).slice(0, SHOWN_MAX);
  }

  has(email: string): boolean {
    return this.byAddress.has(email.toLowerCase());
  }
}

/** Domains that many write to, and mistype; and others that are as they should be, though they look like one of these. */
const COMMON = ['gmail.com', 'googlemail.com', 'yahoo.com', 'hotmail.com', 'outlook.com', 'icloud.com', 'live.com', 'aol.com', 'gmx.de', 'gmx.net', 'web.de', 't-online.de', 'orange.fr', 'mail.ru', 'yandex.ru', 'proton.me', 'fastmail.com'];
const RIGHT = new Set([...COMMON, 'mail.com', 'gmx.com', 'ymail.com', 'email.com', 'rocketmail.com', 'yahoo.co', 'yahoo.cn', 'yandex.com']);
/** Shorter names are one letter away from too many others. */
const SHORTEST = 9;

function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let before2: number[] = [];
  let before = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(before[j]! + 1, row[j - 1]! + 1, before[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j]!, before2[j - 2]! + 1);
    }
    before2 = before;
    before = row;
  }
  return before[b.length]!;
}

/** "anna@gmial.com" was perhaps meant as "anna@gmail.com". Somebody whom one has written to is meant as written. */
export function likelyMeant(email: string, people: People): string | null {
  const at = email.lastIndexOf('@');
  const domain = email.slice(at + 1).toLowerCase();
  if (at < 1 || RIGHT.has(domain) || people.has(email)) return null;
  const near = COMMON.find((one) => one.length >= SHORTEST && distance(domain, one) === 1);
  return near ? `${email.slice(0, at)}@${near}` : null;
}
