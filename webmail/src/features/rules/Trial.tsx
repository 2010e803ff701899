/** Rules tried on mail that is there: what they would do with each, and all of it done as one change. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { labelOfKeyword } from '../../base/labels.ts';
import { shortDate } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import { MethodError } from '../../jmap/batch.ts';
import type { EmailRow, Mailbox } from '../../jmap/types.ts';
import { changeEach } from '../../model/change.ts';
import { mail } from '../../model/current.ts';
import { mailboxesInOrder, mailboxName, mailboxPath } from '../../model/mailboxes.ts';
import { say } from '../../model/undo.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { ProgressLine } from '../../ui/ProgressLine.tsx';
import { type Outcome, changesOf, keepNotes, makeFolders, notesOf, tryPast } from './past.ts';

const MOST = [100, 500, 2000];
/** Rows that are shown: nobody reads more, and all of them are counted. */
const SHOWN = 200;

/** name: of the one rule that it is; undefined: all rules. */
export function openTrial(text: string, name?: string): void {
  openOverlay('dialog', (self) => <TrialDialog text={text} name={name} close={self.close} />);
}

interface Run {
  number: number;
  looked: number;
  all: number;
  found: readonly Outcome[];
  state: 'runs' | 'done' | 'stopped';
  problem?: string;
}

function TrialDialog({ text, name, close }: { text: string; name: string | undefined; close(): void }) {
  const store = mail();
  const accountId = store.mainAccount;
  const mailboxId = useSignal(store.mailboxWithRole('inbox')?.id ?? '');
  const most = useSignal(MOST[0]!);
  const run = useSignal<Run | undefined>(undefined);
  const numbers = useRef(0);
  const id = useId();
  const begin = async () => {
    const mailbox = store.mailboxes.peek(mailboxId.peek());
    if (!mailbox) return;
    const number = ++numbers.current;
    const goesOn = () => numbers.current === number;
    const put = (part: Partial<Run>) => {
      if (run.peek()?.number === number) run.value = { ...run.peek()!, ...part };
    };
    run.value = { number, looked: 0, all: 0, found: [], state: 'runs' };
    try {
      await tryPast(store, { accountId, mailbox, text, most: most.peek(), goesOn, tell: (looked, all, found) => put({ looked, all, found: [...(run.peek()?.found ?? []), ...found] }) });
      put({ state: 'done' });
    } catch (error) {
      put({ state: 'done', problem: error instanceof MethodError ? error.description || error.type : t('change.offline') });
    }
  };
  useEffect(() => {
    void begin();
    return () => void numbers.current++;
  }, []);
  const stop = () => {
    numbers.current++;
    run.value = { ...run.peek()!, state: 'stopped' };
  };
  const now = run.value;
  const doable = now?.found.filter((one) => one.leaves || one.into.length > 0 || one.keywords.length > 0) ?? [];
  const apply = async () => {
    close();
    const made = await makeFolders(store, accountId, doable);
    const trash = store.mailboxWithRole('trash', accountId)?.id;
    const changes = changesOf(doable, mailboxId.peek(), trash, made);
    try {
      await keepNotes(store, accountId, notesOf(doable, mailboxId.peek(), trash, made, (id) => store.emails.peek(id)?.keywords ?? {}));
    } catch (error) {
      // Nothing is done of which nobody could say later why.
      say(t(error instanceof MethodError ? 'change.refused' : 'change.offline'), true);
      return;
    }
    await changeEach(store, changes, t('rules.applied', { count: changes.reduce((sum, one) => sum + one.emails.length, 0) }));
  };
  return (
    <Dialog title={name ? t('rules.tryTitle', { name }) : t('rules.tryAll')} close={close} class="rule-dialog trial">
      <div class="trial-choice">
        <select class="field-input" aria-label={t('rules.mailbox')} value={mailboxId.value} onChange={(event) => { mailboxId.value = event.currentTarget.value; void begin(); }}>
          {mailboxesInOrder(store, [accountId]).map((mailbox) => <option key={mailbox.id} value={mailbox.id}>{mailboxPath(store, mailbox)}</option>)}
        </select>
        <select class="field-input" aria-label={t('rules.tryMost')} value={most.value} onChange={(event) => { most.value = Number(event.currentTarget.value); void begin(); }}>
          {MOST.map((count) => <option key={count} value={count}>{t('rules.tryNewest', { count })}</option>)}
        </select>
      </div>
      {now?.state === 'runs' && <ProgressLine words={t('rules.trying')} done={now.looked} all={now.all} far={t('rules.tryFar', { done: now.looked, all: now.all })} stopWords={t('rules.tryStop')} stop={stop} />}
      {now?.problem && <p class="field-wrong" role="alert">{t('rules.tryFailed', { why: now.problem })}</p>}
      {now && now.state !== 'runs' && !now.problem && <p class="set-text" role="status" id={id}>{now.looked === 0 ? t('rules.triedNone') : t('rules.tried', { count: now.looked, touched: now.found.length })}</p>}
      {now && now.found.length > 0 && (
        <ul class="trial-list" tabIndex={0} aria-describedby={id} aria-label={t('rules.tryList')}>
          {now.found.slice(0, SHOWN).map((one) => <TrialRow key={one.emailId} outcome={one} />)}
        </ul>
      )}
      {now?.found.some((one) => one.notDone.length > 0) && <p class="set-text">{t('rules.tryNotDone')}</p>}
      <div class="dialog-buttons">
        <Button onClick={close}>{t('rules.close')}</Button>
        <Button kind="primary" disabled={now === undefined || now.state === 'runs' || doable.length === 0} onClick={() => void apply()}>{t('rules.apply', { count: doable.length })}</Button>
      </div>
    </Dialog>
  );
}

