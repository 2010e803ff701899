// An icon of the sprite. It is decoration: what it stands for is said in words by the control around it.
import drawings from 'icons:all';

export type IconName = string;

const SVG = 'http://www.w3.org/2000/svg';

// Puts the sprite into the page, once. Each icon is drawn by a reference into it, so that a row of a list costs two elements an icon.
export function installIcons(into: Element): void {
  const sprite = document.createElementNS(SVG, 'svg');
  sprite.setAttribute('class', 'sprite');
  sprite.setAttribute('aria-hidden', 'true');
  for (const [name, parts] of Object.entries(drawings)) {
    const symbol = document.createElementNS(SVG, 'symbol');
    symbol.id = `icon-${name}`;
    symbol.setAttribute('viewBox', '0 0 24 24');
    for (const [tag, attributes] of parts) {
      const part = document.createElementNS(SVG, tag);
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      symbol.append(part);
    }
    sprite.append(symbol);
  }
  into.append(sprite);
}

// These point along the line of writing, or draw one: they are mirrored where one writes from right to left.
const turning = new Set<IconName>(['arrow-left', 'chevron-left', 'chevron-right', 'external-link', 'forward', 'list', 'log-out', 'panel-right', 'redo-2', 'reply', 'reply-all', 'send', 'text-quote', 'undo-2']);

export function Icon({ name, class: extra = '' }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon${turning.has(name) ? ' icon-turns' : ''} ${extra}`} aria-hidden="true" focusable="false">
      <use href={`#icon-${name}`} />
    </svg>
  );
}
