/** Reading: the conversation, its messages, what can be done with one of them. */
import './reading.css';
import { actions, type Action } from '../../actions/registry.ts';
import { fill } from '../../frame/slots.ts';
import { mail } from '../../model/current.ts';
import { isWhole, type WholeEmail } from '../../model/reading.ts';
import { Conversation } from './conversation.tsx';
import { files } from './facts.ts';
import { saveAll } from './files.tsx';
import { saveOriginal, showOriginal, showWhy } from './original.tsx';
import { printConversation } from './print.ts';
import { ReminderLine } from './reminder.tsx';
import { hasTrace, showTrace } from './trace.tsx';
import { canUnsubscribe, unsubscribe } from './unsubscribe.ts';
import { SignatureLine, VerdictLine } from './verdict.tsx';
import { shownConversation, shownMessage } from './view.ts';

function current(): WholeEmail | undefined {
  const id = shownMessage()?.id;
  const email = id ? mail().emails.peek(id) : undefined;
  return isWhole(email) ? email : undefined;
}

/** An action on the message that has the focus. */
function onMessage(action: Omit<Action, 'group' | 'run' | 'possible'>, run: (email: WholeEmail) => void | Promise<void>, possible: (email: WholeEmail) => boolean = () => true): Action {
  return {
    ...action,
    group: 'mail',
    possible: () => {
      const email = current();
      return email !== undefined && possible(email);
    },
    run: () => {
      const email = current();
      return email && run(email);
    },
  };
}

const isOpen = (): boolean => shownConversation.peek() !== undefined;

/** The next message of the conversation, up or down; it gets the focus. */
function step(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>('.conversation-messages > .message, .conversation-messages > .message-folded')];
  const here = all.findIndex((one) => one.classList.contains('message-current'));
  const next = all[here + by];
  if (!next) return;
  if (next instanceof HTMLButtonElement) next.click();
  requestAnimationFrame(() => {
    const now = document.querySelectorAll<HTMLElement>('.conversation-messages > .message, .conversation-messages > .message-folded')[here + by];
    now?.querySelector<HTMLElement>('.message-line')?.focus({ preventScroll: true });
    now?.scrollIntoView({ block: 'start' });
  });
}

export function installReading(): void {
  fill('reading', Conversation);
  fill('messageBanner', VerdictLine);
  fill('messageBanner', SignatureLine);
  fill('messageBanner', ReminderLine);
  actions.add(
    { id: 'reading.openAll', group: 'view', keys: [';'], icon: 'chevron-down', possible: isOpen, run: () => shownConversation.peek()?.openAll() },
    { id: 'reading.foldAll', group: 'view', keys: [':'], icon: 'chevron-up', possible: isOpen, run: () => shownConversation.peek()?.foldAll() },
    { id: 'reading.next', group: 'view', keys: ['n'], possible: isOpen, run: () => step(1) },
    { id: 'reading.previous', group: 'view', keys: ['p'], possible: isOpen, run: () => step(-1) },
    { id: 'reading.print', group: 'mail', keys: ['Ctrl+P'], icon: 'printer', possible: isOpen, run: printConversation },
    onMessage({ id: 'reading.colours', icon: 'sun' }, () => {
      const message = shownMessage();
      if (message) message.view.original.value = !message.view.original.peek();
    }, (email) => email.htmlBody.some((part) => part.type === 'text/html') && document.documentElement.dataset['theme'] === 'dark'),
    onMessage({ id: 'reading.details', keys: ['Shift+D'], icon: 'users' }, () => {
      const message = shownMessage();
      if (message) message.view.details.value = !message.view.details.peek();
    }),
    onMessage({ id: 'reading.original', keys: ['Shift+O'], icon: 'file-text' }, showOriginal),
    onMessage({ id: 'reading.download', icon: 'download' }, saveOriginal),
    onMessage({ id: 'reading.saveAll', icon: 'download' }, saveAll, (email) => files(email).length > 1),
    onMessage({ id: 'reading.unsubscribe', icon: 'newspaper' }, unsubscribe, canUnsubscribe),
    onMessage({ id: 'reading.trace', icon: 'send' }, showTrace, hasTrace),
    onMessage({ id: 'reading.why', icon: 'circle-question-mark' }, showWhy, (email) => email.filedBy !== undefined),
  );
}
