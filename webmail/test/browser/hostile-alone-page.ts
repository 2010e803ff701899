/* Runs in the page of hostile-stage.ts: shows messages behind one layer of safety, and says what became of each. */
import { followLinks } from '../../src/features/reading/html/links.ts';
import { FRAME_PAGE, MailFrame, SANDBOX } from '../../src/features/reading/html/frame.ts';
import { MARK, READ } from './hostile.ts';

export interface Shown {
  ran: boolean;
  moved: boolean;
  read: boolean;
}

const host = { fetchPicture: async () => undefined, key: () => {}, write: () => {}, ask: () => {}, words: { quote: 'Quoted text' } };
const LOOK = { darkSurface: 'rgb(20, 20, 20)', remote: false, fold: true, words: [] };
/* Frames that load at once. */
const TOGETHER = 16;

const frames = new Map<number, { frame: HTMLIFrameElement; at: string }>();

function newFrame(at: string, sandboxed = false): Promise<HTMLIFrameElement> {
  const frame = document.createElement('iframe');
  if (sandboxed) frame.setAttribute('sandbox', SANDBOX);
  const loaded = new Promise<HTMLIFrameElement>((resolve) => (frame.onload = () => resolve(frame)));
  frame.src = location.origin + at;
  document.body.append(frame);
  return loaded;
}

/* A message may hide the document's own properties behind its elements: so they are asked for by the prototype. */
function rootOf(frame: HTMLIFrameElement): HTMLElement | undefined {
  return frame.contentDocument ? (Object.getOwnPropertyDescriptor(Document.prototype, 'documentElement')!.get!.call(frame.contentDocument) as HTMLElement) : undefined;
}

const clickIn = (root: HTMLElement | undefined): unknown => root && Element.prototype.querySelector.call(root, '#click')?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
/* A message may have set another base for addresses. */
const textOf = async (n: number): Promise<string> => (await fetch(`${location.origin}/message/${n}`)).text();

/*
 * A message is the frame's page itself: nothing stands between it and the browser but the layer that is tried. What asks to be clicked is
 * clicked, when all have loaded.
 */
async function show(numbers: number[], layer: string): Promise<void> {
  const one = async (n: number): Promise<void> => {
    const at = layer === 'purifier' ? FRAME_PAGE : `/${layer === 'server' ? 'clean' : 'message'}/${n}`;
    const frame = await newFrame(at, layer === 'sandbox');
    frames.set(n, { frame, at });
    if (layer === 'purifier') new MailFrame(frame, host, () => {}).fill(await textOf(n), LOOK);
    if (layer === 'links' && frame.contentDocument) followLinks(frame.contentDocument, host, new AbortController().signal);
  };
  for (let rest = numbers; rest.length > 0; rest = rest.slice(TOGETHER)) await Promise.all(rest.slice(0, TOGETHER).map(one));
  for (const { frame } of frames.values()) clickIn(rootOf(frame));
  clickIn(rootOf(await newFrame('/slow')));
}

function look(): [number, Shown][] {
  return Array.from(frames, ([n, { frame, at }]) => {
    const root = rootOf(frame);
    if (!root || frame.contentWindow!.location.pathname !== at) return [n, { ran: false, moved: true, read: false }];
    return [n, { ran: MARK in frame.contentWindow!, moved: false, read: root.innerText?.includes(READ) ?? false }];
  });
}

const drawn = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 10)));

/* The numbers of those that ran in this page. */
const ran = new Set<number>();

/* The mistake that the program's own layers are there for: what somebody wrote becomes HTML of the program's page. */
async function write(numbers: number[]): Promise<void> {
  Object.defineProperty(window, MARK, { set: (n: number) => ran.add(n) });
  for (const n of numbers) {
    const place = document.createElement('div');
    document.body.append(place);
    try {
      place.innerHTML = await textOf(n);
    } catch {
      continue;
    }
    await drawn();
    clickIn(place);
    await drawn();
    /* What it has begun goes on; but its base and its names are those of this message alone. */
    Element.prototype.remove.call(place);
  }
  clickIn(rootOf(await newFrame('/slow')));
}

Object.assign(window, { stage: { show, look, write, ran: () => [...ran] } });
