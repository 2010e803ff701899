/** Sending: at once with some seconds to take it back, later, and without a connection. */
import { signal, type Signal } from '@preact/signals';
import { currentLanguage, t } from '../../base/words.ts';
import { SUBMISSION, type Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { LayerError } from '../../layer/layer.ts';
import { done, forget, say, type Undoable } from '../../model/undo.ts';
import { speaksOfFile } from './attachWords.ts';
import { Composer, isOffline, sendersOf } from './composer.ts';
import { active, composers, forgetComposer, localDrafts, openDraft } from './composers.ts';
import type { Draft } from './draft/types.ts';
import type { Kept } from './local.ts';
import { destroyVersions, mark, Refused, send, takeBack, type Sent } from './remote.ts';

/** The toast offers Undo for so long, and the server holds the mail a little longer. */
const UNDO_MS = 15_000;
const HOLD_SECONDS = 20;

export interface Waiting {
  kept: Kept;
  state: 'sending' | 'waiting' | 'failed';
  problem: string | null;
}

/** Mails that were sent here and are not at the server yet. */
export const outbox: Signal<readonly Waiting[]> = signal([]);

export function maxDelay(accountId: Id): number {
  const capability = mail().layer.session.accounts[accountId]?.accountCapabilities[SUBMISSION] as { maxDelayedSend?: number } | undefined;
  return capability?.maxDelayedSend ?? 0;
}

/** Whether the text speaks of a file and none goes along. */
export function forgetsFile(composer: Composer): boolean {
  const { attachments } = composer.draft.peek();
  return attachments.every((a) => a.cid !== null) && speaksOfFile(composer.words(), t('compose.attachWords'));
}

function setOutbox(key: string, waiting: Waiting | undefined): void {
  const others = outbox.peek().filter((one) => one.kept.draft.key !== key);
  outbox.value = waiting ? [...others, waiting] : others;
}

/** `until`: when it goes; null: now. The window closes at once; it comes back if the server refuses the mail. */
export async function sendComposer(composer: Composer, until: Date | null = null): Promise<void> {
  const hindrance = composer.hindrance();
  if (hindrance) {
    composer.problem.value = t(hindrance);
    return;
  }
  composer.sync();
  if (!(await composer.uploads.settled()) && Object.values(composer.uploads.states.peek()).some((u) => u.state === 'failed')) {
    composer.problem.value = t('compose.problem.notUploaded');
    return;
  }
  const kept = composer.kept({ asked: Date.now(), sendAt: until?.getTime() ?? null, attempts: 0 });
  await (await localDrafts()).put(kept).catch((error: unknown) => reportError(error));
  forgetComposer(composer);
  await composer.stop();
  const whole: Kept = { ...kept, draft: composer.draft.peek(), emailId: composer.version, stale: [...composer.replaced] };
  composer.release();
  await deliver(whole);
}

/** A connection may come back without a word: what waits is tried so often. */
const AGAIN_MS = 30_000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A mail that waits is tried again. */
export async function deliver(kept: Kept): Promise<void> {
  const { draft } = kept;
  const key = draft.key;
  if (outbox.peek().some((one) => one.kept.draft.key === key && one.state === 'sending')) return;
  setOutbox(key, { kept, state: 'sending', problem: null });
  const store = mail();
  const sender = sendersOf(store, draft.accountId).find((s) => s.id === draft.identityId);
  const draftsId = store.mailboxWithRole('drafts', draft.accountId)?.id;
  const until = kept.sending?.sendAt && kept.sending.sendAt > Date.now() ? new Date(kept.sending.sendAt) : null;
  const hold = maxDelay(draft.accountId) >= HOLD_SECONDS ? HOLD_SECONDS : 0;
  try {
    // It is not shown as sent before it can be.
    if (!navigator.onLine || store.status.peek().connection === 'offline') throw new LayerError('offline', 'There is no connection.');
    if (!draftsId) throw new Refused('noDrafts', 'the account has no mailbox for drafts');
    const ready = await withFiles(kept);
    const sent = await send(store.layer, ready, sender, { draftsId, sentId: store.mailboxWithRole('sent', draft.accountId)?.id, hold, until });
    setOutbox(key, undefined);
    told(ready, sent, until, hold, draftsId, kept);
    await (await localDrafts()).remove(draft.accountId, key);
    await destroyVersions(store.layer, draft.accountId, [...kept.stale, ...(kept.emailId ? [kept.emailId] : [])]);
    await mark(store.layer, draft, true);
  } catch (error) {
    await failed(kept, error);
  }
}

/** Uploads are kept for a day: what waited longer is sent up anew. */
async function withFiles(kept: Kept): Promise<Draft> {
  const { draft, files } = kept;
  const old = kept.sending !== null && Date.now() - kept.sending.asked > 12 * 3_600_000;
  const attachments = await Promise.all(
    draft.attachments.map(async (a) => {
      const file = files[a.key];
      if (!file || (a.blobId !== null && !(old && a.blobId.startsWith('U')))) return a;
      return { ...a, blobId: (await mail().layer.upload(draft.accountId, file, { type: a.type })).blobId };
    }),
  );
  return { ...draft, attachments };
}

async function failed(kept: Kept, error: unknown): Promise<void> {
  const { draft } = kept;
  if (isOffline(error)) {
    const waits: Kept = { ...kept, sending: kept.sending && { ...kept.sending, attempts: kept.sending.attempts + 1 } };
    setOutbox(draft.key, { kept: waits, state: 'waiting', problem: null });
    if (kept.sending?.attempts === 0) say(t('compose.waits'));
    clearTimeout(timer);
    timer = setTimeout(deliverWaiting, AGAIN_MS);
    return;
  }
  const problem = wordsOf(error);
  setOutbox(draft.key, undefined);
  const composer = await reopen(draft, kept);
  composer.problem.value = problem;
  if (error instanceof Refused) composer.refused.value = error.recipients;
  composer.written();
  if (!(error instanceof Refused)) reportError(error);
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Refused)) return t('compose.problem.failed');
  switch (error.type) {
    case 'tooManyRecipients': return t('compose.problem.tooManyRecipients');
    case 'invalidRecipients': return t('compose.problem.refusedRecipients', { who: error.recipients.join(', ') });
    case 'noRecipients': return t('compose.problem.noRecipients');
    case 'forbiddenFrom': case 'forbiddenMailFrom': return t('compose.problem.forbiddenFrom');
    case 'forbiddenToSend': return t('compose.problem.forbiddenToSend');
    case 'tooLarge': case 'requestTooLarge': return t('compose.problem.tooLarge');
    case 'overQuota': return t('compose.problem.overQuota');
    case 'rateLimit': return t('compose.problem.rateLimit');
    default: return t('compose.problem.refused', { why: error.description || error.type });
  }
}

