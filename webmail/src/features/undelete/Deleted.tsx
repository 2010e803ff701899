/** The page of deleted mail: of a folder or of all, as it is or as it was on a day; some of it or all of it comes back. */
import { useSignal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import { shortDate, wholeDate } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import { go, place } from '../../frame/router.ts';
import type { Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { mailboxPath } from '../../model/mailboxes.ts';
import { Button } from '../../ui/Button.tsx';
import { ProgressLine } from '../../ui/ProgressLine.tsx';
import { type DeletedEmail, type DeletedMailbox, type Found, type Sight, look, removedMailboxes, restore, restoreAll } from './api.ts';

/** The midnight after a day as <input type="date"> has it; undefined: it has none. */
export function endOf(day: string): Date | undefined {
  const begin = beginOf(day);
  return begin && new Date(begin.getFullYear(), begin.getMonth(), begin.getDate() + 1);
}

function beginOf(day: string): Date | undefined {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  return year ? new Date(Number(year), Number(month) - 1, Number(date)) : undefined;
}

function today(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

export function Deleted() {
  const here = place.value;
  const mailbox = here.kind === 'settings' && here.of ? here.of : undefined;
  const day = useSignal('');
  const found = useSignal<Found | undefined>(undefined);
  const failed = useSignal(false);
  const chosen = useSignal<ReadonlySet<Id>>(new Set());
  const removed = useSignal<DeletedMailbox[]>([]);
  const busy = useSignal(false);
  const progress = useSignal<{ done: number; all: number; stop(): void } | undefined>(undefined);
  const sight = (): Sight => ({ mailbox, at: endOf(day.peek()) });

  const load = async (more = false) => {
    const before = more ? found.peek() : undefined;
    try {
      const next = await look(sight(), before?.list.length ?? 0);
      found.value = { ...next, list: [...(before?.list ?? []), ...next.list] };
      failed.value = false;
      if (!more) chosen.value = new Set();
    } catch {
      failed.value = true;
    }
  };
  useEffect(() => void load(), [mailbox, day.value]);
  // An undo puts away again what has come back.
  useEffect(() => mail().changed.listen(() => void load()), [mailbox]);
  useEffect(() => void removedMailboxes().then((list) => (removed.value = list), () => undefined), []);

  const run = async (work: () => Promise<void>) => {
    if (busy.peek()) return;
    busy.value = true;
    try {
      await work();
    } catch {
      failed.value = true;
    } finally {
      busy.value = false;
      progress.value = undefined;
    }
    await load();
  };
  const all = () =>
    run(async () => {
      let stopped = false;
      const total = found.peek()?.total ?? 0;
      await restoreAll(sight(), (count) => {
        progress.value = { done: count, all: total, stop: () => (stopped = true) };
        return !stopped;
      });
    });

  const now = found.value;
  return (
    <>
      <p class="set-text">{t('deleted.text')}</p>
      <Choose mailbox={mailbox} removed={removed.value} day={day.value} setDay={(value) => (day.value = value)} />
      {failed.value && <p role="alert">{t('settings.cannotLoad')} <Button onClick={() => void load()}>{t('settings.tryAgain')}</Button></p>}
      {now && (
        <>
          <p class="deleted-sum" role="status">{sumOf(now, beginOf(day.value))}</p>
          {now.total === 0 && <p class="set-text">{t('deleted.none')}</p>}
          {progress.value && <ProgressLine words={t('deleted.restoring')} {...progress.value} far={t('bulk.progress', { done: progress.value.done, all: progress.value.all })} stopWords={t('bulk.stop')} />}
          {now.total > 0 && (
            <div class="set-buttons deleted-buttons">
              <Button kind="primary" icon="undo-2" disabled={busy.value || chosen.value.size === 0} onClick={() => void run(() => restore([...chosen.peek()]))}>
                {t('deleted.restoreSome', { count: chosen.value.size })}
              </Button>
              <Button disabled={busy.value} onClick={() => void all()}>{t('deleted.restoreAll', { count: now.total })}</Button>
            </div>
          )}
          <ul class="set-list">
            {now.list.map((email) => (
              <Row
                key={email.id}
                email={email}
                folder={mailbox ? undefined : nameOfFolder(email.mailboxId, removed.value)}
                on={chosen.value.has(email.id)}
                onChange={(on) => {
                  const next = new Set(chosen.peek());
                  if (on) next.add(email.id);
                  else next.delete(email.id);
                  chosen.value = next;
                }}
              />
            ))}
          </ul>
          {now.list.length < now.total && <Button onClick={() => void load(true)}>{t('deleted.more')}</Button>}
        </>
      )}
      <p class="set-command">{t('settings.command')} <code>postrider mailbox undelete {mail().layer.session.username}</code></p>
    </>
  );
}

function sumOf(found: Found, day: Date | undefined): string {
  if (!day || found.stays === undefined) return t('deleted.sum', { count: found.total });
  return t('deleted.sumOn', { day, stays: found.stays, count: found.total });
}

function nameOfFolder(id: Id, removed: readonly DeletedMailbox[]): string | undefined {
  const mailbox = mail().mailboxes.peek(id);
  return mailbox ? mailboxPath(mail(), mailbox) : removed.find((one) => one.id === id)?.path.replaceAll('/', ' / ');
}

function Choose({ mailbox, removed, day, setDay }: { mailbox: Id | undefined; removed: readonly DeletedMailbox[]; day: string; setDay(day: string): void }) {
  const ids = { folder: useId(), day: useId() };
  const mailboxes = mail().mailboxes.all(mail().mainAccount);
  const gone = removed.filter((one) => !mailboxes.some(({ id }) => id === one.id));
  return (
    <div class="deleted-choose">
      <div class="field">
        <label class="field-label" for={ids.folder}>{t('deleted.folder')}</label>
        <select id={ids.folder} class="field-input" value={mailbox ?? ''} onChange={(event) => go({ kind: 'settings', page: 'deleted', of: event.currentTarget.value || undefined }, { replace: true })}>
          <option value="">{t('deleted.allFolders')}</option>
          {mailboxes.map((one) => <option key={one.id} value={one.id}>{mailboxPath(mail(), one)}</option>)}
          {gone.length > 0 && (
            <optgroup label={t('deleted.goneFolders')}>
              {gone.map((one) => <option key={one.id} value={one.id}>{one.path.replaceAll('/', ' / ')}</option>)}
            </optgroup>
          )}
        </select>
      </div>
      <div class="field">
        <label class="field-label" for={ids.day}>{t('deleted.day')}</label>
        <input id={ids.day} class="field-input" type="date" max={today()} value={day} onChange={(event) => setDay(event.currentTarget.value)} />
      </div>
      {day && <Button kind="quiet" onClick={() => setDay('')}>{t('deleted.anyDay')}</Button>}
    </div>
  );
}

function Row({ email, folder, on, onChange }: { email: DeletedEmail; folder: string | undefined; on: boolean; onChange(on: boolean): void }) {
  const now = new Date();
  const deleted = new Date(email.deletedAt);
  const from = email.from?.[0];
  return (
    <li>
      <label class="set-item deleted-row">
        <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />
        <span class="set-item-words">
          <strong><bdi>{email.subject || t('deleted.noSubject')}</bdi></strong>
          <span class="set-text deleted-preview"><bdi>{from?.name || from?.email || t('deleted.noSender')}</bdi> · <bdi>{email.preview}</bdi></span>
          <span class="set-text">
            {folder && <>{folder} · </>}
            <time dateTime={email.receivedAt} title={wholeDate(new Date(email.receivedAt))}>{t('deleted.received', { when: shortDate(new Date(email.receivedAt), now) })}</time>
            {' · '}
            <time dateTime={email.deletedAt} title={wholeDate(deleted)}>{t('deleted.when', { when: shortDate(deleted, now) })}</time>
            {' · '}
            {t('deleted.keptUntil', { when: shortDate(new Date(email.expiresAt), now) })}
          </span>
        </span>
      </label>
    </li>
  );
}
