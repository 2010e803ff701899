// The words that were searched for, in a text.
import { plain } from './plain.ts';

/** Most texts are ASCII for the most part. */
const plainLetter = (letter: string): string => (letter < '\u0080' ? letter.toLowerCase() : plain(letter));

interface PlainText {
  text: string;
  /** Of each character of it: where the letter that it comes from begins, and where that ends with its marks. */
  begins: number[];
  ends: number[];
}

function plainText(whole: string): PlainText {
  const [begins, ends]: [number[], number[]] = [[], []];
  let text = '';
  let at = 0;
  for (const letter of whole) {
    const made = plainLetter(letter);
    const end = at + letter.length;
    // A mark that stands by itself belongs to the letter before it.
    if (made === '' && ends.length) ends[ends.length - 1] = end;
    for (let i = 0; i < made.length; i++) {
      begins.push(at);
      ends.push(end);
    }
    text += made;
    at = end;
  }
  return { text, begins, ends };
}

/** Parts of a text, of which every second one is a hit. Case and marks over letters do not matter. Pure. */
export function split(text: string, words: readonly string[]): string[] {
  const wanted = words.map((word) => plainText(word).text).filter((word) => word !== '');
  if (wanted.length === 0) return [text];
  const have = plainText(text);
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < have.text.length; ) {
    const hit = have.begins[at]! < from ? undefined : wanted.find((word) => have.text.startsWith(word, at) && (at === 0 || !/[\p{L}\p{N}]/u.test(have.text[at - 1]!)));
    if (hit === undefined) {
      at++;
      continue;
    }
    const end = have.ends[at + hit.length - 1]!;
    parts.push(text.slice(from, have.begins[at]), text.slice(have.begins[at], end));
    at += hit.length;
    from = end;
  }
  parts.push(text.slice(from));
  return parts;
}
