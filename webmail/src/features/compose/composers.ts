/** All mails that are being written in this window: how they begin, end, and come back after a reload or a crash. */
import { effect, signal, type Signal } from '@preact/signals';
import { again } from '../../base/again.ts';
import { ownKey } from '../../base/seat.ts';
import { currentLanguage, t } from '../../base/words.ts';
import type { Id } from '../../jmap/types.ts';
import { answerWanted } from '../../frame/router.ts';
import { mail } from '../../model/current.ts';
import { say, type Undoable } from '../../model/undo.ts';
import { Composer, isOffline, randomKey, sendersOf, type Look } from './composer.ts';
import { answer, blank, copyOf, fromMailto, withOpenQuote, type Begin } from './draft/answer.ts';
import { innerBody } from './draft/email.ts';
import type { AnswerKind, Draft, Mode, Phrases } from './draft/types.ts';
import { takeTyped, type Typing } from './early.ts';
import { Links } from './links.ts';
import { openLocal, type Kept, type Local } from './local.ts';
import { destroyVersions, fetchDraft, fetchOriginal, moveEmail, ownBlobs, versionsOf } from './remote.ts';

export const composers: Signal<readonly Composer[]> = signal([]);
/** The one that keys speak to. */
export const active: Signal<Composer | undefined> = signal(undefined);

/**
 * Put away, and not finished: the server has not all of it, or an older version besides. Who opens such a draft gets this one. The function
 * takes it out of here.
 */
const leaving = new Map<Composer, () => void>();

/** Those that are put away, too. */
export function allComposers(): Composer[] {
  return [...composers.peek(), ...leaving.keys()];
}

/** One that this page has: it is open then. `look`: of one that was put away. */
function taken(is: (composer: Composer) => boolean, look: Look): Composer | undefined {
  const there = composers.peek().find(is);
  if (there) return there;
  const back = [...leaving.keys()].find(is);
  if (!back) return undefined;
  leaving.get(back)!();
  back.look.value = look;
  composers.value = [...composers.peek(), back];
  return back;
}

/** Conversations at whose foot a reply box is shown: elsewhere an answer is written in a window. */
export const boxes = new Set<Id>();

/** Which ones were open, for a reload of this window. */
const OPEN = ownKey('compose.open');

let local: Promise<Local> | undefined;

export function localDrafts(): Promise<Local> {
  return (local ??= openLocal(mail().layer.session.username));
}

/** Preferences of the account: what was chosen last is usual in every browser. */
export const MODE = 'compose-mode';
export const identityName = (accountId: Id): string => `compose-identity.${accountId.toLowerCase()}`;

export function remember(name: string, value: string): void {
  mail().preferences.set(name, value);
}

export function usualMode(): Mode {
  return mail().preferences.of<unknown>(MODE, 'rich').value === 'plain' ? 'plain' : 'rich';
}

/** The identity that mails come from which answer nothing. */
export function usualIdentity(accountId: Id): string | null {
  const senders = sendersOf(mail(), accountId);
  const chosen = mail().preferences.of<unknown>(identityName(accountId), null).value;
  return senders.find((s) => s.id === chosen)?.id ?? senders.find((s) => s.email === mail().layer.session.accounts[accountId]?.name)?.id ?? senders[0]?.id ?? null;
}

function beginOf(accountId: Id): Begin {
  return { key: randomKey(), accountId, senders: sendersOf(mail(), accountId), usual: usualIdentity(accountId), mode: usualMode() };
}

function phrases(): Phrases {
  const when = (date: Date): string => new Intl.DateTimeFormat(currentLanguage(), { dateStyle: 'medium', timeStyle: 'short' }).format(date);
  return {
    wrote: (date, who) => t('compose.quote.wrote', { date: when(date), who }),
    date: when,
    forwarded: t('compose.quote.forwarded'),
    from: t('compose.quote.from'),
    dated: t('compose.quote.date'),
    subject: t('compose.quote.subject'),
    to: t('compose.quote.to'),
    cc: t('compose.quote.cc'),
  };
}

/** Mail is written in one's own account; what is shared with one is answered from there. */
function writingAccount(accountId: Id): Id {
  return sendersOf(mail(), accountId).length ? accountId : mail().mainAccount;
}

async function open(draft: Draft, look: Look, kept?: Pick<Kept, 'emailId' | 'stale' | 'files'> & { writer?: string }): Promise<Composer> {
  const there = taken((one) => one.key === draft.key, look);
  if (there) {
    if (there.look.peek() === 'folded') there.look.value = 'docked';
    active.value = there;
    return there;
  }
  const composer = new Composer({ store: mail(), local: await localDrafts() }, draft, look, kept?.emailId ?? null, kept?.stale ?? [], kept?.files ?? {}, kept?.writer ?? null);
  composer.letGo = holdDraft(draft.key);
  composers.value = [...composers.peek(), composer];
  active.value = composer;
  return composer;
}

