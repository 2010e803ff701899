/*
 * A message's HTML in a frame of its own: made safe, put in, measured, coloured, followed.
 *
 * The frame's page is static, has a policy of its own, and its sandbox runs no script. All that happens in it is done
 * from here, through its document.
 */
import { at } from '../../../base/seat.ts';
import { highlight } from '../highlight.ts';
import { readColour } from './colour.ts';
import { darken } from './dark.ts';
import { followHeight, type Height } from './height.ts';
import { followLinks, markLinks, type LinkHost } from './links.ts';
import { Pictures, type FetchPicture } from './pictures.ts';
import { foldQuote } from './quotes.ts';
import { sanitise, type Picture, type Sanitised } from './sanitise.ts';
import { bringsDark, makeSheets } from './sheets.ts';

/* No script, ever: with it, "same origin" would give a message the whole app. A link may open a tab, which is free of these walls. */
export const SANDBOX = 'allow-same-origin allow-popups allow-popups-to-escape-sandbox';
export const FRAME_PAGE = at('/frame-mail.html');

export interface FrameWords {
  quote: string;
}

export interface FrameHost extends LinkHost {
  fetchPicture: FetchPicture;
  /* A key that was pressed in the frame belongs to the app. */
  key(event: KeyboardEvent): void;
  words: FrameWords;
}

export interface Look {
  /* The app is dark; undefined: the message is shown as it was made. */
  darkSurface: string | undefined;
  /* Pictures on other hosts are wanted. */
  remote: boolean;
  fold: boolean;
  /* That were searched for. */
  words: readonly string[];
}

export interface Shown {
  /* On other hosts, that a person would see. */
  remote: number;
  trackers: number;
  /* Of those that were asked for, how many could not be had. */
  failed: number;
  /* The message brings dark colours of its own, or is too large to be recoloured: there is nothing to switch. */
  recoloured: boolean;
}

/* So much is shown at once, the rest when the browser has time: half a megabyte takes 200 ms to lay out. */
const FIRST_CHARACTERS = 64 * 1024;

/* What a message may have of HTML; the rest can be seen in the original. */
const HTML_CHARACTERS_MAX = 4 << 20;

/* Where the first part ends: between two elements, so that no tag is cut. */
function firstPart(html: string): string {
  const end = html.lastIndexOf('<', FIRST_CHARACTERS);
  return end > FIRST_CHARACTERS / 2 ? html.slice(0, end) : html.slice(0, FIRST_CHARACTERS);
}

function whenIdle(of: Window, run: () => void): () => void {
  if (typeof of.requestIdleCallback === 'function') {
    const id = of.requestIdleCallback(run, { timeout: 500 });
    return () => of.cancelIdleCallback(id);
  }
  const id = of.setTimeout(run, 50);
  return () => of.clearTimeout(id);
}

const BODY_ATTRIBUTES = ['class', 'id', 'dir', 'lang', 'bgcolor', 'text', 'link', 'vlink', 'alink'];

export class MailFrame {
  private readonly life = new AbortController();
  private pictures: Pictures;
  private shown: Sanitised | undefined;
  private root: HTMLElement | undefined;
  private height: Height | undefined;
  private light: (() => void) | undefined;
  private unmark: (() => void) | undefined;
  private cancelRest: (() => void) | undefined;
  private last: Shown | undefined;

  /* `frame` has loaded its page. */
  constructor(
    private readonly frame: HTMLIFrameElement,
    private readonly host: FrameHost,
    private readonly told: (shown: Shown) => void,
  ) {
    this.pictures = new Pictures(host.fetchPicture);
    const document = this.document();
    followLinks(document, host, this.life.signal);
    document.addEventListener('keydown', (event) => host.key(event), { signal: this.life.signal });
  }

  private document(): Document {
    const document = this.frame.contentDocument;
    if (!document?.body) throw new Error('The page for the message has not loaded');
    return document;
  }

  /* Shows another message, or the same one anew. */
  fill(html: string, look: Look): void {
    this.cancelRest?.();
    const whole = html.length > HTML_CHARACTERS_MAX ? html.slice(0, HTML_CHARACTERS_MAX) : html;
    if (whole.length <= FIRST_CHARACTERS) return this.put(whole, look);
    this.put(firstPart(whole), { ...look, fold: false });
    this.cancelRest = whenIdle(window, () => this.put(whole, look));
  }

  private put(html: string, look: Look): void {
    const of = this.frame.contentWindow as Window & typeof globalThis;
    const document = this.document();
    const made = sanitise(of, html);
    this.pictures.end();
    this.pictures = new Pictures(this.host.fetchPicture);
    this.light = undefined;
    const root = document.createElement('div');
    root.className = 'postrider-mail';
    root.append(document.adoptNode(made.nodes));
    this.body(document.body, made.body);
    document.adoptedStyleSheets = makeSheets(of, made.sheets);
    markLinks(root);
    if (look.fold) foldQuote(root, this.host.words.quote);
    document.body.replaceChildren(root);
    this.unmark?.();
    this.unmark = highlight(root, look.words);
    this.shown = made;
    this.root = root;
    const recoloured = this.colour(look.darkSurface);
    this.height?.end();
    this.height = followHeight(this.frame, root);
    const parts = made.pictures.filter((p) => p.kind === 'part');
    void this.pictures.show(parts);
    const remote = made.pictures.filter((p) => p.kind === 'remote');
    const trackers = remote.filter((p) => p.tracker).length;
    this.last = { remote: remote.length - trackers, trackers, failed: 0, recoloured };
    this.told(this.last);
    if (look.remote) void this.showRemote();
  }

  /* The message's <body> asks for colours and fonts: the frame's own body gets them. */
  private body(own: HTMLElement, theirs: HTMLElement | undefined): void {
    for (const name of BODY_ATTRIBUTES) own.removeAttribute(name);
    own.removeAttribute('style');
    if (!theirs) return;
    for (const name of BODY_ATTRIBUTES) {
      const value = theirs.getAttribute(name);
      if (value !== null) own.setAttribute(name, value);
    }
    for (const name of Array.from(theirs.style))
      own.style.setProperty(name, theirs.style.getPropertyValue(name), theirs.style.getPropertyPriority(name));
  }

  /* Dark, where the app is dark; undefined: as it was made. Returns whether it was recoloured. */
  colour(darkSurface: string | undefined): boolean {
    this.light?.();
    this.light = undefined;
    const document = this.document();
    const page = document.documentElement.style;
    page.removeProperty('background-color');
    page.removeProperty('color-scheme');
    if (!darkSurface || !this.shown || !this.root) return false;
    if (this.shown.dark || bringsDark(this.shown.sheets)) {
      page.setProperty('color-scheme', 'light dark');
      return false;
    }
    const surface = readColour(darkSurface);
    if (!surface) return false;
    const undo = darken(document.body, surface);
    if (!undo) return false;
    page.setProperty('background-color', darkSurface);
    this.light = undo;
    return true;
  }

  async showRemote(): Promise<void> {
    const wanted = (p: Picture): boolean => p.kind === 'remote' && !p.tracker;
    const of = this.shown;
    const { failed } = await this.pictures.show(of?.pictures.filter(wanted) ?? []);
    /* Another message may be shown by now. */
    if (of !== this.shown || this.life.signal.aborted || !this.last) return;
    this.height?.renew();
    this.told((this.last = { ...this.last, failed }));
  }

  end(): void {
    this.life.abort();
    this.cancelRest?.();
    this.pictures.end();
    this.height?.end();
  }
}
