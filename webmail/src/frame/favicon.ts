/** The page's icon in the browser's tab: with the number of unread conversations in the inbox. An installed app shows it, too. */
import { whenIdle } from '../ui/idle.ts';

const COLOURS = { ground: '#0b6b75', line: '#fff', badge: '#c02a15' };
/** More has no room. */
const MOST = 99;

export function drawing(unread: number): string {
  const words = unread > MOST ? `${MOST}+` : String(unread);
  // Wide enough for its digits, within the icon's 32 pixels, at its lower end.
  const width = [14, 19, 26][words.length - 1]!;
  const badge = `<rect x="${31 - width}" y="13" width="${width}" height="18" rx="6" fill="${COLOURS.badge}"/><text x="${31 - width / 2}" y="27" text-anchor="middle" font-family="Arial, Helvetica, sans-serif" font-weight="bold" font-size="${words.length > 2 ? 13 : 15}" fill="${COLOURS.line}">${words}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="2" y="6" width="28" height="20" rx="4" fill="${COLOURS.ground}"/><path d="M5 10l11 8 11-8" fill="none" stroke="${COLOURS.line}" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/>${unread > 0 ? badge : ''}</svg>`;
}

let told: number | undefined;
let drawn: string | undefined;

export function showCount(unread: number): void {
  if (told === unread) return;
  told = unread;
  const badge = navigator as Navigator & { setAppBadge?(count: number): Promise<void>; clearAppBadge?(): Promise<void> };
  // Browsers that have no place for it refuse: there is nothing to be done then.
  whenIdle(() => void (unread === told && (unread > 0 ? badge.setAppBadge?.(unread) : badge.clearAppBadge?.())?.catch(() => undefined)));
  const image = drawing(unread);
  if (drawn === image) return;
  drawn = image;
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (link) link.href = `data:image/svg+xml,${encodeURIComponent(image)}`;
}