/** Keeps the note true. */
export function noteWhatIsOpen(): void {
  effect(() => {
    for (const composer of composers.value) {
      composer.state.value;
      composer.look.value;
    }
    noteOpen();
  });
}

function noteOpen(): void {
  try {
    sessionStorage.setItem(OPEN, JSON.stringify(composers.peek().filter((one) => !one.isUnchanged).map((one) => ({ key: one.key, account: one.draft.peek().accountId, look: one.look.peek(), thread: one.threadId.peek() }))));
  } catch {
    // Without it a reload does not open them again; the drafts are kept all the same.
  }
}

export function composerOf(key: string): Composer | undefined {
  return composers.value.find((one) => one.key === key);
}

// ---- beginning ----

export function compose(to: Draft['to'] = [], look: Look = 'docked'): Promise<Composer> {
  return open({ ...blank(beginOf(mail().mainAccount)), to }, look);
}

export function composeMailto(url: string): Promise<Composer> {
  return open(fromMailto(url, beginOf(mail().mainAccount)), 'docked');
}

/** The text that is there has the focus. */
function focusText({ editor, key }: Composer): void {
  if (editor) editor.focus();
  else document.querySelector<HTMLElement>(`[data-composer="${key}"] .compose-plain`)?.focus();
}

/** An answer to an email. An answer to the same one that is being written is taken up again. `typing`: what is typed meanwhile. */
export async function respond(emailId: Id, kind: AnswerKind, look: Look, typing?: Typing): Promise<Composer | undefined> {
  const store = mail();
  const accountId = store.emails.accountOf(emailId) || store.mainAccount;
  const threadId = store.emails.peek(emailId)?.threadId ?? null;
  const keyword = kind === 'forward' || kind === 'forwardAttached' ? '$forwarded' : '$answered';
  const there = composers.peek().find((one) => one.draft.peek().answers?.emailId === emailId && one.draft.peek().answers?.keyword === keyword && one.look.peek() === 'inline');
  if (there) {
    typing?.end();
    active.value = there;
    focusText(there);
    return there;
  }
  let original;
  try {
    original = await fetchOriginal(store.layer, accountId, emailId);
  } catch (error) {
    if (!isOffline(error)) throw error;
  }
  if (!original) {
    say(t('compose.problem.noOriginal'), true);
    return undefined;
  }
  const own = writingAccount(accountId);
  if (look === 'inline' && !(threadId && boxes.has(threadId))) look = 'docked';
  const draft = answer(original, kind, await quotable(original.html), beginOf(own), phrases());
  if (own !== accountId) {
    // What belongs to another account cannot be marked from here, and its files must be had first.
    try {
      Object.assign(draft, { answers: null, attachments: await ownBlobs(store.layer, accountId, own, draft.attachments) });
    } catch (error) {
      if (!isOffline(error)) reportError(error);
      say(t('compose.problem.noOriginal'), true);
      return undefined;
    }
  }
  typing?.for(draft.key);
  const composer = await open(draft, look);
  composer.threadId.value = threadId;
  return composer;
}

/** The answer that a notification asked for, as soon as the conversation has a place for it. */
export function answerIfWanted(): void {
  const wanted = answerWanted.peek();
  if (!wanted || !boxes.has(wanted.threadId)) return;
  answerWanted.value = undefined;
  void respond(wanted.emailId, 'reply', 'inline');
}

/** null: it has no HTML, or it cannot be made safe now. Then the text is quoted. */
async function quotable(html: string | null): Promise<string | null> {
  if (html === null || !innerBody(html).trim()) return null;
  try {
    const { preparedQuote } = await again(() => import('./editor/workshop.ts'));
    return await preparedQuote(html, `q${randomKey().slice(1, 9)}`);
  } catch (error) {
    reportError(error);
    return null;
  }
}

/** A mail in the outbox becomes a draft again before somebody writes on it. */
let takeWaiting: (kept: Kept) => Promise<Composer | undefined> = async () => undefined;

export function followWaiting(take: typeof takeWaiting): void {
  takeWaiting = take;
}

