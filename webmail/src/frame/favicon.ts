/** The page's icon in the browser's tab: with a dot while there is unread mail in the inbox. An installed app shows the number, too. */

const COLOURS = { ground: '#0b6b75', line: '#fff', dot: '#d4351c' };

function drawing(hasDot: boolean): string {
  const dot = hasDot ? `<circle cx="25" cy="8" r="6.5" fill="${COLOURS.dot}" stroke="${COLOURS.line}" stroke-width="1.5"/>` : '';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="2" y="6" width="28" height="20" rx="4" fill="${COLOURS.ground}"/><path d="M5 10l11 8 11-8" fill="none" stroke="${COLOURS.line}" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/>${dot}</svg>`;
}

let shown: boolean | undefined;
let told: number | undefined;

export function showCount(unread: number): void {
  if (told === unread) return;
  told = unread;
  const badge = navigator as Navigator & { setAppBadge?(count: number): Promise<void>; clearAppBadge?(): Promise<void> };
  // Browsers that have no place for it refuse: there is nothing to be done then.
  void (unread > 0 ? badge.setAppBadge?.(unread) : badge.clearAppBadge?.())?.catch(() => undefined);
  if (shown === unread > 0) return;
  shown = unread > 0;
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (link) link.href = `data:image/svg+xml,${encodeURIComponent(drawing(shown))}`;
}
