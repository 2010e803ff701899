/*
 * A frame as high as what it shows, so that the conversation scrolls as one page. The measuring is done from
 * outside: nothing runs within.
 */

/* No message is higher: what asks for more (an element of a million pixels) scrolls within its frame. */
const HEIGHT_MAX = 100_000;

/* A message whose height depends on the frame's own (100vh and a bit) would grow for ever: so many steps without new
   content, and it keeps what it has. */
const STEPS_MAX = 12;

export interface Height {
  /* What is shown has changed on purpose. */
  renew(): void;
  end(): void;
}

export function followHeight(frame: HTMLIFrameElement, root: HTMLElement): Height {
  let steps = 0;
  let height = 0;
  const measure = (): void => {
    const page = root.ownerDocument.documentElement;
    /* A frame that is hidden measures 0 and keeps its height. */
    if (!page.clientWidth) return;
    const bar = page.scrollWidth > page.clientWidth ? 16 : 0;
    const wanted = Math.min(HEIGHT_MAX, Math.ceil(root.getBoundingClientRect().height) + bar);
    if (wanted === height || (wanted > height && steps >= STEPS_MAX)) return;
    if (wanted > height) steps++;
    height = wanted;
    frame.style.height = `${height}px`;
  };
  const observer = new ResizeObserver(measure);
  observer.observe(root);
  measure();
  return {
    renew() {
      steps = 0;
      measure();
    },
    end: () => observer.disconnect(),
  };
}