/** A draft at the server, of any device. */
export async function openDraft(emailId: Id, look: Look = 'docked'): Promise<Composer | undefined> {
  const store = mail();
  const accountId = store.emails.accountOf(emailId) || store.mainAccount;
  const there = taken((one) => one.version === emailId || one.replaced.includes(emailId), look);
  if (there) return open(there.draft.peek(), look);
  try {
    const draft = await fetchDraft(store.layer, accountId, emailId, sendersOf(store, accountId));
    if (draft) {
      // What was written here and did not get to the server is newer.
      const kept = await (await localDrafts()).get(accountId, draft.key);
      if (kept?.sending) return await takeWaiting(kept);
      if (kept && !kept.isAtServer) return await open(kept.draft, look, kept);
      return await open(draft, look, { emailId, stale: [], files: {} });
    }
  } catch (error) {
    if (!isOffline(error)) throw error;
  }
  say(t('compose.problem.noDraft'), true);
  return undefined;
}

/** A new mail that is like one that was sent or written: it has the same people, words and files. */
export async function editAsNew(emailId: Id): Promise<void> {
  const store = mail();
  const accountId = store.emails.accountOf(emailId) || store.mainAccount;
  const draft = await fetchDraft(store.layer, accountId, emailId, sendersOf(store, accountId));
  // The mail may be somebody else's, made to look like one of this program with a quote that nobody sees: all of it is shown.
  if (draft) (await open(withOpenQuote(copyOf(draft, randomKey(), sendersOf(store, accountId))), 'docked')).written();
}

/** By what an address names: a key of a draft, or an id. */
export async function openByName(name: string, look: Look): Promise<Composer | undefined> {
  const there = taken((one) => one.key === name || one.version === name, look);
  if (there) {
    there.look.value = look;
    active.value = there;
    return there;
  }
  const store = mail();
  if (name === 'new') return compose([], look);
  const kept = await (await localDrafts()).get(store.mainAccount, name);
  if (kept?.sending) return takeWaiting(kept);
  if (kept) return open(kept.draft, look, kept);
  if (!name.startsWith('D')) return openDraft(name, look);
  const drafts = store.mailboxWithRole('drafts');
  const [newest] = drafts ? await versionsOf(store.layer, store.mainAccount, drafts.id, name) : [];
  return newest ? openDraft(newest.id, look) : undefined;
}

/** The reply box has gone with its conversation: what was begun in it stays at hand, folded. */
export function leaveBox(threadId: Id): void {
  boxes.delete(threadId);
  for (const composer of composers.peek()) {
    if (composer.threadId.peek() !== threadId || composer.look.peek() !== 'inline') continue;
    if (composer.isUnchanged) void closeComposer(composer);
    else composer.look.value = 'folded';
  }
}

// ---- ending ----

export function forgetComposer(composer: Composer): void {
  takeTyped(composer.key);
  const left = composers.peek().filter((one) => one !== composer);
  composers.value = left;
  if (active.peek() === composer) active.value = left.filter((one) => one.look.peek() !== 'folded').at(-1);
}

/** Puts it away: what was written stays a draft. */
export async function closeComposer(composer: Composer): Promise<void> {
  composer.sync();
  forgetComposer(composer);
  if (composer.isUnchanged) {
    await composer.stop();
    composer.release();
    composer.letGo();
    return;
  }
  if (composer.leaves.peek()) say(t('compose.problem.closedUnsent'), true);
  composer.leaves.value = false;
  const finished = finish(composer);
  await composer.flush();
  if (composer.hasUnsaved) {
    // Its files are still on their way.
    await composer.uploads.settled();
    await composer.flush();
  }
  if (composer.isFinished) await finished;
}

/** The saver goes on until all is done; then this browser need not keep it. Resolves then, or when somebody writes on it again. */
function finish(composer: Composer): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => void (composer.isFinished && queueMicrotask(() => void end().catch((error: unknown) => reportError(error)))));
    const end = async (): Promise<void> => {
      if (!leaving.has(composer) || !composer.isFinished) return;
      stop();
      leaving.delete(composer);
      await composer.flush();
      await (await localDrafts()).remove(composer.draft.peek().accountId, composer.key);
      composer.release();
      composer.letGo();
      resolve();
    };
    leaving.set(composer, () => {
      stop();
      leaving.delete(composer);
      resolve();
    });
  });
}

/** The person signs out. */
export async function putAllAway(): Promise<void> {
  for (const composer of [...composers.peek()]) await closeComposer(composer);
  for (const composer of leaving.keys()) await composer.removeAllOlder().catch((error: unknown) => void (isOffline(error) || reportError(error)));
}

