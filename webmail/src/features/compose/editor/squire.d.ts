declare module 'squire:frame' {
  import type Squire from 'squire-rte';
  /** The editor's class, bound to a window. */
  export function squireOf(window: Window & typeof globalThis): typeof Squire;
}
