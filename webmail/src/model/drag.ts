/** What is being dragged: conversations from the list, or a folder. The browser's own data of a drag cannot be read while it hovers. */
import { signal } from '@preact/signals';
import type { Id } from '../jmap/types.ts';

export type Dragged = { kind: 'conversations'; count: number } | { kind: 'folder'; id: Id };

export const dragged = signal<Dragged | undefined>(undefined);
