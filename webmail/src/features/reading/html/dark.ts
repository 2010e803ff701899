/*
 * A message that was made for white paper, shown on a dark screen: each element's colours are turned over by
 * lightness (colour.ts). Pictures are left alone, and so is text that stands on one.
 *
 * What was set is remembered, so that the original can be put back.
 */
import { darkBackground, darkLine, darkText, over, readColour, writeColour, type Colour } from './colour.ts';

/* Beyond this, the message is shown as on paper: to recolour it would hold up the page for a quarter of a second. */
const ELEMENTS_MAX = 20_000;

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
  /* `colour` as text. */
  key: string;
  picture: boolean;
  /* The background is the sender's own, as it was: so is the text on it. */
  kept: boolean;
}

/* A colour that was made; undefined as text: it stays as it is. */
interface Made {
  colour: Colour;
  text: string | undefined;
}

/* A message has a few colours and thousands of elements: each colour is worked out once. */
class Palette {
  private readonly known = new Map<string, Made | undefined>();

  constructor(private readonly surface: Colour) {}

  private make(key: string, text: string, turn: (colour: Colour) => Colour): Made | undefined {
    if (this.known.has(key)) return this.known.get(key);
    const colour = readColour(text);
    const turned = colour && turn(colour);
    const made = turned && { colour: turned, text: turned === colour ? undefined : writeColour(turned) };
    this.known.set(key, made);
    return made;
  }

  background(text: string): Made | undefined {
    return this.make(`b ${text}`, text, (colour) => (colour.alpha > 0.05 ? darkBackground(colour, this.surface) : colour));
  }

  text(text: string, behind: Behind): Made | undefined {
    return this.make(`t ${text} ${behind.key}`, text, (colour) => darkText(colour, behind.colour));
  }

  line(text: string): Made | undefined {
    return this.make(`l ${text}`, text, (colour) => darkLine(colour, this.surface));
  }
}

/* Only what holds text itself gets a colour: the others would be set for nothing. */
function hasOwnText(element: HTMLElement): boolean {
  for (let node = element.firstChild; node; node = node.nextSibling)
    if (node.nodeType === 3 && /\S/.test(node.nodeValue ?? '')) return true;
  /* A picture that is not there shows its words. */
  return element.nodeName === 'LI' || element.nodeName === 'SUMMARY' || element.nodeName === 'IMG';
}

const SIDES = ['border-top-color', 'border-right-color', 'border-bottom-color', 'border-left-color'];
const CLEAR = 'rgba(0, 0, 0, 0)';

/* Each property that is read costs a microsecond or two: so no more are read than say something. */
function plan(element: HTMLElement, style: CSSStyleDeclaration, palette: Palette, behind: Behind, out: Planned[]): Behind {
  const set = (name: string, made: Made | undefined): void => {
    if (made?.text !== undefined) out.push({ element, name, value: made.text });
  };
  let here = behind;
  if (!here.picture && style.backgroundImage !== 'none') here = { ...here, picture: true };
  const background = style.backgroundColor;
  if (background !== CLEAR && !here.picture) {
    const made = palette.background(background);
    set('background-color', made);
    if (made && made.colour.alpha > 0.05) {
      const colour = over(made.colour, here.colour);
      here = { colour, key: writeColour(colour), picture: false, kept: made.text === undefined };
    }
  }
  if (here.picture) return here;
  if (!here.kept && hasOwnText(element)) set('color', palette.text(style.color, here));
  if (style.borderStyle !== 'none') {
    const colours = style.borderColor;
    /* Of one colour around, or each side by itself. */
    if (/^[^)]*\)$/.test(colours)) set('border-color', palette.line(colours));
    else for (const side of SIDES) set(side, palette.line(style.getPropertyValue(side)));
  }
  return here;
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
  const palette = new Palette(surface);
  const open: [HTMLElement, Behind][] = [[root, { colour: surface, key: writeColour(surface), picture: false, kept: false }]];
  for (let next = open.pop(); next; next = open.pop()) {
    const own = plan(next[0], of.getComputedStyle(next[0]), palette, next[1], planned);
    for (const child of next[0].children)
      if ('style' in child) open.push([child as HTMLElement, own]);
  }
  /* All was read before anything is written: the browser computes styles once. */
  const old: Old[] = [];
  for (const { element, name, value } of planned) {
    const style = element.style;
    const before = style.getPropertyValue(name);
    old.push({ element, name, value: before, priority: before && style.getPropertyPriority(name) });
    style.setProperty(name, value, 'important');
  }
  return () => {
    for (const { element, name, value, priority } of old.reverse())
      if (value) element.style.setProperty(name, value, priority);
      else element.style.removeProperty(name);
  };
}
