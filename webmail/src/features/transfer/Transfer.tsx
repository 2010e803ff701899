/** The page of import and export, and the line in the pane of folders while one of them goes on. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { currentLocale } from '../../base/dates.ts';
import { hasWords, sayNumber, t } from '../../base/words.ts';
import { go, place } from '../../frame/router.ts';
import type { Id, Mailbox } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { mailboxesInOrder, mailboxPath } from '../../model/mailboxes.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { ProgressLine } from '../../ui/ProgressLine.tsx';
import { type Wanted, exportMail, exporting, stopExport } from './exports.ts';
import { forget, goOn, importFiles, jobs, running, stop } from './imports.ts';
import type { Job } from './jobs.ts';
import { type Format, MBOX, ZIP } from './write/formats.ts';

/** What the browser's own dialogue offers; each file's content says what it is. */
const ACCEPTED = '.mbox,.mbx,.mbs,.eml,.zip,message/rfc822,application/mbox,application/zip';

function totalOf(job: Job): number {
  return job.files.reduce((sum, file) => sum + file.size, 0);
}

function percentOf(job: Job): string {
  const all = totalOf(job);
  return new Intl.NumberFormat(currentLocale(), { style: 'percent', maximumFractionDigits: 0 }).format(all ? job.octets / all : 0);
}

export function Transfer() {
  const here = place.value;
  const of = here.kind === 'settings' ? here.of : undefined;
  return (
    <>
      <Import of={of} />
      <Export of={of} />
    </>
  );
}

function FolderSelect({ label, value, choices, onChange }: { label: string; value: Id; choices: readonly Mailbox[]; onChange(id: Id): void }) {
  const id = useId();
  return (
    <div class="field">
      <label class="field-label" for={id}>{label}</label>
      <select id={id} class="field-input transfer-folder" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {choices.map((mailbox) => <option key={mailbox.id} value={mailbox.id}>{mailboxPath(mail(), mailbox)}</option>)}
      </select>
    </div>
  );
}

function Section({ title, text, children }: { title: string; text: string; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="set-section" aria-labelledby={id}>
      <h3 id={id} class="set-title">{title}</h3>
      <p class="set-text">{text}</p>
      {children}
    </section>
  );
}

