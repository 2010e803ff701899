/** The row under the mouse: it alone has buttons. */
import { signal } from '@preact/signals';
import type { Id } from '../../jmap/types.ts';

export const hovered = signal<Id | undefined>(undefined);
