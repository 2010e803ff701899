/** Addresses: reading what people type and paste, comparing, writing. */
import type { Person } from './types.ts';

/** Longest list that one paste may hold: what a server takes of one message, and a screen can still show. */
export const PASTED_MAX = 1000;

export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** Whether it can be an address: one "@" outside of quotes, a local part, a domain with a dot or an address literal. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1 || at > 64 * 4 || text.length > 320) return false;
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (/[\s\p{Cc}]/u.test(domain) || /\p{Cc}/u.test(local)) return false;
  const quoted = /^"(?:[^"\\]|\\.)*"$/.test(local);
  if (!quoted && (/[\s"(),:;<>@[\]\\]/.test(local) || /^\.|\.\.|\.$/.test(local))) return false;
  if (/^\[[0-9A-Fa-f.:IPv]+\]$/.test(domain)) return true;
  const labels = domain.split('.');
  return labels.length > 1 && labels.every((label) => /^[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?$/u.test(label) && label.length <= 63);
}

export function withoutRepeats(people: readonly Person[], except: readonly Person[] = []): Person[] {
  const seen = new Set(except.map((p) => p.email.toLowerCase()));
  return people.filter((p) => {
    const key = p.email.toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
}

/** "Anna Petrova <anna@example.test>", with quotes where a name needs them. */
export function writePerson(person: Person): string {
  if (!person.name) return person.email;
  const plain = !/[()<>[\]:;@\\,."]/.test(person.name);
  return `${plain ? person.name : `"${person.name.replace(/["\\]/g, '\\$&')}"`} <${person.email}>`;
}

/** The name, or else the address. */
export function spokenName(person: Person): string {
  return person.name?.trim() || person.email;
}

/** One piece of text between separators, cut at "<...>". */
function readOne(piece: string): Person | null {
  const text = piece.trim().replace(/^mailto:/i, '');
  const angle = /^(.*?)<\s*(?:mailto:)?([^<>]+?)\s*>[^<>]*$/s.exec(text);
  if (!angle) return isAddress(text) ? { name: null, email: text } : null;
  const email = angle[2]!.trim();
  let name = angle[1]!.trim();
  if (/^".*"$/s.test(name)) name = name.slice(1, -1).replace(/\\(.)/gs, '$1');
  name = name.replace(/\s+/g, ' ').trim();
  return isAddress(email) ? { name: name && !sameAddress(name, email) ? name : null, email } : null;
}

/** Splits at commas, semicolons and line ends that stand neither in quotes nor in "<>" nor in a comment. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let piece = '';
  let quoted = false;
  let angle = false;
  let comment = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '\\' && (quoted || comment)) {
      piece += comment ? '' : c + (text[i + 1] ?? '');
      i++;
    } else if (comment || (c === '(' && !quoted)) {
      comment += c === '(' ? 1 : c === ')' ? -1 : 0;
    } else if (c === '"' && !angle) {
      quoted = !quoted;
      piece += c;
    } else if ((c === ',' || c === ';' || c === '\n' || c === '\r' || c === '\t') && (!quoted || c === '\n') && !angle) {
      found.push(piece);
      piece = '';
      quoted = false;
    } else {
      if (c === '<' && !quoted) angle = true;
      if (c === '>') angle = false;
      piece += c;
    }
  }
  found.push(piece);
  return found;
}

/**
 * Reads what is typed or pasted: lists with commas, semicolons, lines, columns of a table, "Name <address>", bare addresses with blanks
 * between, names of groups ("Team: a@b.c, d@e.f;"). `rest` is what could not be read, as it was.
 */
export function readPeople(text: string): { people: Person[]; rest: string } {
  const people: Person[] = [];
  const rest: string[] = [];
  for (const whole of pieces(text)) {
    if (people.length >= PASTED_MAX || !whole.trim()) continue;
    const piece = whole.replace(/^\s*[^"<>@:]+:\s*(?=\S)/, (group) => (/mailto:\s*$/i.test(group) ? group : ''));
    const one = readOne(piece);
    if (one) people.push(one);
    else {
      const words = piece.trim().split(/\s+/);
      const bare = words.map(readOne);
      if (words.length > 1 && bare.every((p) => p !== null)) people.push(...(bare as Person[]));
      else rest.push(whole.trim());
    }
  }
  return { people: withoutRepeats(people), rest: rest.join(', ') };
}