function Import({ of }: { of: Id | undefined }) {
  const choices = mailboxesInOrder(mail(), mail().accounts.value.map(({ id }) => id)).filter((one) => one.myRights.mayAddItems && one.role !== 'scheduled' && one.role !== 'snoozed');
  const first = choices.find((one) => one.id === of) ?? choices.find((one) => one.role === 'inbox') ?? choices[0];
  const chosen = useSignal(first?.id ?? '');
  const input = useRef<HTMLInputElement>(null);
  const over = useSignal(false);
  useEffect(() => void (first && (chosen.value = first.id)), [of]);
  const take = (files: readonly File[]) => {
    const mailbox = mail().mailboxes.peek(chosen.peek());
    if (mailbox) void importFiles(files, mailbox);
  };
  return (
    <Section title={t('transfer.import')} text={t('transfer.importText')}>
      <FolderSelect label={t('transfer.into')} value={chosen.value} choices={choices} onChange={(id) => (chosen.value = id)} />
      <div
        class={`transfer-drop${over.value ? ' transfer-over' : ''}`}
        onDragOver={(event) => {
          event.preventDefault();
          over.value = true;
        }}
        onDragLeave={() => (over.value = false)}
        onDrop={(event) => {
          event.preventDefault();
          over.value = false;
          take([...(event.dataTransfer?.files ?? [])]);
        }}
      >
        <input ref={input} class="transfer-input" type="file" multiple hidden accept={ACCEPTED} onChange={(event) => {
          take([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }} />
        <Button kind="primary" icon="upload" disabled={running.value !== undefined} onClick={() => input.current?.click()}>{t('transfer.choose')}</Button>
        <span class="set-text">{t('transfer.orDrop')}</span>
      </div>
      <ul class="set-list">{jobs.value.map((job) => <JobRow key={job.key} job={job} />)}</ul>
    </Section>
  );
}

function JobRow({ job }: { job: Job }) {
  const isRunning = running.value === job.key;
  const names = job.files.map(({ name }) => name).join(', ');
  return (
    <li class="set-item transfer-job">
      <div class="set-item-words">
        <strong dir="auto">{t('transfer.jobName', { names: names.length > 200 ? `${names.slice(0, 200)}…` : names, name: job.mailboxName })}</strong>
        {isRunning ? (
          <ProgressLine words={t('transfer.running')} done={job.octets} all={totalOf(job)} far={percentOf(job)} stopWords={t('bulk.stop')} stop={stop} />
        ) : (
          <span class="set-text">{t(job.state === 'done' ? 'transfer.ended' : 'transfer.stopped', { percent: percentOf(job) })}</span>
        )}
        <span class="set-text">{t('transfer.counts', { added: job.added.length, present: job.present, failed: job.failed })}</span>
        {job.hasUnknownLabels && <span class="set-text">{t('transfer.unknownLabels')}</span>}
        {job.problems.length > 0 && <Problems job={job} />}
      </div>
      {!isRunning && job.state !== 'done' && <Button onClick={() => void goOn(job.key)}>{t('transfer.goOn')}</Button>}
      {!isRunning && <IconButton icon="x" label={t('transfer.forget', { names })} onClick={() => void forget(job.key)} />}
    </li>
  );
}

function Problems({ job }: { job: Job }) {
  const why = (text: string) => (hasWords(`transfer.why.${text}`) ? t(`transfer.why.${text}`) : text);
  return (
    <details class="transfer-problems">
      <summary>{t('transfer.problems', { count: job.failed })}</summary>
      <ul>
        {job.problems.map((one, at) => <li key={at}><bdi>{one.name}</bdi>: {why(one.why)}</li>)}
      </ul>
      {job.failed > job.problems.length && <p>{t('transfer.moreProblems', { count: job.failed - job.problems.length })}</p>}
    </details>
  );
}

function Export({ of }: { of: Id | undefined }) {
  const choices = mailboxesInOrder(mail(), mail().accounts.value.map(({ id }) => id)).filter((one) => one.myRights.mayReadItems);
  const first = choices.find((one) => one.id === of) ?? choices.find((one) => one.role === 'inbox') ?? choices[0];
  const chosen = useSignal(first?.id ?? '');
  useEffect(() => void (first && (chosen.value = first.id)), [of]);
  const now = exporting.value;
  const run = (format: Format) => {
    const mailbox = mail().mailboxes.peek(chosen.peek());
    if (mailbox) void exportMail({ accountId: mail().mailboxes.accountOf(mailbox.id), what: { filter: { inMailbox: mailbox.id } }, name: mailboxPath(mail(), mailbox), format });
  };
  return (
    <Section title={t('transfer.export')} text={t('transfer.exportText')}>
      <FolderSelect label={t('transfer.from')} value={chosen.value} choices={choices} onChange={(id) => (chosen.value = id)} />
      <div class="set-buttons">
        <Button icon="download" disabled={now !== undefined} onClick={() => run(MBOX)}>{t('transfer.asMbox')}</Button>
        <Button icon="file-archive" disabled={now !== undefined} onClick={() => run(ZIP)}>{t('transfer.asZip')}</Button>
      </div>
      {now && <Exporting />}
      <p class="set-command">{t('settings.command')} <code>postrider mailbox export {mail().layer.session.username}</code></p>
    </Section>
  );
}

function Exporting() {
  const now = exporting.value;
  return now ? <ProgressLine words={t('transfer.writing', { name: now.name })} done={now.done} all={now.all} far={t('bulk.progress', { done: now.done, all: now.all })} stopWords={t('bulk.stop')} stop={stopExport} /> : null;
}

/** In the pane of folders: what goes on, and the way to its page. */
export function TransferLine() {
  const job = jobs.value.find((one) => one.key === running.value);
  if (!job && !exporting.value) return null;
  return (
    <div class="transfer-line">
      {job && (
        <button type="button" class="transfer-link" onClick={() => go({ kind: 'settings', page: 'transfer' })}>
          {t('transfer.line', { percent: percentOf(job), count: sayNumber(job.added.length) })}
          <progress max={Math.max(1, totalOf(job))} value={job.octets} aria-label={t('transfer.running')} />
        </button>
      )}
      <Exporting />
    </div>
  );
}

/** Of what is selected: which kind of file. */
export function askFormat(count: number, wanted: Omit<Wanted, 'format'>): void {
  openOverlay('dialog', (self) => {
    const run = (format: Format) => {
      self.close();
      void exportMail({ ...wanted, format });
    };
    return (
      <Dialog title={t('transfer.exportTitle', { count })} close={self.close}>
        <p class="dialog-text">{t('transfer.exportText')}</p>
        <div class="dialog-buttons">
          <Button onClick={() => run(MBOX)}>{t('transfer.asMbox')}</Button>
          <Button kind="primary" onClick={() => run(ZIP)}>{t('transfer.asZip')}</Button>
        </div>
      </Dialog>
    );
  });
}
