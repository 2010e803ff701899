/** Places of the frame that features put something into, so that no feature knows another. */
import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { Email, Id } from '../jmap/types.ts';

/** What each slot's components get. */
export interface SlotProps {
  /** The pane of folders, and what stands above it ("Compose"). */
  folders: Record<never, never>;
  list: Record<never, never>;
  /** The conversation of this thread. */
  reading: { threadId: Id };
  /** Above a message's body: verdict, pictures from elsewhere, unsubscribe. */
  messageBanner: { email: Email };
  /** Below the newest message of a conversation: the reply box. */
  conversationFoot: { threadId: Id };
  /** Over everything: composers that are docked. */
  overlay: Record<never, never>;
  /** The top of the list: search. */
  search: Record<never, never>;
}

export interface Page {
  /** "identities": the path is /settings/identities, its title the words "settings.identities". */
  name: string;
  icon?: string;
  order: number;
  /** Words (of the current language's texts: keys) by which the settings' search finds it. */
  keys?: string[];
  possible?(): boolean;
  component: ComponentType<Record<never, never>>;
}

type Filled = { [Name in keyof SlotProps]?: ComponentType<SlotProps[Name]>[] };

const filled: Filled = {};
const pages: Record<'settings' | 'admin' | 'compose', Page[]> = { settings: [], admin: [], compose: [] };
export const version = signal(0);

export function fill<Name extends keyof SlotProps>(name: Name, component: ComponentType<SlotProps[Name]>): void {
  const there = (filled[name] ?? []) as ComponentType<SlotProps[Name]>[];
  filled[name] = [...there, component] as Filled[Name];
  version.value++;
}

export function componentsOf<Name extends keyof SlotProps>(name: Name): ComponentType<SlotProps[Name]>[] {
  version.value;
  return (filled[name] as ComponentType<SlotProps[Name]>[] | undefined) ?? [];
}

/** Pages of the settings and of administration; "compose" has one: the whole-page composer, which gets its id from the router. */
export function addPage(kind: 'settings' | 'admin' | 'compose', page: Page): void {
  pages[kind] = [...pages[kind].filter((one) => one.name !== page.name), page].sort((a, b) => a.order - b.order);
  version.value++;
}

export function pagesOf(kind: 'settings' | 'admin' | 'compose'): Page[] {
  version.value;
  return pages[kind].filter((page) => page.possible?.() ?? true);
}
