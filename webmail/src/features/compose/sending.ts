/** Sending: at once with some seconds to take it back, later, and without a connection. */
import { signal, type Signal } from '@preact/signals';
import { currentLanguage, t } from '../../base/words.ts';
import { SUBMISSION, type Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { LayerError } from '../../layer/layer.ts';
import { remind } from '../../model/snooze.ts';
import { done, forget, say, type Undoable } from '../../model/undo.ts';
import { speaksOfFile } from './attachWords.ts';
import { Composer, isOffline, sendersOf } from './composer.ts';
import { active, allComposers, composers, followWaiting, forgetComposer, holdDraft, localDrafts, openDraft } from './composers.ts';
import { goesAlong } from './draft/email.ts';
import type { Draft } from './draft/types.ts';
import type { Kept } from './local.ts';
import { wordsOf } from './refusals.ts';
import { isKey } from './draft/answer.ts';
import { destroyVersions, mark, Refused, send, takeBack, wasSent, type Sent } from './remote.ts';

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
  return attachments.every((a) => a.cid !== null) && composer.links.shown.peek().length === 0 && speaksOfFile(composer.words(), t('compose.attachWords'));
}

function setOutbox(key: string, waiting: Waiting | undefined): void {
  const others = outbox.peek().filter((one) => one.kept.draft.key !== key);
  outbox.value = waiting ? [...others, waiting] : others;
}

/** `until`: when it goes; null: now. The window closes once all files are at the server; it comes back if the server refuses the mail. */
export async function sendComposer(composer: Composer, until: Date | null = null): Promise<void> {
  // Asked for twice, it is sent once. A template is none to be sent.
  if (composer.leaves.peek() || composer.draft.peek().template || !composers.peek().includes(composer)) return;
  const hindrance = composer.hindrance();
  if (hindrance) {
    composer.problem.value = t(hindrance);
    return;
  }
  composer.leaves.value = true;
  try {
    // What goes as a link has no place in the text before it is at the server.
    const settled = await composer.uploads.settled((key) => composer.draft.peek().attachments.some((a) => a.key === key && a.asLink));
    // Meanwhile it was put away or thrown away: then it is not sent. Or somebody wrote on.
    if (!composer.leaves.peek() || !composers.peek().includes(composer)) return;
    const now = composer.hindrance() ?? (!settled && Object.values(composer.uploads.states.peek()).some((u) => u.state === 'failed') ? 'compose.problem.notUploaded' : null);
    if (now) {
      composer.problem.value = t(now);
      return;
    }
    composer.sync();
    forgetComposer(composer);
  } finally {
    composer.leaves.value = false;
  }
  const sending = { asked: Date.now(), sendAt: until?.getTime() ?? null, attempts: 0, handed: false };
  await keep(composer.kept(sending));
  await composer.stop();
  const whole = composer.kept(sending);
  await keep(whole);
  composer.release();
  composer.letGo();
  await deliver(whole);
}

/** Mails that this browser could not keep: no other window knows of them. */
const unkept = new Set<string>();

async function keep(kept: Kept): Promise<void> {
  const { key } = kept.draft;
  try {
    await (await localDrafts()).put(kept);
    unkept.delete(key);
  } catch (error) {
    unkept.add(key);
    reportError(error);
  }
}

/** All windows have the same mails in their outboxes: one at a time does something with one. */
async function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
  const { locks } = navigator as { locks?: LockManager };
  return locks ? ((await locks.request(`postrider-send-${key}`, work)) as T) : work();
}

/** As this browser has it now; undefined: another window has sent it, or somebody writes on it again. */
async function stillWaits(kept: Kept): Promise<Kept | undefined> {
  const { accountId, key } = kept.draft;
  if (unkept.has(key)) return kept;
  const now = await (await localDrafts()).get(accountId, key);
  return now?.sending ? kept : undefined;
}

