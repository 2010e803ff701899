/**
 * All that can be done, in one table: keys, the palette, menus, tooltips and the sheet of keys come from it. A feature adds its actions
 * when it is loaded; what an action works on (the selection, the open conversation) is looked up by the action itself.
 */
import { signal } from '@preact/signals';

export type ActionGroup = 'go' | 'mail' | 'list' | 'compose' | 'view' | 'settings' | 'help';

export interface Action {
  /** "mail.archive": also the key of its name, in words/en: "action.mail.archive". */
  id: string;
  group: ActionGroup;
  /** Each is a key or a sequence: "e", "g i", "Ctrl+Enter", "Shift+U", "?". Ctrl stands for Command on a Mac. */
  keys?: string[];
  /** A name of src/ui/icons.json. */
  icon?: string;
  /** Also while somebody types into a field. */
  inFields?: boolean;
  /** Undefined: always. What is not possible now is not shown, and its keys do nothing. */
  possible?(): boolean;
  run(): void | Promise<void>;
}

const table = new Map<string, Action>();
/** Grows when actions come: the palette looks again. */
export const version = signal(0);

export const actions = {
  /** A second one with the same id takes the first one's place. */
  add(...list: Action[]): void {
    for (const action of list) table.set(action.id, action);
    version.value++;
  },

  get(id: string): Action | undefined {
    return table.get(id);
  },

  all(): Action[] {
    return [...table.values()];
  },

  possible(): Action[] {
    return actions.all().filter(isPossible);
  },

  /** False: there is none, or it is not possible now. */
  run(id: string): boolean {
    const action = table.get(id);
    if (!action || !isPossible(action)) return false;
    perform(action);
    return true;
  },
};

export function isPossible(action: Action): boolean {
  return action.possible?.() ?? true;
}

export function perform(action: Action): void {
  const begun = performance.now();
  Promise.resolve(action.run()).catch(reportError);
  performance.measure?.(`action ${action.id}`, { start: begun });
}

/** The key of its name. */
export function nameOf(action: Action): string {
  return `action.${action.id}`;
}

/** As aria-keyshortcuts wants it (WAI-ARIA 1.2 section 6.6.13): sequences cannot be said there. */
export function shortcutsOf(action: Action): string | undefined {
  const single = action.keys?.filter((key) => !key.includes(' ')).map((key) => key.replace('Ctrl', 'Control'));
  return single?.length ? single.join(' ') : undefined;
}
