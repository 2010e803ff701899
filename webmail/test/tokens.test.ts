/** The colours of tokens.css can be read: text 4.5:1 (WCAG 2.2, 1.4.3), controls 3:1 (1.4.11), in every theme and with every accent. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

declare const __ROOT__: string;

const css = fs.readFileSync(path.join(__ROOT__, 'src/styles/tokens.css'), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');

/** The variables of the rule with this selector. */
function rule(selector: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, selectors, body] of css.matchAll(/([^{}]+)\{([^{}]*)\}/g))
    if (selectors!.trim().split(/\s*,\s*/).includes(selector)) for (const [, name, value] of body!.matchAll(/(--[\w-]+):\s*([^;]+);/g)) found[name!] = value!.trim();
  return found;
}

type Rgb = [number, number, number];

/** Linear sRGB of oklch(L% C H), as CSS Color 4 section 9.4 has it; what no screen shows is clipped. */
function linear(value: string, hue: string): { rgb: Rgb; alpha: number } {
  const match = /^oklch\(([\d.]+)% ([\d.]+) ([\d.]+|var\(--hue\))(?: \/ ([\d.]+))?\)$/.exec(value);
  assert.ok(match, `${value} is no colour that this test can read`);
  const [l, c, h] = [Number(match[1]) / 100, Number(match[2]), (Number(match[3]!.startsWith('var') ? hue : match[3]) * Math.PI) / 180];
  const [a, b] = [c * Math.cos(h), c * Math.sin(h)];
  const [x, y, z] = [(l + 0.3963377774 * a + 0.2158037573 * b) ** 3, (l - 0.1055613458 * a - 0.0638541728 * b) ** 3, (l - 0.0894841775 * a - 1.291485548 * b) ** 3];
  const rgb = [4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z, -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z, -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z];
  return { rgb: rgb.map((one) => Math.max(0, Math.min(1, one))) as Rgb, alpha: Number(match[4] ?? 1) };
}

const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const GROUNDS = ['ground', 'side', 'raised', 'selected'];
const TEXT: [text: string, grounds: string[]][] = [
  ['text', [...GROUNDS, 'mark', 'danger-ground', 'warning-ground', 'success-ground']],
  ['quiet', GROUNDS],
  ['accent', ['ground', 'side', 'raised', 'selected']],
  ['on-accent', ['accent', 'danger']],
  ['danger', ['ground', 'raised', 'danger-ground']],
  ['warning', ['ground', 'warning-ground']],
  ['success', ['ground', 'success-ground']],
  ['ground', ['text']],
  ...['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'pink'].map((name): [string, string[]] => [`label-${name}`, ['ground', 'side', 'selected']]),
];
const CONTROLS: [line: string, grounds: string[]][] = [
  ['control', ['ground', 'raised']],
  ['faint', ['ground']],
  ['star', ['ground', 'selected']],
];

const themes: Record<string, string[]> = {
  light: [':root'],
  dark: [':root', ':root[data-theme="dark"]'],
  'light, more contrast': [':root', ':root[data-contrast="more"]'],
  'dark, more contrast': [':root', ':root[data-theme="dark"]', ':root[data-contrast="more"]', ':root[data-theme="dark"][data-contrast="more"]'],
};
const accents = [...css.matchAll(/^\[data-accent="(\w+)"\]/gm)].map((one) => one[1]!);

for (const [theme, selectors] of Object.entries(themes))
  test(`text and controls can be read: ${theme}`, () => {
    const weak: string[] = [];
    for (const accent of accents) {
      const tokens = Object.assign({}, ...selectors.map(rule), rule(`[data-accent="${accent}"]`)) as Record<string, string>;
      const colour = (name: string) => linear(tokens[`--color-${name}`]!, tokens['--hue']!).rgb;
      for (const [pairs, least] of [[TEXT, 4.5], [CONTROLS, 3]] as const)
        for (const [front, grounds] of pairs)
          for (const ground of grounds) {
            const have = contrast(colour(front), colour(ground));
            if (have < least) weak.push(`${front} on ${ground} with ${accent}: ${have.toFixed(2)}, wanted ${least}`);
          }
    }
    assert.ok(accents.length >= 6);
    assert.deepEqual(weak, []);
  });