/** A connection may come back without a word: what waits is tried so often. */
const AGAIN_MS = 30_000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A mail that waits is tried again. */
export async function deliver(kept: Kept): Promise<void> {
  const { key } = kept.draft;
  if (outbox.peek().some((one) => one.kept.draft.key === key && one.state === 'sending')) return;
  setOutbox(key, { kept, state: 'sending', problem: null });
  await alone(key, async () => {
    try {
      if (await stillWaits(kept)) await handOver(kept);
      else setOutbox(key, undefined);
    } catch (error) {
      await failed(kept, error);
    }
  });
}

async function handOver(kept: Kept): Promise<void> {
  const { draft, sending } = kept;
  const store = mail();
  const sender = sendersOf(store, draft.accountId).find((s) => s.id === draft.identityId);
  const draftsId = store.mailboxWithRole('drafts', draft.accountId)?.id;
  const until = sending?.sendAt && sending.sendAt > Date.now() ? new Date(sending.sendAt) : null;
  const hold = maxDelay(draft.accountId) >= HOLD_SECONDS ? HOLD_SECONDS : 0;
  // It is not shown as sent before it can be.
  if (!navigator.onLine || store.status.peek().connection === 'offline') throw new LayerError('offline', 'There is no connection.');
  if (!draftsId) throw new Refused('noDrafts', 'the account has no mailbox for drafts');
  const ready = await withFiles(kept);
  if (sending?.handed) {
    // What the layer has and the server does not is found nowhere yet.
    if (store.status.peek().waiting !== 0) throw new LayerError('offline', 'Changes are on their way.');
    if (await wasSent(store.layer, draft)) {
      setOutbox(draft.key, undefined);
      say(t('compose.sent'));
      await wasDelivered(kept);
      return;
    }
  }
  // From here on it may be there though no answer came.
  if (sending) await keep({ ...kept, sending: (kept.sending = { ...sending, handed: true }) });
  const sent = await send(store.layer, ready, sender, { draftsId, sentId: store.mailboxWithRole('sent', draft.accountId)?.id, hold, until });
  setOutbox(draft.key, undefined);
  noteSent(ready, kept);
  // People are given as many days to answer, whenever it goes.
  const remindAt = (draft.remindAt ?? 0) + (until ? until.getTime() - Date.now() : 0);
  if (draft.remindAt && remindAt > Date.now()) await remind(sent.emailId, new Date(remindAt));
  told(ready, sent, until, hold, draftsId, kept);
  await wasDelivered(kept, sent.emailId);
}

async function wasDelivered(kept: Kept, emailId?: Id): Promise<void> {
  const { draft } = kept;
  const { layer } = mail();
  await (await localDrafts()).remove(draft.accountId, draft.key).catch((error: unknown) => reportError(error));
  unkept.delete(draft.key);
  try {
    await destroyVersions(layer, draft.accountId, [...kept.stale, ...(kept.emailId ? [kept.emailId] : [])], emailId);
    await mark(layer, draft, true);
  } catch (error) {
    // The mail is sent: it must not come back for this.
    if (!isOffline(error)) reportError(error);
  }
}

