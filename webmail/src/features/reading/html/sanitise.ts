/*
 * The HTML of a message becomes nodes that are safe to show.
 *
 * DOMPurify is bound to the window of the frame that will show them: so they are parsed under the frame's policy and
 * not under the app's, which would drop their styles. From here on nobody makes a string of them again and parses
 * it: what is judged is what is shown.
 *
 * Nothing here loads anything. Addresses of pictures are taken off the nodes and handed to the caller.
 */
import createPurifier, { type DOMPurify } from 'dompurify';

import { CONFIG, DATA_IMAGE, LINK_SCHEMES } from './config.ts';

/* A picture that isn't in the HTML itself. */
export interface Picture {
  element: HTMLElement;
  /* `source`: of an <img>; `background`: behind the element. */
  place: 'source' | 'background';
  /* `part`: url is the Content-ID of a part of the message (RFC 2392); `remote`: url is on another host. */
  kind: 'part' | 'remote';
  url: string;
  /* Too small to be seen: it is there to tell the sender that the message was opened. */
  tracker: boolean;
}

export interface Sanitised {
  /* For the frame's own body: what the message's <body> asked for. */
  body: HTMLElement | undefined;
  nodes: DocumentFragment;
  /* The texts of its <style> elements; sheets.ts makes style sheets of them. */
  sheets: string[];
  pictures: Picture[];
  /* It says that it brings colours for a dark background. */
  dark: boolean;
}

/* A picture of at most this many pixels in a direction shows nothing to a person. */
const SEEN_PIXELS = 3;

/* Mail with more pictures than this is a flood; the others stay unseen. */
const PICTURES_MAX = 2000;

/* A style of more properties than this says nothing about how a text looks: it is there to hold up who reads it. */
export const PROPERTIES_MAX = 500;

/* Where the server leaves addresses of pictures on other hosts (doc/jmap.md, "HTML that runs nothing"). */
const REMOTE_SOURCE = 'data-remote-src';
const REMOTE_BACKGROUND = 'data-remote-background';

const URL_IN_CSS = /url\(\s*(?:"([^"]*)"|'([^']*)'|([^)\s]*))\s*\)/i;

function pictureKind(url: string): Picture['kind'] | undefined {
  if (/^cid:/i.test(url)) return 'part';
  if (/^(?:https?:)?\/\//i.test(url)) return 'remote';
  return undefined;
}

function pixels(element: Element, name: 'width' | 'height'): number {
  const style = (element as HTMLElement).style[name];
  const text = style.endsWith('px') || style === '0' ? style : element.getAttribute(name);
  const value = text === null || text.endsWith('%') ? NaN : parseFloat(text);
  return Number.isNaN(value) ? Infinity : value;
}

function isHidden(element: HTMLElement): boolean {
  const { display, visibility, opacity } = element.style;
  return display === 'none' || visibility === 'hidden' || opacity === '0';
}

export function isTracker(element: HTMLElement): boolean {
  return pixels(element, 'width') < SEEN_PIXELS || pixels(element, 'height') < SEEN_PIXELS || isHidden(element);
}

class Collector {
  readonly sheets: string[] = [];
  readonly pictures: Picture[] = [];
  dark = false;

  constructor(purifier: DOMPurify) {
    purifier.addHook('uponSanitizeElement', (node) => this.element(node as Element));
    purifier.addHook('uponSanitizeAttribute', (node, event) => {
      event.keepAttr = this.attribute(node as HTMLElement, event.attrName, event.attrValue) && event.keepAttr;
    });
    purifier.addHook('afterSanitizeAttributes', (node) => this.attributed(node as HTMLElement));
  }

  private element(node: Element): void {
    const name = node.nodeName.toLowerCase();
    if (name === 'style') this.sheets.push(node.textContent ?? '');
    if (name === 'meta' && /^(?:supported-)?color-schemes?$/i.test(node.getAttribute('name') ?? ''))
      this.dark ||= /\bdark\b/i.test(node.getAttribute('content') ?? '');
  }

  /* Whether the attribute stays. */
  private attribute(node: HTMLElement, name: string, value: string): boolean {
    const text = value.trim();
    if (name === 'name') return node.nodeName === 'A' || node.nodeName === 'MAP';
    if (name === 'href') return this.link(text);
    /* The server has put them there, and takes away what a message brings by these names. A message that was not cleaned gains nothing by them. */
    if (name === REMOTE_SOURCE || name === REMOTE_BACKGROUND) {
      if (pictureKind(text) === 'remote') this.picture(node, name === REMOTE_SOURCE ? 'source' : 'background', text);
      return false;
    }
    if (name !== 'src' && name !== 'background') return true;
    if (name === 'src' && node.nodeName !== 'IMG') return false;
    if (name === 'src' && DATA_IMAGE.test(text)) return true;
    this.picture(node, name === 'src' ? 'source' : 'background', text);
    return false;
  }

  private link(text: string): boolean {
    if (text.startsWith('#')) return true;
    try {
      return LINK_SCHEMES.has(new URL(text).protocol);
    } catch {
      return false;
    }
  }

  private picture(element: HTMLElement, place: Picture['place'], url: string): void {
    const kind = pictureKind(url);
    if (!kind || this.pictures.length >= PICTURES_MAX) return;
    const full = kind === 'part' ? url.slice(4) : url.startsWith('//') ? `https:${url}` : url;
    this.pictures.push({ element, place, kind, url: full, tracker: false });
  }

  /* Styles that would load something lose it; a background is noted, so that it can be shown when it is asked for. */
  private attributed(node: HTMLElement): void {
    const style = node.style;
    if (!style) return;
    if (style.length > PROPERTIES_MAX) return node.removeAttribute('style');
    for (const name of Array.from(style)) {
      const value = style.getPropertyValue(name);
      if (!/url\(|image-set\(|image\(/i.test(value)) continue;
      const found = URL_IN_CSS.exec(value);
      const url = found?.[1] ?? found?.[2] ?? found?.[3] ?? '';
      if (DATA_IMAGE.test(url)) continue;
      style.removeProperty(name);
      if (name === 'background-image') this.picture(node, 'background', url);
    }
  }
}

/* `of` is the window of the frame, whose page is loaded. */
export function sanitise(of: Window, html: string): Sanitised {
  const purifier = createPurifier(of as unknown as Parameters<typeof createPurifier>[0]);
  if (!purifier.isSupported) throw new Error('This browser cannot make HTML safe');
  const found = new Collector(purifier);
  const whole = purifier.sanitize(html, CONFIG);
  const body = whole.querySelector<HTMLElement>('body') ?? undefined;
  const nodes = whole.ownerDocument.createDocumentFragment();
  nodes.append(...Array.from((body ?? whole).childNodes));
  for (const picture of found.pictures) picture.tracker = picture.kind === 'remote' && isTracker(picture.element);
  return { body, nodes, sheets: found.sheets, pictures: found.pictures, dark: found.dark };
}
