/** Where the focus goes when a place is gone to by a key: the list, once it is drawn. */

export function focusList(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-list]')?.focus({ preventScroll: true }));
}