/** Uploads are kept for a day: what waited longer is sent up anew. */
async function withFiles(kept: Kept): Promise<Draft> {
  const { draft, files } = kept;
  const old = kept.sending !== null && Date.now() - kept.sending.asked > 12 * 3_600_000;
  const attachments = await Promise.all(
    draft.attachments.map(async (a) => {
      const file = files[a.key];
      // Nothing is left out of a mail without a word.
      if (!file && a.blobId === null && goesAlong(draft, a)) throw new Refused('blobNotFound', t('compose.problem.notUploaded'));
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
  const again = error instanceof Refused ? draft : unbound(kept);
  await keep({ ...kept, draft: again, sending: null, isAtServer: false });
  const composer = await reopen(again, kept);
  composer.problem.value = problem;
  if (error instanceof Refused) composer.refused.value = error.recipients;
  composer.written();
  if (!(error instanceof Refused)) reportError(error);
}

/** One that was handed over may have been sent: its links are no more its own to remove. */
function unbound({ draft, sending }: Kept): Draft {
  return sending?.handed && draft.linkIds?.length ? { ...draft, linkIds: [] } : draft;
}

async function reopen(draft: Draft, kept: Pick<Kept, 'emailId' | 'stale' | 'files'>): Promise<Composer> {
  const composer = new Composer({ store: mail(), local: await localDrafts() }, draft, 'docked', kept.emailId, [...kept.stale], kept.files);
  composer.letGo = holdDraft(draft.key);
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

/** Mails that this window has sent, by Message-ID: the layer answers before the server does. As many as one may write while it waits. */
const sentHere = new Map<string, { draft: Draft; kept: Kept }>();
const SENT_HERE_MAX = 50;

function noteSent(draft: Draft, kept: Kept): void {
  sentHere.set(draft.messageId, { draft, kept });
  for (const oldest of sentHere.keys()) if (sentHere.size > SENT_HERE_MAX) sentHere.delete(oldest);
}

/** What was taken here, and refused by the server later: the mail is a draft again, and somebody is told why. */
export function followRefusals(): void {
  mail().layer.listen((event) => {
    if (event.kind !== 'refused') return;
    const made = Object.entries((event.call[1]['create'] ?? {}) as Record<Id, { emailId?: Id; messageId?: string[] }>)[0];
    if (!made) return;
    const [id, { emailId, messageId }] = made;
    const words = wordsOf(new Refused(event.error.type, event.error.description ?? ''));
    if (event.call[0] === 'EmailSubmission/set' && emailId) inOneWindow(emailId, () => comeBack(words, () => openDraft(emailId)));
    const open = composers.peek().find((one) => one.draft.peek().messageId === messageId?.[0]);
    const sent = messageId?.[0] ? sentHere.get(messageId[0]) : undefined;
    if (event.call[0] !== 'Email/set') return;
    if (open) open.problem.value = words;
    else if (sent) {
      // The window that comes back has a copy, which is saved anew.
      void mail().layer.request([['Email/set', { accountId: event.call[1]['accountId'], destroy: [id] }, 'c0']]).catch((error: unknown) => !isOffline(error) && reportError(error));
      comeBack(words, () => reopen(sent.draft, sent.kept));
    }
    else if (messageId?.[0] && isKey(messageId[0].split('@')[0]!)) inOneWindow(id, () => comeBack(words, () => openDraft(id)));
  });
}

function comeBack(words: string, open: () => Promise<Composer | undefined>): void {
  say(words, true);
  open().then((composer) => {
    if (!composer) return;
    composer.problem.value = words;
    composer.written();
  }, (error: unknown) => reportError(error));
}

/** Every window hears of it. */
const HEARD_MS = 10_000;

function inOneWindow(id: Id, act: () => void): void {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks) act();
  else
    void locks.request(`postrider-refused-${id}`, { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      act();
      await new Promise((resolve) => setTimeout(resolve, HEARD_MS));
    });
}

/** The connection is back, or the program has begun anew. */
export function deliverWaiting(): void {
  for (const waiting of outbox.peek()) if (waiting.state === 'waiting') void deliver(waiting.kept);
  for (const composer of allComposers()) composer.connectionIsBack();
}

/** A mail that waits becomes a draft again; undefined: it does not wait any more. */
export async function editWaiting(waiting: Pick<Waiting, 'kept'>): Promise<Composer | undefined> {
  const { kept } = waiting;
  const { key } = kept.draft;
  const draft = unbound(kept);
  const waits = await alone(key, async () => {
    if (!(await stillWaits(kept))) return false;
    await keep({ ...kept, draft, sending: null, isAtServer: false });
    return true;
  });
  setOutbox(key, undefined);
  if (!waits) {
    say(t('compose.outbox.gone'), true);
    return undefined;
  }
  const composer = await reopen(draft, kept);
  composer.written();
  return composer;
}

// Opened where drafts are listed, it waits no more.
followWaiting((kept) => editWaiting({ kept }));
