/*
 * A message that was made for white paper, shown on a dark screen: each element's colours are turned over by
 * lightness (colour.ts). Pictures are left alone, and so is text that stands on one.
 *
 * What was set is remembered, so that the original can be put back.
 */
import { darkBackground, darkLine, darkText, over, readColour, writeColour, type Colour } from './colour.ts';

/* Beyond this, the message is shown as on paper: to recolour it would hold up the page for a quarter of a second. */
const ELEMENTS_MAX = 20_000;

const BORDERS = ['border-top-color', 'border-right-color', 'border-bottom-color', 'border-left-color'] as const;

interface Planned {
  element: HTMLElement;
  name: string;
  value: string;
}

interface Old {
  element: HTMLElement;
  name: string;
  value: string;
  priority: string;
}

/* What is behind an element; `picture`: nobody knows, it is a picture. */
interface Behind {
  colour: Colour;
  picture: boolean;
  /* The background is the sender's own, as it was: so is the text on it. */
  kept: boolean;
}

/* Only what holds text itself gets a colour: the others would be set for nothing. */
function hasOwnText(element: HTMLElement): boolean {
  for (let node = element.firstChild; node; node = node.nextSibling)
    if (node.nodeType === 3 && /\S/.test(node.nodeValue ?? '')) return true;
  /* A picture that is not there shows its words. */
  return element.nodeName === 'LI' || element.nodeName === 'SUMMARY' || element.nodeName === 'IMG';
}

function plan(element: HTMLElement, of: Window, surface: Colour, behind: Behind, out: Planned[]): Behind {
  const style = of.getComputedStyle(element);
  const picture = behind.picture || /url\(|gradient\(/i.test(style.backgroundImage);
  let { colour, kept } = behind;
  const own = readColour(style.backgroundColor);
  if (own && own.alpha > 0.05 && !picture) {
    const made = darkBackground(own, surface);
    if (made !== own) out.push({ element, name: 'background-color', value: writeColour(made) });
    kept = made === own;
    colour = over(made, colour);
  }
  if (picture) return { colour, picture, kept };
  const text = !kept && hasOwnText(element) ? readColour(style.color) : undefined;
  if (text) {
    const made = darkText(text, colour);
    if (made !== text) out.push({ element, name: 'color', value: writeColour(made) });
  }
  for (const name of BORDERS) {
    if (style.getPropertyValue(name.replace('color', 'style')) === 'none') continue;
    const line = readColour(style.getPropertyValue(name));
    if (!line) continue;
    const made = darkLine(line, surface);
    if (made !== line) out.push({ element, name, value: writeColour(made) });
  }
  return { colour, picture, kept };
}

/*
 * `surface` is the colour of the app behind the message. Returns what puts the original back; undefined: it is too
 * large, and stays as it is.
 */
export function darken(root: HTMLElement, surface: Colour): (() => void) | undefined {
  const of = root.ownerDocument.defaultView;
  if (!of || root.getElementsByTagName('*').length > ELEMENTS_MAX) return undefined;
  const planned: Planned[] = [];
  /* By a list of its own and not by calls: mail nests as deep as it likes. */
  const open: [HTMLElement, Behind][] = [[root, { colour: surface, picture: false, kept: false }]];
  for (let next = open.pop(); next; next = open.pop()) {
    const own = plan(next[0], of, surface, next[1], planned);
    for (const child of next[0].children)
      if ('style' in child) open.push([child as HTMLElement, own]);
  }
  /* All was read before anything is written: the browser computes styles once. */
  const old: Old[] = [];
  for (const { element, name, value } of planned) {
    const style = element.style;
    old.push({ element, name, value: style.getPropertyValue(name), priority: style.getPropertyPriority(name) });
    style.setProperty(name, value, 'important');
  }
  return () => {
    for (const { element, name, value, priority } of old.reverse())
      if (value) element.style.setProperty(name, value, priority);
      else element.style.removeProperty(name);
  };
}
