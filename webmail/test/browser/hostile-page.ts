/* Runs in the page, under the app's own policy: shows each message and says what became of it. */
import { FRAME_PAGE, MailFrame, SANDBOX } from '../../src/features/reading/html/frame.ts';
import { MARK, READ, type Hostile } from './hostile.ts';

export interface Outcome {
  name: string;
  ran: boolean;
  read: boolean;
  height: number;
}

const host = {
  fetchPicture: async () => undefined,
  key: () => {},
  write: () => {},
  ask: () => {},
  words: { quote: 'Quoted text' },
};

async function newFrame(): Promise<HTMLIFrameElement> {
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', SANDBOX);
  frame.width = '600';
  frame.height = '100';
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  frame.src = FRAME_PAGE;
  document.body.replaceChildren(frame);
  await loaded;
  return frame;
}

/* As if nothing had looked at the message: its nodes as they are, in the frame. */
function showRaw(frame: HTMLIFrameElement, html: string): void {
  const of = frame.contentWindow as Window & typeof globalThis;
  const made = new of.DOMParser().parseFromString(html, 'text/html');
  const there = frame.contentDocument!;
  there.documentElement.replaceWith(there.adoptNode(made.documentElement));
}

function look(frame: HTMLIFrameElement, name: string): Outcome {
  const marked = (of: Window): boolean => MARK in of;
  /* A message may hide the document's own properties behind its elements: so they are asked for by the prototype. */
  const root = Object.getOwnPropertyDescriptor(Document.prototype, 'documentElement')!.get!.call(frame.contentDocument) as HTMLElement;
  return { name, ran: marked(window) || marked(frame.contentWindow!), read: root.innerText.includes(READ), height: frame.offsetHeight };
}

const shown = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 10)));

async function run(mail: Hostile[], purified: boolean): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, html } of mail) {
    const frame = await newFrame();
    const viewer = new MailFrame(frame, host, () => {});
    if (purified) viewer.fill(html, { darkSurface: 'rgb(20, 20, 20)', remote: false, fold: true, words: [] });
    else showRaw(frame, html);
    await shown();
    frame.contentDocument?.querySelector?.('#click')?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
    await shown();
    outcomes.push(look(frame, name));
    viewer.end();
  }
  return outcomes;
}

Object.assign(window, { postriderHostile: run, postriderFrame: newFrame, postriderRaw: showRaw });
