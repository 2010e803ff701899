/*
 * The style sheets of a message, made so that they load nothing.
 *
 * A constructed sheet has no @import, and is read before it applies: rules that would load something are taken out
 * of it as rules, not as text. What is left goes to the frame's document, so no selector needs a prefix: the whole
 * message is a document of its own.
 */

/* A style sheet beyond this is not for reading; the message is shown without the rest. */
const SHEETS_CHARACTERS_MAX = 1 << 20;

const LOADS = /url\(|image-set\(|image\(|src\(/i;

function clean(style: CSSStyleDeclaration): void {
  for (const name of Array.from(style)) if (LOADS.test(style.getPropertyValue(name))) style.removeProperty(name);
}

interface RuleList {
  readonly cssRules: CSSRuleList;
  deleteRule(index: number): void;
}

/* Rules are known by what they have, not by their class: they belong to the frame's world. */
function cleanRules(list: RuleList): void {
  for (let i = list.cssRules.length - 1; i >= 0; i--) {
    const rule = list.cssRules[i] as CSSRule & Partial<RuleList> & { style?: CSSStyleDeclaration };
    const nested = rule.cssRules && rule.deleteRule;
    if (rule.style && !/^@/.test(rule.cssText)) clean(rule.style);
    else if (!nested || /^@(?:font-face|import|namespace|property|font-palette-values)/i.test(rule.cssText)) {
      list.deleteRule(i);
      continue;
    }
    if (nested) cleanRules(rule as RuleList);
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
