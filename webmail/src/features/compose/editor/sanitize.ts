/** What HTML from elsewhere may be in the editor: DOMPurify in the frame's own realm, so that inline styles are read under its policy. */
import createDOMPurify, { type Config } from 'dompurify';
import type { FrameWindow } from './frame.ts';

const TAGS = ('a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd '
  + 'li main mark nav ol p pre q s samp section small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var wbr').split(' ');
const ATTRIBUTES = 'align alt bgcolor border cellpadding cellspacing cite class color cols colspan dir face headers height href hspace lang rowspan rows scope size span src start style summary title type valign value vspace width nowrap'.split(' ');

const CONFIG: Config = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  // Only these hold addresses; the values of all others are not looked at as such.
  ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => !['href', 'src', 'cite'].includes(name)),
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|sms:|cid:|blob:|data:image\/(?:png|jpeg|gif|webp|avif);base64,)/i,
};

/**
 * Where the true address of a picture stands while it is in a frame. What the frame shows (`src`) is an address of this browser; what it
 * cannot show it does not even try to load.
 */
export const SOURCE = 'data-src';

export interface Sanitizer {
  /** Nodes of the frame's document. `keepsStyles`: <style> elements stay, for a quote whose classes they describe. */
  fragment(html: string, keepsStyles?: boolean): DocumentFragment;
}

export function sanitizerOf(window: FrameWindow): Sanitizer {
  const purify = createDOMPurify(window);
  return {
    fragment(html, keepsStyles = false) {
      const config: Config = keepsStyles ? { ...CONFIG, ALLOWED_TAGS: [...TAGS, 'style'], FORCE_BODY: true } : CONFIG;
      const made = purify.sanitize(html, { ...config, RETURN_DOM_FRAGMENT: true }) as DocumentFragment;
      for (const image of made.querySelectorAll('img[src]')) {
        image.setAttribute(SOURCE, image.getAttribute('src')!);
        image.removeAttribute('src');
      }
      return window.document.importNode(made, true);
    },
  };
}
