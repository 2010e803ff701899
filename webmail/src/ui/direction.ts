/** 1: this arrow key leads on along the line of writing; -1: back; 0: it is another key. From right to left, the left arrow leads on. */
export function arrowStep(event: KeyboardEvent): 1 | -1 | 0 {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return 0;
  const leadsOn = getComputedStyle(event.currentTarget as Element).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
  return event.key === leadsOn ? 1 : -1;
}
