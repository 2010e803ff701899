/** Which panes there are, by the window's width and the reader's choice. Pure; frame.tsx draws it. */
import type { Settings } from '../model/settings.ts';

/** Below: one pane at a time. */
export const PHONE = 600;
/** Below: the folders are a drawer. */
export const NARROW = 900;
/** From here the conversation has room beside the list. */
export const WIDE = 1_100;

export interface Layout {
  /** Where the conversation is: beside the list, below it, or in its place. */
  reading: 'right' | 'below' | 'over';
  folders: 'pane' | 'drawer' | 'hidden';
  isPhone: boolean;
}

export const LIMITS = {
  folders: { min: 160, max: 400 },
  list: { min: 280, max: 900 },
  height: { min: 160, max: 1_200 },
  /** A conversation needs so much. */
  reading: 360,
};

export function layoutOf(width: number, settings: Pick<Settings, 'layout' | 'foldersHidden'>): Layout {
  const isPhone = width < PHONE;
  const folders = width < NARROW ? 'drawer' : settings.foldersHidden ? 'hidden' : 'pane';
  const reading = isPhone || settings.layout === 'none' || (settings.layout === 'right' && width < WIDE) ? 'over' : settings.layout;
  return { reading: reading === 'right' || reading === 'below' ? reading : 'over', folders, isPhone };
}

/** A width that was chosen in another window may be too much for this one. */
export function listWidth(wanted: number, window: number, folders: number): number {
  const most = Math.max(LIMITS.list.min, Math.min(LIMITS.list.max, window - folders - LIMITS.reading));
  return Math.max(LIMITS.list.min, Math.min(wanted, most));
}
