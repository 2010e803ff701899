/** Writing mail: composers in windows, at the foot of a conversation and over the whole page; drafts, outbox, identities, templates. */
import './compose.css';
import { effect } from '@preact/signals';
import { addPage, fill } from '../../frame/slots.ts';
import { answerWanted, place } from '../../frame/router.ts';
import { t } from '../../base/words.ts';
import { mail } from '../../model/current.ts';
import { draftsWritten, writeTo } from '../../model/reading.ts';
import { say } from '../../model/undo.ts';
import { whenIdle } from '../../ui/idle.ts';
import { addComposeActions } from './actions.ts';
import { answerIfWanted, composeMailto, composers, localDrafts, noteWhatIsOpen, openDraft, putAllAway, removeLinksLeft, restore } from './composers.ts';
import { loadScheduled } from './scheduled.ts';
import { deliver, deliverWaiting, followRefusals } from './sending.ts';
import { Dock } from './views/Dock.tsx';
import { DraftBanner } from './views/DraftBanner.tsx';
import { IdentitiesPage } from './views/Identities.tsx';
import { ComposePage } from './views/Page.tsx';
import { ReplyBox } from './views/ReplyBox.tsx';
import { ScheduledBanner, WaitingLink } from './views/Scheduled.tsx';
import { TemplatesPage } from './views/Templates.tsx';

/** At sign-out, files that mails go without are given so long; then they stay until their time is over, or somebody removes them. */
const REMOVED_WITHIN_MS = 5_000;

export function installCompose(): void {
  const store = mail();
  addComposeActions();
  fill('overlay', Dock);
  fill('folders', WaitingLink);
  fill('conversationFoot', ReplyBox);
  fill('messageBanner', DraftBanner);
  fill('messageBanner', ScheduledBanner);
  addPage('compose', { name: 'compose', order: 1, component: ComposePage });
  addPage('settings', { name: 'identities', icon: 'user', order: 20, keys: ['settings.identities.keys'], component: IdentitiesPage });
  addPage('settings', { name: 'templates', icon: 'file-text', order: 25, keys: ['settings.templates.keys'], component: TemplatesPage });

  void restore((kept) => void deliver(kept)).catch((error: unknown) => reportError(error)).then(noteWhatIsOpen);
  whenIdle(() => {
    void loadScheduled().catch(() => undefined);
    void removeLinksLeft();
    // The editor is there before somebody wants to write.
    void import('./editor/editor.ts').catch(() => undefined);
  });
  let connection = store.status.peek().connection;
  effect(() => {
    const now = store.status.value.connection;
    if (now === 'online' && connection !== 'online')
      setTimeout(() => {
        deliverWaiting();
        void removeLinksLeft();
      });
    connection = now;
  });
  addEventListener('online', () => setTimeout(deliverWaiting));
  store.layer.listen((event) => {
    if (event.kind === 'state' && Object.values(event.changed).some((types) => 'EmailSubmission' in types)) void loadScheduled().catch(() => undefined);
  });
  followRefusals();
  followDraftsFolder();
  keepBeforeLeaving();
  store.leaving.push(leave);
  store.lastly.push(() => Promise.race([removeLinksLeft(true), new Promise<void>((resolve) => setTimeout(resolve, REMOVED_WITHIN_MS))]));
  followMailto();
  effect(() => void (answerWanted.value && answerIfWanted()));
  effect(() => void (draftsWritten.value = composers.value.map((one) => one.draft.value.messageId).join(' ')));
}

/** A draft that is opened in the list of drafts is written on. */
function followDraftsFolder(): void {
  effect(() => {
    const here = place.value;
    if (here.kind !== 'folder' || !here.thread) return;
    const store = mail();
    const drafts = store.mailboxWithRole('drafts');
    if (!drafts || (here.mailbox !== 'drafts' && here.mailbox !== drafts.id)) return;
    const ids = store.threads.peek(here.thread)?.emailIds ?? [];
    const draft = [...ids].reverse().find((id) => '$draft' in (store.emails.peek(id)?.keywords ?? {}));
    if (draft) void openDraft(draft);
  });
}

/** What was typed in the last half second is kept when the page goes. */
function keepBeforeLeaving(): void {
  addEventListener('pagehide', () => {
    for (const composer of composers.peek()) if (composer.hasUnsaved) void composer.flushLocal();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') for (const composer of composers.peek()) if (composer.hasUnsaved) void composer.flush();
  });
}

/** Links that begin a mail, anywhere in the program; and those of other programs, where the browser hands them on: /mail/inbox?mailto=... */
function followMailto(): void {
  document.addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest?.('a[href^="mailto:"]');
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    void composeMailto(link.getAttribute('href')!);
  });
  writeTo.listen(({ mailto }) => void composeMailto(mailto));
  const asked = new URLSearchParams(location.search).get('mailto');
  if (asked?.toLowerCase().startsWith('mailto:')) void composeMailto(asked);
}

/** Signing out leaves nothing of what was written in this browser: what the server does not have yet gets there first. */
async function leave(): Promise<void> {
  await putAllAway();
  const drafts = await localDrafts();
  const left = (await Promise.all(mail().accounts.peek().map(({ id }) => drafts.all(id)))).flat();
  if (left.some((kept) => !kept.isAtServer || kept.sending)) {
    say(t('compose.problem.leaving'), true);
    throw new Error('Drafts are not at the server yet.');
  }
  // Others who use this browser keep theirs.
  for (const { draft } of left) await drafts.remove(draft.accountId, draft.key);
}