function TrialRow({ outcome }: { outcome: Outcome }) {
  const email = mail().emails.of(outcome.emailId).value as EmailRow | undefined;
  const from = email?.from?.[0];
  const date = email ? new Date(email.receivedAt) : undefined;
  return (
    <li class="trial-row">
      <span class="trial-from">{from?.name || from?.email || t('rules.tryNoSender')}</span>
      {date && <time class="trial-date" dateTime={date.toISOString()}>{shortDate(date, new Date())}</time>}
      <span class="trial-subject">{email?.subject || t('rules.tryNoSubject')}</span>
      <span class="trial-what">{wordsOf(outcome)}</span>
    </li>
  );
}

/** "move to Bills · mark as read · rule Money". */
function wordsOf(outcome: Outcome): string {
  if (outcome.failed) return t('rules.wouldFail', { why: outcome.failed });
  const words = outcome.into.map(({ id, path }) => t(outcome.leaves ? 'rules.wouldMove' : 'rules.wouldCopy', { name: folderWords(id, path) }));
  if (outcome.toTrash) words.push(t('rules.wouldTrash'));
  words.push(...outcome.keywords.map((keyword) => (keyword === '$seen' ? t('rules.wouldRead') : keyword === '$flagged' ? t('rules.wouldStar') : t('rules.wouldLabel', { name: labelOfKeyword(keyword) }))));
  words.push(...[...new Set(outcome.notDone)].map((action) => t(`rules.would.${action === 'ereject' ? 'reject' : action}`)));
  const text = words.join(' · ');
  return outcome.ruleName ? t('rules.wouldBy', { what: text, name: outcome.ruleName }) : text;
}

function folderWords(id: string | undefined, path: string): string {
  const mailbox: Mailbox | undefined = id === undefined ? undefined : mail().mailboxes.peek(id);
  if (!mailbox) return t('rules.newFolder', { name: path });
  return mailbox.parentId ? mailboxPath(mail(), mailbox) : mailboxName(mailbox);
}
