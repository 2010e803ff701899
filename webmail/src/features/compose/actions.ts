/** What can be done with mails that are written, by keys, palette and menus. */
import { actions } from '../../actions/registry.ts';
import type { Id } from '../../jmap/types.ts';
import { mail, pane } from '../../model/current.ts';
import { openMessage } from '../../model/reading.ts';
import { place } from '../../frame/router.ts';
import { active, closeComposer, compose, composers, discard, editAsNew, respond } from './composers.ts';
import type { Composer } from './composer.ts';
import type { AnswerKind } from './draft/types.ts';
import { newTemplate } from './templates.ts';
import { expand } from './views/Dock.tsx';
import { sendAsking } from './views/Form.tsx';
import { openWaiting } from './views/Scheduled.tsx';

/** The message that is read; else the newest one that is no draft, of the open conversation or of the row that has the focus. */
function target(): Id | undefined {
  const store = mail();
  const here = place.peek();
  const open = here.kind === 'folder' || here.kind === 'search' ? here.thread : undefined;
  const focused = pane.focused.peek();
  const thread = open ?? (focused !== undefined ? (store.threads.peek(focused) ? focused : store.emails.peek(focused)?.threadId) : undefined);
  if (!thread) return undefined;
  const ids = store.threads.peek(thread)?.emailIds ?? [];
  const read = openMessage.peek();
  if (open && read && ids.includes(read) && !('$draft' in (store.emails.peek(read)?.keywords ?? {}))) return read;
  return [...ids].reverse().find((id) => !('$draft' in (store.emails.peek(id)?.keywords ?? {})));
}

function answering(kind: AnswerKind): { possible(): boolean; run(): Promise<void> } {
  return {
    possible: () => target() !== undefined,
    async run() {
      const id = target();
      const here = place.peek();
      const open = (here.kind === 'folder' || here.kind === 'search') && here.thread !== undefined;
      if (id) await respond(id, kind, open ? 'inline' : 'docked');
    },
  };
}

/** The composer that somebody writes in. */
function current(): Composer | undefined {
  const composer = active.peek();
  if (!composer || !composers.peek().includes(composer)) return undefined;
  const root = document.querySelector(`[data-composer="${composer.key}"]`);
  return root?.contains(document.activeElement) ? composer : undefined;
}

function showField(field: 'cc' | 'bcc'): void {
  const composer = current();
  if (!composer) return;
  composer.shows.value = { ...composer.shows.peek(), [field]: true };
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>(`[data-composer="${composer.key}"] [data-field=${field}] input`)?.focus());
}

export function addComposeActions(): void {
  const isOpen = () => current() !== undefined;
  actions.add(
    { id: 'compose.new', group: 'compose', keys: ['c'], icon: 'pen-line', run: async () => void (await compose()) },
    { id: 'compose.reply', group: 'mail', keys: ['r'], icon: 'reply', ...answering('reply') },
    { id: 'compose.replyAll', group: 'mail', keys: ['a'], icon: 'reply-all', ...answering('replyAll') },
    { id: 'compose.forward', group: 'mail', keys: ['f'], icon: 'forward', ...answering('forward') },
    { id: 'compose.forwardAttached', group: 'mail', icon: 'paperclip', ...answering('forwardAttached') },
    {
      id: 'compose.editAsNew',
      group: 'mail',
      icon: 'copy',
      possible: () => target() !== undefined,
      async run() {
        const id = target();
        if (id) await editAsNew(id);
      },
    },
    { id: 'compose.send', group: 'compose', keys: ['Ctrl+Enter'], icon: 'send', inFields: true, possible: () => isOpen() && !current()!.draft.peek().template, run: () => sendAsking(current()!) },
    { id: 'compose.close', group: 'compose', keys: ['Escape'], icon: 'x', inFields: true, possible: isOpen, run: () => closeComposer(current()!) },
    { id: 'compose.cc', group: 'compose', keys: ['Ctrl+Shift+C'], icon: 'user-plus', inFields: true, possible: isOpen, run: () => showField('cc') },
    { id: 'compose.bcc', group: 'compose', keys: ['Ctrl+Shift+B'], icon: 'user-plus', inFields: true, possible: isOpen, run: () => showField('bcc') },
    {
      id: 'compose.attach',
      group: 'compose',
      keys: ['Ctrl+Shift+A'],
      icon: 'paperclip',
      inFields: true,
      possible: isOpen,
      run: () => document.querySelector<HTMLInputElement>(`[data-composer="${current()!.key}"] .compose-picker`)?.click(),
    },
    { id: 'compose.discard', group: 'compose', keys: ['Ctrl+Shift+D'], icon: 'trash', inFields: true, possible: isOpen, run: () => discard(current()!) },
    { id: 'compose.expand', group: 'compose', keys: ['Ctrl+Shift+E'], icon: 'maximize-2', inFields: true, possible: () => isOpen() && current()!.look.peek() !== 'page', run: () => expand(current()!) },
    { id: 'compose.waiting', group: 'go', icon: 'clock', run: openWaiting },
    { id: 'compose.newTemplate', group: 'compose', icon: 'plus', run: newTemplate },
  );
}
