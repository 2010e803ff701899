/** News as notifications, while no page may be open: RFC 8620 section 7.2, Web Push. What a push says is only that there is something. */
import { isPlace } from '../base/places.ts';
import { at, isOwnUrl, named, withoutSeat } from '../base/seat.ts';
import { CORE, type EmailRow, type Id, type Invocation, MAIL, type Mailbox, type Session, type State } from '../jmap/types.ts';

interface Client {
  url: string;
  visibilityState: string;
  focus(): Promise<Client>;
  postMessage(message: unknown): void;
}
const worker = globalThis as unknown as {
  clients: { matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<Client[]>; openWindow(path: string): Promise<unknown> };
  registration: { showNotification(title: string, options: Record<string, unknown>): Promise<void>; getNotifications(): Promise<Notification[]> };
};

export interface Shown {
  accountId: Id;
  emailId: Id;
  path: string;
  archive: Id | undefined;
  inbox: Id;
  /** As it was shown: for when it must be shown again. */
  title: string;
  body: string;
}

type Where = Omit<Shown, 'title' | 'body'>;

/** What the notifications say; the page writes them here in the reader's language when it turns them on. */
export interface Kept {
  states: Record<Id, State>;
  words: { archive: string; reply: string; someone: string; more: string; notArchived?: string };
  /** Folders that are told of; none: the inbox. */
  folders?: Id[];
  /** Only people who have written before are told of: doc/jmap.md, firstContact. */
  knownOnly?: boolean;
}

const VERDICT = 'urn:postrider:params:jmap:verdict';

/** More at once are told as one. */
const SHOWN_AT_ONCE = 4;
const KEPT = '/service/notifications';
const STORE = named('notifications');

export async function kept(): Promise<Kept | undefined> {
  const found = await (await caches.open(STORE)).match(KEPT);
  return found && ((await found.json()) as Kept);
}

export async function keep(value: Kept): Promise<void> {
  await (await caches.open(STORE)).put(KEPT, new Response(JSON.stringify(value)));
}

/** Windows of this seat in which the program is: the server's own pages, as /account, show no mail. */
async function windowsOfProgram(): Promise<Client[]> {
  const all = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return all.filter(({ url }) => isOwnUrl(url) && isPlace(withoutSeat(new URL(url).pathname)));
}

async function request(calls: Invocation[], more: string[] = []): Promise<Invocation[]> {
  const answer = await fetch(at('/jmap/api'), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ using: [CORE, MAIL, ...more], methodCalls: calls }) });
  if (!answer.ok) throw new Error(`the server answered with ${answer.status}`);
  return ((await answer.json()) as { methodResponses: Invocation[] }).methodResponses;
}

export async function pushed(said: any): Promise<void> {
  if (said?.['@type'] === 'PushVerification') {
    // The server sends nothing else to a subscription before it has heard this: RFC 8620 section 7.2.2.
    await request([['PushSubscription/set', { update: { [said.pushSubscriptionId]: { verificationCode: said.verificationCode } } }, '0']]);
    return;
  }
  const notes = await kept();
  const answer = await fetch(at('/jmap/session'));
  if (!notes || !answer.ok) return;
  const session = (await answer.json()) as Session;
  // Whoever looks at the mail sees what is new.
  const isLookedAt = (await windowsOfProgram()).some(({ visibilityState }) => visibilityState === 'visible');
  const news: [EmailRow, Where][] = [];
  for (const accountId of Object.keys(session.accounts).filter((id) => MAIL in session.accounts[id]!.accountCapabilities)) news.push(...(await newsOf(accountId, notes, VERDICT in session.capabilities)));
  await keep(notes);
  if (isLookedAt || !news.length) return;
  for (const [email, where] of news.slice(0, SHOWN_AT_ONCE)) {
    const [author] = email.from ?? [];
    const data = { ...where, title: author?.name || author?.email || notes.words.someone, body: `${email.subject ?? ''}\n${email.preview}`.trim() };
    await show(data.title, data, notes, Date.parse(email.receivedAt));
  }
  const more = news.length - SHOWN_AT_ONCE;
  if (more > 0) await worker.registration.showNotification(notes.words.more.replace('{count}', String(more)), { tag: named('more'), icon: '/icon.svg', data: { path: '/mail/inbox' } });
}

