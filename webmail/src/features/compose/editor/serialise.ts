/** Nodes as HTML text: https://html.spec.whatwg.org/#serialising-html-fragments, as far as what a sanitiser lets through needs it. */

import { SOURCE } from './sanitize.ts';

const VOID = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));
const RAW = new Set(['style', 'script', 'noscript']);

function text(value: string): string {
  return value.replace(/[&\u00a0<>]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&nbsp;'));
}

function attribute(value: string): string {
  return value.replace(/[&\u00a0"<>]/g, (c) => (c === '&' ? '&amp;' : c === '"' ? '&quot;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&nbsp;'));
}

/** What stands inside of a node. */
export function htmlInside(node: Node): string {
  let out = '';
  const raw = RAW.has(node.nodeName.toLowerCase());
  for (const child of node.childNodes) {
    if (child.nodeType === 3) out += raw ? (child.nodeValue ?? '') : text(child.nodeValue ?? '');
    else if (child.nodeType === 1) out += htmlOfElement(child as Element);
  }
  return out;
}

export function htmlOfElement(element: Element): string {
  const name = element.localName;
  const attributes = [...element.attributes].filter((one) => one.name !== 'style' || one.value.trim() !== '');
  if ((name === 'span' || name === 'font') && attributes.length === 0) return htmlInside(element);
  let out = `<${name}`;
  const source = name === 'img' ? element.getAttribute(SOURCE) : null;
  for (const { name: key, value } of attributes) if (source === null || (key !== 'src' && key !== SOURCE)) out += ` ${key}="${attribute(value)}"`;
  if (source !== null) out += ` src="${attribute(source)}"`;
  return VOID.has(name) ? `${out}>` : `${out}>${htmlInside(element)}</${name}>`;
}
