/** What can be done with mails that are written, by keys, palette and menus. */
import { actions } from '../../actions/registry.ts';
import type { EmailRow } from '../../jmap/types.ts';
import { targetMessage } from '../../model/target.ts';
import { place } from '../../frame/router.ts';
import { active, closeComposer, compose, composers, discard, editAsNew, respond } from './composers.ts';
import type { Composer } from './composer.ts';
import type { AnswerKind } from './draft/types.ts';
import { catchTyping } from './early.ts';
import { newTemplate } from './templates.ts';
import { expand } from './views/Dock.tsx';
import { sendAsking } from './views/Form.tsx';
import { openWaiting } from './views/Scheduled.tsx';

/** No draft is answered: it is passed over. */
function target(): EmailRow | undefined {
  return targetMessage((email) => !('$draft' in email.keywords));
}

function answering(kind: AnswerKind): { possible(): boolean; run(): Promise<void> } {
  return {
    possible: () => target() !== undefined,
    async run() {
      const email = target();
      const here = place.peek();
      const isOpen = (here.kind === 'folder' || here.kind === 'search') && here.thread === email?.threadId;
      if (!email) return;
      // A forwarded mail begins with whom it is for.
      const typing = kind === 'reply' || kind === 'replyAll' ? catchTyping() : undefined;
      let begun: Composer | undefined;
      try {
        begun = await respond(email.id, kind, isOpen ? 'inline' : 'docked', typing);
      } finally {
        if (!begun) typing?.end();
      }
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
        const email = target();
        if (email) await editAsNew(email.id);
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