function show(title: string, data: Shown, notes: Kept, timestamp?: number): Promise<void> {
  return worker.registration.showNotification(title, {
    body: title === data.title ? data.body : `${data.title}\n${data.body}`,
    // A browser has one notification for each tag, whichever seat shows it: who shares a folder is told of the same email.
    tag: named(data.emailId),
    icon: '/icon.svg',
    ...(timestamp !== undefined && { timestamp }),
    data,
    actions: [...(data.archive ? [{ action: 'archive', title: notes.words.archive }] : []), { action: 'reply', title: notes.words.reply }],
  });
}

/** Where an email lies that one is told of; undefined: one is not. `first`: it is the first one of its sender; null: nobody knows. */
export function toldIn(email: Pick<EmailRow, 'mailboxIds' | 'keywords'> & { firstContact?: boolean | null }, inbox: Id, notes: Pick<Kept, 'folders' | 'knownOnly'>): Id | undefined {
  if (email.keywords['$seen'] || email.keywords['$draft'] || email.keywords['$muted']) return undefined;
  if (notes.knownOnly && email.firstContact !== false) return undefined;
  return (notes.folders?.length ? notes.folders : [inbox]).find((id) => email.mailboxIds[id]);
}

/** What has come since the last time into what the person is told of, and is unread. */
async function newsOf(accountId: Id, notes: Kept, knows: boolean): Promise<[EmailRow, Where][]> {
  const since = notes.states[accountId];
  const reference = (path: string): Record<string, string> => ({ resultOf: 'changes', name: 'Email/changes', path });
  const answers = new Map(
    (
      await request([
        ['Mailbox/get', { accountId, ids: null, properties: ['role'] }, 'mailboxes'],
        ...(since === undefined
          ? [['Email/get', { accountId, ids: [] }, 'state'] as Invocation]
          : [
              ['Email/changes', { accountId, sinceState: since, maxChanges: 500 }, 'changes'] as Invocation,
              ['Email/get', { accountId, '#ids': reference('/created'), properties: ['threadId', 'mailboxIds', 'keywords', 'from', 'subject', 'preview', 'receivedAt', ...(knows ? ['firstContact'] : [])] }, 'emails'] as Invocation,
            ]),
      ], knows ? [VERDICT] : [])
    ).map(([name, args, id]) => [id, name === 'error' ? undefined : args]),
  );
  const changes = answers.get('changes');
  if (!changes) {
    const state = answers.get('state')?.['state'] as State | undefined;
    if (state === undefined) delete notes.states[accountId];
    else notes.states[accountId] = state;
    return [];
  }
  notes.states[accountId] = changes['newState'] as State;
  const mailboxes = answers.get('mailboxes')!['list'] as Mailbox[];
  const inbox = mailboxes.find(({ role }) => role === 'inbox')?.id;
  if (!inbox) return [];
  const archive = mailboxes.find(({ role }) => role === 'archive')?.id;
  return (answers.get('emails')!['list'] as EmailRow[]).flatMap((email): [EmailRow, Where][] => {
    const folder = toldIn(email, inbox, notes);
    if (folder === undefined) return [];
    const path = `/mail/${encodeURIComponent(folder === inbox ? 'inbox' : folder)}/${encodeURIComponent(email.threadId)}`;
    return [[email, { accountId, emailId: email.id, path, archive: folder === archive ? undefined : archive, inbox: folder }]];
  });
}

/** False: the server has not done it. */
async function archive({ accountId, emailId, inbox, archive }: Shown): Promise<boolean> {
  try {
    const [[name, answer]] = (await request([['Email/set', { accountId, update: { [emailId]: { [`mailboxIds/${inbox}`]: null, [`mailboxIds/${archive}`]: true } } }, '0']])) as [Invocation];
    return name !== 'error' && !answer['notUpdated'];
  } catch {
    return false;
  }
}

export async function clicked(action: string, data: Shown): Promise<void> {
  if (action === 'archive' && data.archive) {
    const notes = (await archive(data)) ? undefined : await kept();
    // Nobody looks at a page that could say so.
    if (notes) await show(notes.words.notArchived ?? data.title, data, notes);
    return;
  }
  const path = action === 'reply' ? `${data.path}#reply=${encodeURIComponent(data.emailId)}` : data.path;
  const [open] = await windowsOfProgram();
  if (!open) return void (await worker.clients.openWindow(at(path)));
  // A browser that leaves the window where it is shows the place there all the same.
  const focused = await open.focus().catch(() => open);
  focused.postMessage({ kind: 'go', path });
}
