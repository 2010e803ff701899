/** Mail that is quoted in another one: sanitised, and with styles that reach nothing but the quote. */
import { innerBody } from '../draft/email.ts';
import type { FrameWindow } from './frame.ts';
import type { Sanitizer } from './sanitize.ts';
import { htmlInside, htmlOfElement } from './serialise.ts';

/** Larger style sheets than this are left out: some newsletters bring hundreds of kilobytes, and each answer would carry them on. */
const STYLE_MAX = 64 * 1024;

/** "p, body .x" as ".q1 p, .q1 .x": commas inside of brackets and strings do not separate. */
export function within(scope: string, selectors: string): string {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  let text = '';
  for (let at = 0; at < selectors.length; at++) {
    const c = selectors[at]!;
    if (c === '\\') {
      part += c + (selectors[++at] ?? '');
      continue;
    }
    if (text) text = c === text ? '' : text;
    else if (c === '"' || c === "'") text = c;
    else if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    if (c === ',' && depth === 0 && !text) {
      parts.push(part);
      part = '';
    } else part += c;
  }
  parts.push(part);
  return parts.map((one) => `.${scope} ${one.trim().replace(/^(?:html|body|:root)\b(?:\s*>?\s*(?:body|html)\b)*/i, '').replace(/^\s*[>+~]/, '').trim()}`.trimEnd()).join(', ');
}

/** What could end the element, or load something, is no part of it. */
const UNSAFE = /<|@import|expression\(|url\(/i;

/** Rules within rules: deeper than this nobody writes. */
const DEPTH_MAX = 8;

/** Rule by rule: a pattern over the whole text would look at each sign as often as there are others. */
function scoped(rules: CSSRuleList, window: FrameWindow, scope: string, depth = 0): string {
  let text = '';
  for (const rule of rules) {
    if (rule instanceof window.CSSStyleRule) {
      const one = `${within(scope, rule.selectorText)}{${rule.style.cssText}}`;
      if (!UNSAFE.test(one)) text += one;
    } else if (rule instanceof window.CSSMediaRule && depth < DEPTH_MAX && !UNSAFE.test(rule.conditionText)) text += `@media ${rule.conditionText}{${scoped(rule.cssRules, window, scope, depth + 1)}}`;
  }
  return text;
}

/** Rules of the quote's own sheets. A sheet has rules only while it is a part of a document; there it reaches nothing: its media is none. */
function takeStyles(root: DocumentFragment, window: FrameWindow, scope: string): string {
  let text = '';
  for (const style of [...root.querySelectorAll('style')]) {
    const copy = window.document.createElement('style');
    copy.media = 'not all';
    copy.textContent = (style.textContent ?? '').slice(0, STYLE_MAX * 4);
    window.document.head.append(copy);
    if (copy.sheet) text += scoped(copy.sheet.cssRules, window, scope);
    copy.remove();
    style.remove();
  }
  return text.length > STYLE_MAX ? '' : text;
}

/** Made of the original's HTML once, when it is quoted; from then on it is a text that nobody changes. */
export function prepareQuote(html: string, window: FrameWindow, sanitizer: Sanitizer, scope: string): string {
  const root = sanitizer.fragment(html, true);
  const styles = takeStyles(root, window, scope);
  const whole = window.document.createElement('div');
  const body = /<body\b[^>]*\bbgcolor=["']?(#?\w+)/i.exec(html.slice(0, 100_000));
  if (styles) {
    whole.className = scope;
    const sheet = window.document.createElement('style');
    sheet.textContent = styles;
    whole.append(sheet);
  }
  if (body) whole.style.backgroundColor = body[1]!;
  whole.append(root);
  return styles || body ? htmlOfElement(whole) : htmlInside(whole);
}

/** Nothing but text: for where there is no frame. */
export function hasHtml(html: string | null): html is string {
  return html !== null && innerBody(html).trim() !== '';
}
