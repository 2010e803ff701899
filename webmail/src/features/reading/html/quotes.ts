/*
 * What an answer quotes at its end is folded away: the reader has seen it, and can open it.
 *
 * Only a quote at the end is folded, and only below words of the sender's own: whoever answers between the lines, or
 * only forwards, is shown whole.
 */

const QUOTES = [
  'blockquote[type="cite" i]',
  '.gmail_quote',
  '.gmail_extra',
  '.yahoo_quoted',
  '.protonmail_quote',
  '.moz-cite-prefix',
  '.tutanota_quote',
  '#appendonsend',
  '#divRplyFwdMsg',
  '#mail-editor-reference-message-container',
  '#OLK_SRC_BODY_SECTION',
  '.WordSection1 > div > div[style*="border-top"]',
].join(',');

/* Lines by which programs without marks of their own begin what they quote. */
const BEGINS = /^-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Исходное сообщение)\s*-{2,}$/i;
const BEGINNING_MAX = 200;

/* Each that is looked at is compared with all that stands around it: mail of nothing but quotes must not hold up the page. */
const LOOKED_AT_MAX = 50;

function hasWords(node: Node): boolean {
  if (node.nodeType === 3 /* text */) return /\S/.test(node.nodeValue ?? '');
  if (node.nodeType !== 1) return false;
  const element = node as Element;
  return /\S/.test(element.textContent ?? '') || element.querySelector('img') !== null || element.nodeName === 'IMG';
}

/* Whether words, or pictures, stand before `node` within `root`. */
function wordsBefore(node: Node, root: Node): boolean {
  for (let at: Node = node; at !== root && at.parentNode; at = at.parentNode)
    for (let before = at.previousSibling; before; before = before.previousSibling) if (hasWords(before)) return true;
  return false;
}

function wordsAfter(node: Node, root: Node): Node | undefined {
  for (let at: Node = node; at !== root && at.parentNode; at = at.parentNode)
    for (let after = at.nextSibling; after; after = after.nextSibling)
      if (hasWords(after)) return after;
  return undefined;
}

/* A line that says that what follows is quoted. */
export function beginsQuote(text: string): boolean {
  return text.length <= BEGINNING_MAX && BEGINS.test(text.trim());
}

/* The first node from which on all is quoted. */
function findQuote(root: Element): Element | undefined {
  for (const quote of Array.from(root.querySelectorAll(QUOTES)).slice(0, LOOKED_AT_MAX)) {
    /* A mark that stands before the quote: whatever follows belongs to it. */
    const isPrefix = quote.matches('.moz-cite-prefix, #appendonsend, #divRplyFwdMsg');
    if (!wordsBefore(quote, root)) continue;
    if (isPrefix) return quote;
    const after = wordsAfter(quote, root);
    if (!after || (after.nodeType === 1 && (after as Element).matches(QUOTES))) return quote;
  }
  for (const element of root.querySelectorAll('p, div, span'))
    if (element.childElementCount === 0 && beginsQuote(element.textContent ?? '') && wordsBefore(element, root)) return element;
  return undefined;
}

/* "On 3 May Anna wrote:" right before a quote belongs to it. */
function withPrefix(quote: Element, root: Element): Element {
  const before = quote.previousElementSibling;
  if (before && before !== root && /:\s*$/.test(before.textContent ?? '') && (before.textContent ?? '').length < 300 &&
    before.matches('.moz-cite-prefix, .gmail_attr, div, p') && wordsBefore(before, root))
    return before;
  return quote;
}

/*
 * Folds it into a <details>, which opens without a script. `words` is what its handle says to those who do not see
 * it. Returns whether something was folded.
 */
export function foldQuote(root: HTMLElement, words: string): boolean {
  const found = findQuote(root);
  if (!found) return false;
  const first = withPrefix(found, root);
  const document = root.ownerDocument;
  const details = document.createElement('details');
  details.className = 'postrider-quote';
  const handle = document.createElement('summary');
  handle.textContent = '•••';
  handle.setAttribute('aria-label', words);
  handle.title = words;
  first.before(details);
  details.append(handle);
  let next: ChildNode | null = first;
  while (next) {
    const after: ChildNode | null = next.nextSibling;
    details.append(next);
    next = after;
  }
  return true;
}
