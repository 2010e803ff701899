/** Reading: the conversation, its messages, what can be done with one of them. */
import './reading.css';
import { actions, isPossible, type Action } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { focusConversation } from '../../frame/focus.ts';
import { place } from '../../frame/router.ts';
import { fill } from '../../frame/slots.ts';
import type { EmailRow } from '../../jmap/types.ts';
import { LayerError } from '../../layer/layer.ts';
import { markUnreadFrom } from '../../model/acts.ts';
import { mail } from '../../model/current.ts';
import { isWhole, loadWhole, type WholeEmail } from '../../model/reading.ts';
import { aboutMessage, targetMessage } from '../../model/target.ts';
import { say } from '../../model/undo.ts';
import { whenIdle } from '../../ui/idle.ts';
import { Conversation } from './conversation.tsx';
import { files, prepareHeaders } from './facts.ts';
import { saveAll } from './files.tsx';
import { saveOriginal, showOriginal, showWhy } from './original.tsx';
import { printConversation } from './print.ts';
import { ReminderLine } from './reminder.tsx';
import { hasTrace, showTrace } from './trace.tsx';
import { canUnsubscribe, unsubscribe } from './unsubscribe.ts';
import { SignatureLine, VerdictLine } from './verdict.tsx';
import { shownConversation, shownMessage, type MessageView } from './view.ts';

const isInMail = (): boolean => ['folder', 'search'].includes(place.peek().kind);

/** An action on one message: the one that is read, or the newest of a row. `possible` is asked of what is known of it. */
function onMessage(action: Omit<Action, 'group' | 'run' | 'possible'>, run: (email: EmailRow) => void | Promise<void>, possible: (email: EmailRow) => boolean = () => true): Action {
  return {
    ...action,
    group: 'mail',
    possible: () => {
      const email = isInMail() ? targetMessage() : undefined;
      return email !== undefined && possible(email);
    },
    run: () => {
      const email = targetMessage();
      return email && run(email);
    },
  };
}

/** The same for what needs the whole message: it is read first. `possible` is asked of a whole message alone. */
function onWhole(action: Omit<Action, 'group' | 'run' | 'possible'>, run: (email: WholeEmail) => void | Promise<void>, possible?: (email: WholeEmail) => boolean): Action {
  const read = async ({ id }: EmailRow): Promise<void> => {
    try {
      await loadWhole(mail(), [id]);
    } catch (error) {
      if (!(error instanceof LayerError)) throw error;
      return say(t(error.kind === 'offline' ? 'reading.bodyOffline' : 'reading.bodyFailed'), true);
    }
    const whole = mail().emails.peek(id);
    if (isWhole(whole)) await run(whole);
  };
  return onMessage(action, read, (email) => !possible || (isWhole(email) && possible(email)));
}

/** Of the list's actions, for one message of a conversation. */
function onOne(id: string): (email: EmailRow) => void {
  return (email) => void aboutMessage(email.id, () => actions.run(id));
}

function canOne(id: string): (email: EmailRow) => boolean {
  return (email) => {
    const action = actions.get(id);
    return isAmongOthers(email) && action !== undefined && aboutMessage(email.id, () => isPossible(action));
  };
}

/** One of several messages that are read together: alone, it is its conversation. */
function isAmongOthers(email: EmailRow): boolean {
  const view = shownConversation.peek();
  return view?.threadId === email.threadId && view.ids().length > 1;
}

/** An action on how the message is shown. */
function onView(action: Omit<Action, 'group' | 'run' | 'possible'>, run: (view: MessageView) => void, possible: (email: EmailRow) => boolean = () => true): Action {
  return {
    ...action,
    group: 'mail',
    possible: () => {
      const shown = shownMessage();
      const email = shown && mail().emails.peek(shown.id);
      return isWhole(email) && possible(email);
    },
    run: () => {
      const shown = shownMessage();
      if (shown) run(shown.view);
    },
  };
}

const isOpen = (): boolean => shownConversation.peek() !== undefined;

/** The next message of the conversation, up or down; it gets the focus. */
function step(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>('.conversation-messages > .message, .conversation-messages > .message-folded')];
  const here = all.findIndex((one) => one.classList.contains('message-current'));
  const next = all[here + by];
  if (!next) {
    focusConversation();
    return;
  }
  if (next instanceof HTMLButtonElement) next.click();
  requestAnimationFrame(() => {
    const now = document.querySelectorAll<HTMLElement>('.conversation-messages > .message, .conversation-messages > .message-folded')[here + by];
    now?.querySelector<HTMLElement>('.message-line')?.focus({ preventScroll: true });
    now?.scrollIntoView({ block: 'start' });
  });
}

export function installReading(): void {
  // The first message that is opened would wait for it.
  whenIdle(prepareHeaders);
  fill('reading', Conversation);
  fill('messageBanner', VerdictLine);
  fill('messageBanner', SignatureLine);
  fill('messageBanner', ReminderLine);
  actions.add(
    { id: 'reading.openAll', group: 'view', keys: [';'], icon: 'chevron-down', possible: isOpen, run: () => shownConversation.peek()?.openAll() },
    { id: 'reading.foldAll', group: 'view', keys: [':'], icon: 'chevron-up', possible: isOpen, run: () => shownConversation.peek()?.foldAll() },
    { id: 'reading.next', group: 'view', keys: ['n'], possible: isOpen, run: () => step(1) },
    { id: 'reading.previous', group: 'view', keys: ['p'], possible: isOpen, run: () => step(-1) },
    onMessage({ id: 'reading.print', keys: ['Ctrl+P'], icon: 'printer' }, printConversation),
    onView({ id: 'reading.colours', icon: 'sun' }, ({ original }) => void (original.value = !original.peek()), (email) => isWhole(email) && email.htmlBody.some((part) => part.type === 'text/html') && document.documentElement.dataset['theme'] === 'dark'),
    onView({ id: 'reading.details', keys: ['Shift+D'], icon: 'users' }, ({ details }) => void (details.value = !details.peek())),
    onMessage({ id: 'reading.star', keys: ['Shift+S'], icon: 'star' }, onOne('mail.star'), canOne('mail.star')),
    onMessage({ id: 'reading.unreadFrom', keys: ['_'], icon: 'mail' }, (email) => markUnreadFrom(email), (email) => canOne('mail.star')(email) && '$seen' in email.keywords),
    onMessage({ id: 'reading.move', icon: 'folder-input' }, onOne('mail.move'), canOne('mail.move')),
    onMessage({ id: 'reading.trash', icon: 'trash' }, onOne('mail.trash'), canOne('mail.trash')),
    onMessage({ id: 'reading.destroy', icon: 'trash' }, onOne('mail.destroy'), canOne('mail.destroy')),
    onWhole({ id: 'reading.original', keys: ['Shift+O'], icon: 'file-text' }, showOriginal),
    onWhole({ id: 'reading.download', icon: 'download' }, saveOriginal),
    onWhole({ id: 'reading.saveAll', icon: 'download' }, saveAll, (email) => files(email).length > 1),
    onWhole({ id: 'reading.unsubscribe', icon: 'newspaper' }, unsubscribe, canUnsubscribe),
    onWhole({ id: 'reading.trace', icon: 'send' }, showTrace, hasTrace),
    onWhole({ id: 'reading.why', icon: 'circle-question-mark' }, showWhy, (email) => email.filedBy !== undefined),
  );
}
