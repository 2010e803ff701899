/*
 * Links: where they lead is told, and nothing opens but in a tab of its own that knows nothing of us.
 *
 * A text that looks like the address of another host than the one the link leads to is the oldest trick there is:
 * such a link asks before it opens.
 */

import { LINK_SCHEMES } from './config.ts';

export interface LinkHost {
  /* A link that was clicked leads to an address to write to. */
  write(mailto: string): void;
  /* The text names `shown`, the link leads to `real`: the person decides. shown is empty if the message is not trusted: then each asks. */
  ask(url: string, shown: string, real: string): void;
  /* Who sent the message is in doubt. */
  distrusts?: boolean;
}

const HOST_IN_TEXT = /^\s*(?:https?:\/\/)?(?:[^\s/@]*@)?((?:[\p{L}\p{N}_-]+\.)+[\p{L}]{2,24})\.?(?::\d+)?(?:[/?#]\S*)?\s*$/iu;

/* Names that end like files and not like hosts: "report.doc" is no host. */
const FILE_END = /\.(?:docx?|xlsx?|pptx?|pdf|txt|html?|png|jpe?g|gif|zip|exe|js|csv|ics|eml)$/i;

function ascii(host: string): string {
  try {
    return new URL(`http://${host}`).hostname.replace(/\.$/, '').toLowerCase();
  } catch {
    return host.toLowerCase();
  }
}

function bare(host: string): string {
  return host.replace(/^www\d?\./, '');
}

/* Signs that nobody sees, and full stops of other scripts, which browsers read as one. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}]/gu;
const STOPS = /[\u3002\uff0e\uff61]/g;

/* The host that the text claims to be, if it looks like one: as a reader sees it. */
export function shownHost(text: string): string | undefined {
  if (text.length > 2048) return undefined;
  const found = HOST_IN_TEXT.exec(text.replace(UNSEEN, '').replace(STOPS, '.').normalize('NFKC'));
  const host = found?.[1];
  if (!host || (FILE_END.test(host) && !/\/\//.test(text))) return undefined;
  return ascii(host);
}

/* undefined: nothing to say. A link to a host below the one that is shown, or above it, is what people mean by it. */
export function mismatch(text: string, href: string): { shown: string; real: string } | undefined {
  const shown = shownHost(text);
  if (!shown) return undefined;
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return undefined;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  const real = ascii(url.hostname);
  const [a, b] = [bare(shown), bare(real)];
  if (a === b || b.endsWith(`.${a}`)) return undefined;
  return { shown, real };
}

function isLink(href: string): boolean {
  try {
    return LINK_SCHEMES.has(new URL(href).protocol);
  } catch {
    return false;
  }
}

function open(url: string): void {
  window.open(url, '_blank', 'noopener,noreferrer');
}

function unescaped(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/* What a reader sees of a link may be less than what it holds. */
function doubtOf(link: Element, href: string): ReturnType<typeof mismatch> {
  return mismatch((link as HTMLElement).innerText ?? '', href) ?? mismatch(link.textContent ?? '', href);
}

/* Links of SVG and MathML pass no other layer. They lead somewhere by xlink:href too, or by what an animation sets, which no attribute tells. */
const LINKS = 'a[*|href], area[*|href], svg a, math [*|href]';

function follow(event: MouseEvent, document: Document, host: LinkHost): void {
  const target = event.target as Element | null;
  const link = target?.closest?.(LINKS);
  if (!link || event.button > 1) return;
  const href = link.getAttribute('href') ?? '';
  event.preventDefault();
  if (href.startsWith('#')) {
    const id = unescaped(href.slice(1));
    const place = document.getElementById(id) ?? document.getElementsByName(id)[0];
    place?.scrollIntoView({ block: 'start' });
    return;
  }
  /* Asked again, though no other link passes sanitise.ts: this holds by itself. */
  if (!isLink(href)) return;
  if (/^mailto:/i.test(href)) return host.write(href);
  const doubt = doubtOf(link, href);
  if (doubt) return host.ask(href, doubt.shown, doubt.real);
  if (host.distrusts) return host.ask(href, '', new URL(href).hostname);
  open(href);
}

/* `signal` ends it. */
export function followLinks(document: Document, host: LinkHost, signal: AbortSignal): void {
  const listener = (event: MouseEvent): void => follow(event, document, host);
  document.addEventListener('click', listener, { signal, capture: true });
  document.addEventListener('auxclick', listener, { signal, capture: true });
}

/* Each link says where it leads, and opens apart, whoever opens it. */
export function markLinks(root: ParentNode): void {
  for (const link of root.querySelectorAll<HTMLAnchorElement | HTMLAreaElement>('a[href], area[href]')) {
    const href = link.getAttribute('href') ?? '';
    if (href.startsWith('#')) continue;
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
    link.referrerPolicy = 'no-referrer';
    link.title = href.length > 300 ? `${href.slice(0, 300)}…` : href;
    if (mismatch(link.textContent ?? '', href)) link.classList.add('postrider-doubtful');
  }
}
