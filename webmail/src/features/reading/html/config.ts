/*
 * What of a message's HTML is shown. The lists name what is allowed; whatever is new to HTML is therefore left out
 * until somebody adds it here.
 *
 * Left out on purpose: everything that asks for something (forms, controls), that plays (audio, video), that embeds
 * (iframe, object), or that has rules of its own (SVG, MathML: past holes came from moving between their parsers and
 * HTML's). The text inside is kept.
 */
import type { Config } from 'dompurify';

const TAGS = [
  'a', 'abbr', 'acronym', 'address', 'area', 'article', 'aside', 'b', 'bdi', 'bdo', 'big', 'blink', 'blockquote',
  'body', 'br', 'caption', 'center', 'cite', 'code', 'col', 'colgroup', 'dd', 'del', 'details', 'dfn', 'dir', 'div',
  'dl', 'dt', 'em', 'figcaption', 'figure', 'font', 'footer', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'head', 'header',
  'hgroup', 'hr', 'html', 'i', 'img', 'ins', 'kbd', 'li', 'main', 'map', 'mark', 'menu', 'nav', 'nobr', 'ol', 'p',
  'pre', 'q', 'rp', 'rt', 'ruby', 's', 'samp', 'section', 'small', 'span', 'strike', 'strong', 'sub', 'summary',
  'sup', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead', 'time', 'tr', 'tt', 'u', 'ul', 'var', 'wbr', '#text',
];

/* `src`, `background` and `href` are judged by sanitise.ts one by one. No `target`, no `rel`: they are set by us. */
const ATTRIBUTES = [
  'abbr', 'align', 'alink', 'alt', 'background', 'bgcolor', 'border', 'cellpadding', 'cellspacing', 'class', 'clear',
  'color', 'colspan', 'compact', 'coords', 'datetime', 'dir', 'face', 'headers', 'height', 'hidden', 'href', 'hspace',
  'id', 'lang', 'link', 'name', 'noshade', 'nowrap', 'open', 'reversed', 'rowspan', 'rules', 'scope', 'shape', 'size',
  'span', 'src', 'start', 'style', 'summary', 'text', 'title', 'type', 'usemap', 'valign', 'value', 'vlink', 'vspace',
  'width',
];

/* What of a link may stand in `href`. `cid:` is no link: it names a part, and only pictures use it. */
export const LINK_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:', 'tel:']);

/* Pictures that a message may hold in itself. None of them can run anything or load anything as a picture. */
export const DATA_IMAGE = /^data:image\/(?:png|jpe?g|gif|webp|avif|bmp|svg\+xml)[;,]/i;

/* SAFE_FOR_TEMPLATES stays off: it changes strings after they were judged, and its holes are known. */
export const CONFIG: Config & { RETURN_DOM_FRAGMENT: true } = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOW_ARIA_ATTR: true,
  ALLOW_DATA_ATTR: false,
  ALLOW_UNKNOWN_PROTOCOLS: false,
  /* Asked of every attribute's value, not of addresses alone: so what has no scheme passes here ("600", "left"). sanitise.ts is stricter. */
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|cid):|data:image\/|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
  FORBID_CONTENTS: ['audio', 'head', 'iframe', 'math', 'noembed', 'noframes', 'noscript', 'object', 'plaintext', 'script',
    'select', 'style', 'svg', 'template', 'textarea', 'title', 'video', 'xmp'],
  KEEP_CONTENT: true,
  SANITIZE_DOM: true,
  WHOLE_DOCUMENT: true,
  RETURN_DOM_FRAGMENT: true,
};