/** Throws it away: into the trash, if the server has it. It can be had back. */
export async function discard(composer: Composer): Promise<void> {
  const wasNew = composer.isUnchanged;
  forgetComposer(composer);
  composer.uploads.stop();
  composer.links.stop();
  await composer.stop();
  const { accountId, key } = composer.draft.peek();
  const kept = composer.kept();
  await (await localDrafts()).remove(accountId, key);
  composer.release();
  composer.letGo();
  if (wasNew) return;
  const store = mail();
  const { version } = composer;
  const trash = store.mailboxWithRole('trash', accountId)?.id;
  const home = composer.home();
  const entry: Undoable = {
    words: t('compose.discarded'),
    async undo() {
      if (version && home && trash) await moveEmail(store.layer, accountId, version, home);
      (await open(kept.draft, 'docked', { emailId: version, stale: [], files: kept.files })).written();
    },
  };
  const putAway = async (): Promise<boolean> => {
    try {
      if (version && trash) await moveEmail(store.layer, accountId, version, trash);
      await destroyVersions(store.layer, accountId, [...composer.replaced], version);
      return !version || trash !== undefined;
    } catch (error) {
      if (!isOffline(error)) reportError(error);
      say(t('compose.problem.notDiscarded'), true);
      return false;
    }
  };
  const isGone = putAway();
  composer.links.throwAway(entry, isGone, allComposers);
  await isGone;
}

let removing: Promise<void> | undefined;

/**
 * Files that mails go without, and that a page before this one did not remove. What cannot be done now is done the next time. `all`: see
 * linksLeft. Such a run does not wait for the one under way, which has not looked at all of them, and may wait for the server.
 */
export function removeLinksLeft(all = false): Promise<void> {
  if (removing && !all) return removing;
  const run = localDrafts()
    .then((local) => Links.removeLeft(local, allComposers, all))
    .catch((error: unknown) => void (isOffline(error) || reportError(error)))
    .finally(() => removing === run && (removing = undefined));
  return (removing = run);
}

// ---- coming back ----

/** After the program has begun: windows that were open, and drafts that did not get to the server. */
export async function restore(resume: (kept: Kept) => void): Promise<void> {
  const store = mail();
  let opened: { key: string; account: Id; look: Look; thread: Id | null }[] = [];
  try {
    const noted: unknown = JSON.parse(sessionStorage.getItem(OPEN) ?? '[]');
    if (Array.isArray(noted)) opened = noted as typeof opened;
  } catch {
    // Nothing was noted.
  }
  const drafts = await localDrafts();
  for (const { id: accountId } of store.accounts.peek()) {
    for (const kept of await drafts.all(accountId)) {
      const noted = opened.find((one) => one.key === kept.draft.key && one.account === accountId);
      if (kept.sending) resume(kept);
      else if (noted) {
        // A window that was doubled has the notes of the first one, which still writes.
        if (!(await isFree(kept.draft.key))) continue;
        const composer = await open(kept.draft, noted.look === 'page' ? 'docked' : noted.look === 'inline' ? 'docked' : noted.look, kept);
        composer.threadId.value = noted.thread;
        if (kept.isAtServer) composer.tidy();
        else composer.written();
      } else if (!kept.isAtServer || kept.stale.length) void rescue(kept);
      else await drafts.remove(accountId, kept.draft.key);
    }
  }
}

function lockOf(key: string): string {
  return `postrider-compose-${key}`;
}

function locksOf(): LockManager | undefined {
  return (globalThis.navigator as { locks?: LockManager } | undefined)?.locks;
}

/** The page before a reload may still hold it for a moment. */
const RELOAD_MS = 1_000;

async function isFree(key: string): Promise<boolean> {
  const wait = new AbortController();
  const timer = setTimeout(() => wait.abort(), RELOAD_MS);
  try {
    await locksOf()?.request(lockOf(key), { signal: wait.signal }, () => undefined);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** A draft of a window that is gone, perhaps of one that still is open: that one holds its lock. */
async function rescue(kept: Kept): Promise<void> {
  const work = async (lock: Lock | null | undefined): Promise<void> => {
    if (lock === null) return;
    const composer = new Composer({ store: mail(), local: await localDrafts() }, kept.draft, 'folded', kept.emailId, kept.stale, kept.files, kept.writer);
    const isLetGo = new Promise<void>((resolve) => (composer.letGo = resolve));
    if (kept.isAtServer) composer.tidy();
    else composer.written();
    void finish(composer);
    await isLetGo;
  };
  const locks = locksOf();
  await (locks ? locks.request(lockOf(kept.draft.key), { ifAvailable: true }, work) : work(undefined));
}

/** While a window writes on a draft, no other takes it for a lost one. */
export function holdDraft(key: string): () => void {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (release = resolve));
  const stop = new AbortController();
  locksOf()?.request(lockOf(key), { signal: stop.signal }, () => until).catch(() => undefined);
  return () => {
    stop.abort();
    release();
  };
}
