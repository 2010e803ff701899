/** The imports of this browser: begun, shown, stopped, gone on with. One runs at a time. */
import { effect, signal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { CORE, type Id, type Mailbox } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { mailboxPath } from '../../model/mailboxes.ts';
import { done, say } from '../../model/undo.ts';
import { runImport, takeBack } from './importer.ts';
import { type Job, Jobs } from './jobs.ts';
import type { Role } from './read/gmail.ts';

/** A server that says nothing of it takes messages of this size. */
const LONGEST = 50 << 20;

export const jobs = signal<readonly Job[]>([]);
/** The key of the one that runs. */
export const running = signal<string | undefined>(undefined);

let opened: Promise<Jobs> | undefined;
const ownAccounts = (): Set<Id> => new Set(mail().accounts.peek().map(({ id }) => id));
const kept = (): Promise<Jobs> => (opened ??= Jobs.open(mail().layer.session.username, ownAccounts()));
let stopped = false;

function show(job: Job): void {
  const others = jobs.peek();
  // A new object: what draws it sees that it has changed.
  const next = { ...job };
  jobs.value = others.some((one) => one.key === job.key) ? others.map((one) => (one.key === job.key ? next : one)) : [next, ...others];
}

/** Those that an earlier page has left: they go on by themselves. */
export async function loadJobs(): Promise<void> {
  const found = await (await kept()).all(ownAccounts());
  for (const job of found) show(job);
  const left = found.find((job) => job.state === 'running');
  // Two windows must not do the same: whoever has the lock does it.
  if (left) void goOn(left.key);
}

export async function importFiles(files: readonly File[], mailbox: Mailbox): Promise<void> {
  if (files.length === 0) return;
  if (running.peek() !== undefined) {
    say(t('transfer.busy'), true);
    return;
  }
  const job: Job = {
    key: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`,
    accountId: mail().mailboxes.accountOf(mailbox.id),
    mailboxId: mailbox.id,
    mailboxName: mailboxPath(mail(), mailbox),
    files: files.map(({ name, size }) => ({ name, size })),
    file: 0,
    done: 0,
    octets: 0,
    added: [],
    present: 0,
    problems: [],
    failed: 0,
    state: 'running',
  };
  show(job);
  await (await kept()).begin(job, [...files]);
  await goOn(job.key);
}

export async function goOn(key: string): Promise<void> {
  const run = async (): Promise<void> => {
    const job = structuredClone(jobs.peek().find((one) => one.key === key));
    const files = job && (await (await kept()).filesOf(job));
    if (!job || running.peek() !== undefined) return;
    if (!files) {
      say(t('transfer.filesGone'), true);
      return;
    }
    await carryOut(job, files);
  };
  if (typeof navigator.locks === 'undefined') await run();
  else await navigator.locks.request(`postrider-transfer-${key}`, { ifAvailable: true }, async (lock) => void (lock && (await run())));
}

/** Gmail gives all mail out in one file. Brought into the inbox, each goes where it lay; brought into another folder, all of it goes there. */
function foldersFor({ accountId, mailboxId }: Job): Partial<Record<Role, Id>> {
  const all = mail().mailboxes.all(accountId);
  if (all.find(({ id }) => id === mailboxId)?.role !== 'inbox') return {};
  const roles: Role[] = ['archive', 'drafts', 'junk', 'sent', 'trash'];
  return Object.fromEntries(roles.flatMap((role) => all.filter((one) => one.role === role && one.myRights.mayAddItems).map(({ id }) => [role, id])));
}

async function carryOut(job: Job, files: Blob[]): Promise<void> {
  const store = await kept();
  stopped = false;
  running.value = job.key;
  job.state = 'running';
  show(job);
  const core = mail().layer.session.capabilities[CORE] as { maxSizeUpload?: number } | undefined;
  try {
    await runImport(job, {
      layer: mail().layer,
      folders: foldersFor(job),
      longest: core?.maxSizeUpload ?? LONGEST,
      files,
      isStopped: () => stopped,
      changed: async () => {
        show(job);
        await store.put(job);
      },
    });
  } catch (error) {
    job.state = 'stopped';
    show(job);
    await store.put(job);
    say(t('transfer.cut'), true);
    reportError(error);
  } finally {
    running.value = undefined;
  }
  // The work itself has set it.
  if ((job.state as Job['state']) !== 'done') return;
  await store.forgetFiles(job);
  tell(job);
}

function tell(job: Job): void {
  const count = job.added.length;
  const added = job.isSpread ? t('transfer.doneAll', { count }) : t('transfer.done', { count, name: job.mailboxName });
  const words = job.hasUnknownLabels ? `${added} · ${t('transfer.unknownLabels')}` : added;
  if (count === 0) say(words);
  else
    done({
      words,
      undo: async () => {
        await takeBack(mail().layer, job);
        await forget(job.key);
      },
    });
}

export function stop(): void {
  stopped = true;
}

export async function forget(key: string): Promise<void> {
  const job = jobs.peek().find((one) => one.key === key);
  jobs.value = jobs.peek().filter((one) => one.key !== key);
  if (job) await (await kept()).remove(job);
}

/** At sign-out: what runs is stopped first. */
export function stopAtSignOut(): Promise<void> {
  stop();
  return new Promise((resolve) => {
    const end = effect(() => {
      if (running.value === undefined) setTimeout(() => (end(), resolve()));
    });
  });
}
