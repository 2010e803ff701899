/** What office programs and pages put around pasted text goes; what somebody would call its look stays. Works on sanitised nodes. */

import { SOURCE } from './sanitize.ts';

/** Properties of a style that are worth keeping in a mail. Sizes and fonts of the page that was copied from are not. */
const KEPT = ['font-weight', 'font-style', 'text-decoration', 'text-decoration-line', 'text-align', 'color', 'background-color', 'vertical-align', 'list-style-type', 'white-space', 'width', 'height', 'border', 'border-collapse', 'padding'];

function unwrap(element: Element): void {
  element.replaceWith(...element.childNodes);
}

/** Text in black on white is how a page looks, nothing that was said by its writer. */
function isUsual(name: string, value: string): boolean {
  if (name === 'color') return /^(?:#000(?:000)?|black|windowtext|inherit|initial|rgb\(0, 0, 0\)|rgb\((\d\d), (?:\d\d), (?:\d\d)\))$/i.test(value);
  if (name === 'background-color') return /^(?:#fff(?:fff)?|white|transparent|inherit|initial|rgb\(255, 255, 255\)|rgba\(.*, 0\))$/i.test(value);
  if (name === 'font-weight') return /^(?:normal|400|inherit|initial)$/.test(value);
  if (name === 'font-style' || name === 'text-decoration' || name === 'text-decoration-line') return /^(?:normal|none|inherit|initial)$/.test(value);
  if (name === 'text-align') return /^(?:start|left|inherit|initial)$/.test(value);
  return false;
}

function cleanStyle(element: HTMLElement): void {
  const kept: [string, string][] = [];
  for (const name of KEPT) {
    const value = element.style.getPropertyValue(name);
    const isSize = name === 'width' || name === 'height' || name === 'border' || name === 'padding' || name === 'border-collapse';
    if (value && !isUsual(name, value) && (!isSize || /^(?:TABLE|TD|TH|COL|IMG)$/.test(element.tagName))) kept.push([name, value]);
  }
  element.removeAttribute('style');
  for (const [name, value] of kept) element.style.setProperty(name, value);
}

/** Word writes a list as paragraphs that begin with a mark of their own: "·" or "1.". */
function markOfWordList(paragraph: HTMLElement, level: string): { ordered: boolean; level: number } | null {
  const found = /mso-list:\s*l\d+\s+level(\d)/i.exec(level);
  if (!found) return null;
  const text = paragraph.textContent?.trimStart() ?? '';
  return { ordered: /^[0-9a-z]{1,4}[.)]/i.test(text), level: Number(found[1]) };
}

function cutMark(paragraph: HTMLElement): void {
  const walker = paragraph.ownerDocument.createTreeWalker(paragraph, 4);
  let mark = '';
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = (mark + (node.textContent ?? '')).replace(/^\s+/, '');
    const match = /^(?:[·•§o▪–-]|[0-9a-z]{1,4}[.)])[\s\u00a0]+/i.exec(text);
    mark += node.textContent ?? '';
    if (match) {
      node.textContent = text.slice(match[0].length);
      return;
    }
    if (mark.trim().length > 6) return;
    node.textContent = '';
  }
}

/** Lists of Word as lists. `levels`: what each paragraph's style said of its list, taken before the sanitiser dropped what no browser knows. */
function makeLists(root: DocumentFragment): void {
  const document = root.ownerDocument!;
  for (const first of [...root.querySelectorAll<HTMLElement>('p[title^="mso-list:"]')]) {
    if (!first.isConnected && !root.contains(first)) continue;
    const about = markOfWordList(first, first.title);
    if (!about) continue;
    const list = document.createElement(about.ordered ? 'ol' : 'ul');
    first.before(list);
    for (let item: Element | null = first; item instanceof document.defaultView!.HTMLElement && item.title.startsWith('mso-list:'); ) {
      const next: Element | null = item.nextElementSibling;
      const line = document.createElement('li');
      cutMark(item);
      line.append(...item.childNodes);
      item.remove();
      list.append(line);
      item = next;
    }
  }
}

/** Before the sanitiser: notes of Word that only its style attributes hold are put where they outlive it. */
export function prepareOffice(html: string): string {
  if (!/mso-list/i.test(html)) return html;
  return html
    .replace(/<!--\[if[\s\S]*?<!\[endif\]-->/gi, '')
    .replace(/(<p\b[^>]*?)(\sstyle\s*=\s*(["'])[^"']*?(mso-list:\s*l\d+\s+level\d)[^"']*\3)/gi, (_, before: string, style: string, __, level: string) => `${before} title="${level}"${style}`);
}

export function cleanPaste(root: DocumentFragment): void {
  makeLists(root);
  for (const element of [...root.querySelectorAll<HTMLElement>('*')]) {
    element.removeAttribute('class');
    if (element.title.startsWith('mso-list:')) element.removeAttribute('title');
    for (const name of ['face', 'size', 'lang', 'align']) if (element.tagName === 'FONT' || name === 'lang') element.removeAttribute(name);
    cleanStyle(element);
    // Google Docs puts all into a <b> that is not bold.
    const isEmptyWrap = (element.tagName === 'SPAN' || element.tagName === 'FONT') && element.attributes.length === 0;
    const isFalseBold = element.tagName === 'B' && element.querySelector('p, div, ul, ol, table, h1, h2, h3') !== null;
    if (isEmptyWrap || isFalseBold) unwrap(element);
  }
}

/** Pictures that stand in the text as data: they become files of the mail. */
export function takeDataPictures(root: DocumentFragment, take: (picture: File) => string): void {
  for (const image of root.querySelectorAll('img')) {
    const found = /^data:(image\/[a-z]+);base64,([A-Za-z0-9+/=\s]+)$/i.exec(image.getAttribute(SOURCE) ?? '');
    if (!found) continue;
    const octets = Uint8Array.from(atob(found[2]!.replace(/\s/g, '')), (c) => c.charCodeAt(0));
    image.setAttribute(SOURCE, `cid:${take(new File([octets], `picture.${found[1]!.slice(6).toLowerCase()}`, { type: found[1]!.toLowerCase() }))}`);
  }
}
