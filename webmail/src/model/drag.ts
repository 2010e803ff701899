/** What is being dragged: conversations from the list, or a folder. The browser's own data of a drag cannot be read while it hovers. */
import { signal } from '@preact/signals';
import { Emitter } from '../base/emitter.ts';
import type { Id, Mailbox } from '../jmap/types.ts';

export type Dragged = { kind: 'conversations'; count: number } | { kind: 'folder'; id: Id };

export const dragged = signal<Dragged | undefined>(undefined);

/** Files from outside were dropped on a folder. Who imports them comes a moment after the first screen. */
export const filesDropped = new Emitter<{ mailbox: Mailbox; files: File[] }>({ holds: true });
