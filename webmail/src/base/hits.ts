// The words that were searched for, in a text.

/** Parts of a text, of which every second one is a hit. Case and marks over letters do not matter. Pure. */
export function split(text: string, words: readonly string[]): string[] {
  const wanted = words.map(plain).filter((word) => word !== '');
  if (wanted.length === 0) return [text];
  const have = plain(text);
  // What changes its length without its marks cannot be mapped back: such a text is shown as it is.
  if (have.length !== text.length) return [text];
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < have.length; ) {
    const hit = wanted.find((word) => have.startsWith(word, at) && (at === 0 || !/[\p{L}\p{N}]/u.test(have[at - 1]!)));
    if (hit === undefined) {
      at++;
      continue;
    }
    parts.push(text.slice(from, at), text.slice(at, at + hit.length));
    at += hit.length;
    from = at;
  }
  parts.push(text.slice(from));
  return parts;
}

function plain(text: string): string {
  return [...text].map((c) => c.normalize('NFD').charAt(0).toLowerCase().padEnd(c.length, c)).join('');
}
