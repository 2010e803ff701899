/**
 * How every screen is looked at: by axe, for what sticks out, and as a picture in the folder SCREENS; ONLY, parts of the
 * names of screens, and LOOKS, parts of the names of looks, with commas between.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type Server, signedIn } from './server.ts';

export const FOLDER = process.env['SCREENS'] ?? '';
const ONLY = process.env['ONLY'] ?? '';
const ONLY_LOOKS = process.env['LOOKS'] ?? '';
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const skip = !FOLDER && !process.env['WEBMAIL_LONG'] && 'SCREENS names no folder for pictures';

/** How a screen is looked at; by media features alone, so that it is the same page. */
export interface Look {
  name: string;
  size: { width: number; height: number };
  media: Parameters<Page['emulateMedia']>[0];
}

const DESKTOP = { width: 1440, height: 900 };
const TABLET = { width: 820, height: 1180 };
const PHONE = { width: 390, height: 844 };
const LIGHT = { colorScheme: 'light', forcedColors: 'none', contrast: 'no-preference' } as const;
const DARK = { ...LIGHT, colorScheme: 'dark' } as const;
const FORCED = { ...DARK, forcedColors: 'active' } as const;
const MORE = { ...LIGHT, contrast: 'more' } as const;

/** Zoom makes the window smaller in CSS pixels: 1440 x 900 at 200 %, 1280 x 1024 at 400 % (WCAG 2.2, 1.4.10). */
export const LOOKS: Look[] = [
  { name: 'desktop-light', size: DESKTOP, media: LIGHT },
  { name: 'desktop-dark', size: DESKTOP, media: DARK },
  { name: 'desktop-contrast', size: DESKTOP, media: MORE },
  { name: 'desktop-forced', size: DESKTOP, media: FORCED },
  { name: 'tablet-light', size: TABLET, media: LIGHT },
  { name: 'tablet-dark', size: TABLET, media: DARK },
  { name: 'zoom200', size: { width: 720, height: 450 }, media: LIGHT },
  { name: 'zoom400', size: { width: 320, height: 256 }, media: LIGHT },
];
export const PHONE_LOOKS: Look[] = [
  { name: 'phone-light', size: PHONE, media: LIGHT },
  { name: 'phone-dark', size: PHONE, media: DARK },
];
export const ARABIC_LOOKS: Look[] = [
  { name: 'rtl-light', size: DESKTOP, media: LIGHT },
  { name: 'rtl-dark', size: DESKTOP, media: DARK },
  { name: 'rtl-phone', size: PHONE, media: LIGHT },
];

export const WAYS: { name: string; looks: Look[]; context: BrowserContextOptions }[] = [
  { name: 'mouse', looks: LOOKS, context: {} },
  { name: 'touch', looks: PHONE_LOOKS, context: { hasTouch: true, isMobile: true, viewport: PHONE } },
  { name: 'Arabic', looks: ARABIC_LOOKS, context: { locale: 'ar-EG' } },
];

export interface Screen {
  name: string;
  path: string;
  /** What is seen when it is there. */
  ready: string;
  /** What is done then. */
  open?(page: Page): Promise<void>;
  /** It is opened for each look: a menu closes when the window changes its size. */
  anew?: true;
}

export const key = (name: string, ready: string) => async (page: Page): Promise<void> => {
  await page.locator('[role=row]').first().waitFor();
  await page.keyboard.press(name);
  await page.locator(ready).first().waitFor();
};

export const row = (page: Page, text: string) => page.locator('[role=row]', { hasText: text }).first();

export const openMail = (text: string) => async (page: Page): Promise<void> => {
  await row(page, text).click();
  await page.locator('.conversation .message-body').first().waitFor();
};

interface Finding {
  id: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/**
 * Rules of WCAG 2.2 AA. What frames of mail hold is the sender's. Where colours are forced, they are the system's, and the page is told its own:
 * no rule can judge them, so the picture must be looked at.
 */
async function findings(on: Page, isForced: boolean): Promise<string[]> {
  await on.evaluate(axe);
  const found = await on.evaluate(async (forced) => {
    const run = (globalThis as unknown as { axe: { run(where: unknown, how: unknown): Promise<{ violations: Finding[] }> } }).axe;
    const { violations } = await run.run(document, { iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: { 'color-contrast': { enabled: !forced } } });
    return violations.map((one) => ({ id: one.id, nodes: one.nodes.map((node) => ({ target: node.target, failureSummary: node.failureSummary })) }));
  }, isForced);
  return found.flatMap((one) => one.nodes.slice(0, 3).map((node) => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary.replace(/\s+/g, ' ')}`));
}

const painted = (page: Page): Promise<unknown> => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

const chosenLook = ({ name }: Look): boolean => ONLY_LOOKS.split(',').some((part) => name.includes(part));

/** What is wrong with the screen that the page shows, in each of these looks; and a picture of each. */
export async function lookAt(page: Page, name: string, looks: readonly Look[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const look of looks.filter(chosenLook)) {
    await page.setViewportSize(look.size);
    await page.emulateMedia({ ...look.media, reducedMotion: 'reduce' });
    await painted(page);
    if (FOLDER) await page.screenshot({ path: path.join(FOLDER, `${name}.${look.name}.png`) });
    wrong.push(...(await findings(page, look.media === FORCED)).map((one) => `${name}, ${look.name}: ${one}`));
    const sticksOut = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (sticksOut > 0) wrong.push(`${name}, ${look.name}: ${sticksOut} pixels stick out`);
    const isCut = await page.evaluate(() => [...document.querySelectorAll('dialog[open]')].some((dialog) => dialog.scrollWidth > dialog.clientWidth));
    if (isCut) wrong.push(`${name}, ${look.name}: the dialog cuts off what is in it`);
  }
  return wrong;
}

export const chosen = (name: string): boolean => ONLY.split(',').some((part) => name.includes(part));

export async function lookThrough(browser: Browser, server: Server, who: string, screens: readonly Screen[], looks: readonly Look[], context: BrowserContextOptions): Promise<void> {
  if (!looks.some(chosenLook)) return;
  await lookThroughIn(await signedIn(browser, server, who, context), server, screens, looks);
}

export async function lookThroughIn(page: Awaited<ReturnType<typeof signedIn>>, server: Server, screens: readonly Screen[], looks: readonly Look[]): Promise<void> {
  // What is left while it loads says that it was cut off.
  await page.locator('[role=row], .list-empty').first().waitFor();
  const wrong: string[] = [];
  for (const screen of screens.filter(({ name }) => chosen(name))) {
    for (const together of screen.anew ? looks.filter(chosenLook).map((look) => [look]) : [looks]) {
      await page.setViewportSize(together[0]!.size);
      await page.goto(server.origin + screen.path);
      try {
        await page.locator(screen.ready).first().waitFor();
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        await screen.open?.(page);
        wrong.push(...(await lookAt(page, screen.name, together)));
      } catch (error) {
        wrong.push(`${screen.name}, ${together[0]!.name}: ${String(error).split('\n')[0]}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(page.errors, []);
  await page.context().close();
}
