/*
 * Colours for a dark background, made of those that a message chose for a light one: the lightness is turned over,
 * the hue stays. In OKLab, where equal steps of lightness look equal (B. Ottosson, 2020).
 */

export interface Colour {
  /* sRGB, 0 to 1 */
  r: number;
  g: number;
  b: number;
  alpha: number;
}

export interface Lab {
  l: number;
  a: number;
  b: number;
}

/* The lightest that a background or a text becomes: white on dark glares. */
export const LIGHTEST = 0.93;
/* Of lines. */
const LINE = 0.55;

/* WCAG 2.2, 1.4.3: of text. */
export const CONTRAST = 4.5;

/* As computed styles write them: rgb(1, 2, 3) or rgba(1, 2, 3, 0.5). undefined: another form, which is left alone. */
export function readColour(text: string): Colour | undefined {
  const found = /^rgba?\(\s*([\d.]+),?\s+([\d.]+),?\s+([\d.]+)(?:\s*[,/]\s*([\d.]+%?))?\s*\)$/.exec(text);
  if (!found) return undefined;
  const [, r, g, b, alpha] = found;
  const a = alpha === undefined ? 1 : alpha.endsWith('%') ? parseFloat(alpha) / 100 : parseFloat(alpha);
  return { r: Number(r) / 255, g: Number(g) / 255, b: Number(b) / 255, alpha: a };
}

export function writeColour(c: Colour): string {
  const byte = (v: number): number => Math.round(Math.min(1, Math.max(0, v)) * 255);
  return `rgba(${byte(c.r)}, ${byte(c.g)}, ${byte(c.b)}, ${Math.round(c.alpha * 1000) / 1000})`;
}

function linear(v: number): number {
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

function gamma(v: number): number {
  return v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055;
}

export function toLab(c: Colour): Lab {
  const [r, g, b] = [linear(c.r), linear(c.g), linear(c.b)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {
    l: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    a: 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    b: 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  };
}

export function fromLab(lab: Lab, alpha: number): Colour {
  const l = (lab.l + 0.3963377774 * lab.a + 0.2158037573 * lab.b) ** 3;
  const m = (lab.l - 0.1055613458 * lab.a - 0.0638541728 * lab.b) ** 3;
  const s = (lab.l - 0.0894841775 * lab.a - 1.291485548 * lab.b) ** 3;
  const clip = (v: number): number => Math.min(1, Math.max(0, gamma(Math.max(0, v))));
  return {
    r: clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    g: clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    b: clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
    alpha,
  };
}

export function luminance(c: Colour): number {
  return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

export function contrast(a: Colour, b: Colour): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

export function over(front: Colour, back: Colour): Colour {
  const mix = (f: number, b: number): number => f * front.alpha + b * (1 - front.alpha);
  return { r: mix(front.r, back.r), g: mix(front.g, back.g), b: mix(front.b, back.b), alpha: 1 };
}

/*
 * White becomes `surface`, which is the app's own, and black becomes light. Greys take the surface's tint.
 * Backgrounds that are dark already stay, and so do strong colours of middle lightness: a blue button stays blue.
 */
export function darkBackground(c: Colour, surface: Colour): Colour {
  const { l, a, b } = toLab(c);
  const chroma = Math.hypot(a, b);
  if (l < 0.5 || (chroma > 0.1 && l < 0.78)) return c;
  const end = toLab(surface);
  const tint = Math.max(0, 1 - chroma / 0.05);
  return fromLab({ l: end.l + (1 - l) * (LIGHTEST - end.l), a: a + end.a * tint, b: b + end.b * tint }, c.alpha);
}

/* A line between things: it stands back on a dark surface as it did on a light one, whether it was black or grey. */
export function darkLine(c: Colour, surface: Colour): Colour {
  const { l, a, b } = toLab(c);
  const end = toLab(surface);
  if (Math.hypot(a, b) > 0.1) return c;
  return fromLab({ l: end.l + (1 - l) * (LINE - end.l), a, b }, c.alpha);
}

/* A text on `back`, which is what stands behind it now. Its hue stays; its lightness moves until it can be read. */
export function darkText(c: Colour, back: Colour): Colour {
  if (contrast(over(c, back), back) >= CONTRAST) return c;
  const own = toLab(c);
  const first = fromLab({ ...own, l: LIGHTEST - own.l * 0.35 }, c.alpha);
  if (contrast(over(first, back), back) >= CONTRAST) return first;
  const lab = toLab(first);
  const lighter = luminance(back) < 0.18;
  for (let step = 1; step <= 20; step++) {
    const l = lighter ? lab.l + ((1 - lab.l) * step) / 20 : lab.l * (1 - step / 20);
    const tried = fromLab({ l, a: lab.a * (1 - step / 20), b: lab.b * (1 - step / 20) }, 1);
    if (contrast(tried, back) >= CONTRAST) return tried;
  }
  return lighter ? { r: 1, g: 1, b: 1, alpha: 1 } : { r: 0, g: 0, b: 0, alpha: 1 };
}
