/**
 * The words that were searched for, in a message that is open: the browser paints them over its text (CSS Custom Highlight API), which stays
 * as it is. A browser that has no such thing shows the message without.
 */
import { split } from '../../base/hits.ts';

/** As the style sheets name it. */
const NAME = 'search';
/** More is not looked through, or marked: the reader shall not wait for it. */
const CHARACTERS_MAX = 1 << 20;
const HITS_MAX = 2_000;

function find(root: HTMLElement, words: readonly string[]): Range[] {
  const document = root.ownerDocument;
  const found: Range[] = [];
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let left = CHARACTERS_MAX;
  for (let text = texts.nextNode() as Text | null; text && left > 0 && found.length < HITS_MAX; text = texts.nextNode() as Text | null) {
    left -= text.data.length;
    let at = 0;
    for (const [i, part] of split(text.data, words).entries()) {
      if (i % 2 === 1) {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + part.length);
        found.push(range);
      }
      at += part.length;
    }
  }
  return found;
}

/** Marks them below `root`. The function that is returned takes the marks away. */
export function highlight(root: HTMLElement, words: readonly string[]): () => void {
  const of = root.ownerDocument.defaultView as (Window & typeof globalThis) | null;
  if (words.length === 0 || !of?.CSS?.highlights) return () => undefined;
  const ranges = find(root, words);
  const all = of.CSS.highlights.get(NAME) ?? new of.Highlight();
  of.CSS.highlights.set(NAME, all);
  for (const range of ranges) all.add(range);
  return () => {
    for (const range of ranges) all.delete(range);
  };
}
