/*
 * The style sheets of a message, made so that they load nothing.
 *
 * A constructed sheet has no @import, and is read before it applies: rules that would load something are taken out
 * of it as rules, not as text. What is left goes to the frame's document, so no selector needs a prefix: the whole
 * message is a document of its own.
 */

import { PROPERTIES_MAX } from './sanitise.ts';

/* A style sheet beyond this is not for reading; the message is shown without the rest. */
const SHEETS_CHARACTERS_MAX = 1 << 20;

/* Rules within rules: deeper than this nobody writes, and each level is walked by a call. */
const DEPTH_MAX = 32;

/* Classes of rules that load, that stand for what is defined elsewhere, or that say how to print. */
const LEFT_OUT = /^\[object CSS(?:FontFace|Import|Namespace|Property|FontPaletteValues|Page|Margin|PositionTry)Rule\]$/;

const LOADS = /url\(|image-set\(|image\(|src\(/i;

function clean(style: CSSStyleDeclaration): void {
  if (style.length > PROPERTIES_MAX) style.cssText = '';
  for (const name of Array.from(style)) if (LOADS.test(style.getPropertyValue(name))) style.removeProperty(name);
}

interface RuleList {
  readonly cssRules: CSSRuleList;
  deleteRule(index: number): void;
}

/* Rules belong to the frame's world: so they are known by what they have, and by the names of their classes. */
function cleanRules(list: RuleList, depth = 0): void {
  for (let i = list.cssRules.length - 1; i >= 0; i--) {
    const rule = list.cssRules[i] as CSSRule & Partial<RuleList> & { style?: CSSStyleDeclaration };
    const nested = rule.cssRules && rule.deleteRule;
    if ((!nested && !rule.style) || depth >= DEPTH_MAX || LEFT_OUT.test(Object.prototype.toString.call(rule))) {
      list.deleteRule(i);
      continue;
    }
    if (rule.style) clean(rule.style);
    if (nested) cleanRules(rule as RuleList, depth + 1);
  }
}

/* Whether some rule is for a dark background: then the message brings colours of its own. */
export function bringsDark(texts: readonly string[]): boolean {
  return texts.some((text) => /prefers-color-scheme\s*:\s*dark/i.test(text));
}

export function makeSheets(of: Window & typeof globalThis, texts: readonly string[]): CSSStyleSheet[] {
  const sheets: CSSStyleSheet[] = [];
  let left = SHEETS_CHARACTERS_MAX;
  for (const text of texts) {
    if (text.length > left) break;
    left -= text.length;
    const sheet = new of.CSSStyleSheet();
    /* <!-- and --> around a sheet are allowed in CSS itself. */
    sheet.replaceSync(text);
    cleanRules(sheet);
    sheets.push(sheet);
  }
  return sheets;
}
