/** Puts the reader's choice of theme, contrast, accent and density on the document's root, where the tokens hear it. */
import { effect, signal } from '@preact/signals';
import { setting } from '../model/settings.ts';

export const ROW_HEIGHTS = { one: 32, two: 44, three: 64 } as const;

export function startTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const more = matchMedia('(prefers-contrast: more)');
  const systemIsDark = signal(dark.matches);
  const systemWantsMore = signal(more.matches);
  dark.addEventListener('change', () => (systemIsDark.value = dark.matches));
  more.addEventListener('change', () => (systemWantsMore.value = more.matches));
  effect(() => {
    const root = document.documentElement;
    const theme = setting('theme').value;
    const contrast = setting('contrast').value;
    root.dataset['theme'] = theme === 'system' ? (systemIsDark.value ? 'dark' : 'light') : theme;
    root.dataset['contrast'] = contrast === 'system' ? (systemWantsMore.value ? 'more' : 'normal') : contrast;
    root.dataset['accent'] = setting('accent').value;
    root.dataset['density'] = setting('density').value;
    root.style.setProperty('--row', `${ROW_HEIGHTS[setting('density').value]}px`);
  });
}