async function reopen(draft: Draft, kept: Pick<Kept, 'emailId' | 'stale' | 'files'>): Promise<Composer> {
  const composer = new Composer({ store: mail(), local: await localDrafts() }, draft, 'docked', kept.emailId, [...kept.stale], kept.files);
  composers.value = [...composers.peek(), composer];
  active.value = composer;
  return composer;
}

function told(draft: Draft, sent: Sent, until: Date | null, hold: number, draftsId: Id, kept: Kept): void {
  const words = until ? t('compose.scheduled', { when: new Intl.DateTimeFormat(currentLanguage(), { dateStyle: 'medium', timeStyle: 'short' }).format(until) }) : t('compose.sent');
  if (!until && hold === 0) {
    say(words);
    return;
  }
  const entry: Undoable = { words, shownFor: UNDO_MS, undo: () => undoSending(draft, sent, draftsId, kept) };
  done(entry);
  // Once it is on its way, Ctrl-Z means what was done before it.
  if (!until) setTimeout(() => forget(entry), hold * 1_000);
}

async function undoSending(draft: Draft, sent: Sent, draftsId: Id, kept: Kept): Promise<void> {
  const { layer } = mail();
  let back = false;
  try {
    back = await takeBack(layer, draft, sent, draftsId);
  } catch (error) {
    if (!isOffline(error)) reportError(error);
  }
  if (!back) {
    say(t('compose.tooLate'), true);
    return;
  }
  const composer = await reopen(draft, { emailId: sent.emailId, stale: [], files: kept.files });
  composer.written();
  await mark(layer, draft, false);
}

/** A submission that was taken here, and refused by the server later: the mail is a draft again. */
export function followRefusals(): void {
  mail().layer.listen((event) => {
    if (event.kind !== 'refused' || event.call[0] !== 'EmailSubmission/set') return;
    const made = Object.values((event.call[1]['create'] ?? {}) as Record<string, { emailId?: Id }>)[0];
    if (!made?.emailId) return;
    const words = wordsOf(new Refused(event.error.type, event.error.description ?? ''));
    say(words, true);
    void openDraft(made.emailId).then((composer) => composer && (composer.problem.value = words), (error: unknown) => reportError(error));
  });
}

/** The connection is back, or the program has begun anew. */
export function deliverWaiting(): void {
  for (const waiting of outbox.peek()) if (waiting.state === 'waiting') void deliver(waiting.kept);
  for (const composer of composers.peek()) composer.connectionIsBack();
}

/** A mail that waits becomes a draft again. */
export async function editWaiting(waiting: Waiting): Promise<void> {
  setOutbox(waiting.kept.draft.key, undefined);
  (await reopen(waiting.kept.draft, waiting.kept)).written();
}
