/** Which list the pane shows: it follows the place and the filters. Lists that were left are kept for a while, with what they know. */
import { batch, computed, effect, signal } from '@preact/signals';
import { t } from '../../base/words.ts';
import { ALL_INBOXES, go, pathOf, place } from '../../frame/router.ts';
import { type Filter, type Id, type Mailbox, SNOOZE } from '../../jmap/types.ts';
import { mail, pane } from '../../model/current.ts';
import { followDeliveries } from '../../model/deliveries.ts';
import { MailList, AWOKEN_FIRST, NEWEST_FIRST, PINNED_FIRST, type ListQuery } from '../../model/list.ts';
import { mailboxName } from '../../model/mailboxes.ts';
import { MergedList, type RowList } from '../../model/merged.ts';
import { VERDICT } from '../../model/reading.ts';
import { setting } from '../../model/settings.ts';
import { layout } from '../../frame/view.ts';
import { parseSearch, searchesOf, wordsOf } from '../../model/search.ts';

export type Chip = 'unread' | 'starred' | 'attachment' | 'known' | 'newsletters';
const CHIPS: Chip[] = ['unread', 'starred', 'attachment', 'known', 'newsletters'];

const CONDITIONS: Record<Chip, Filter> = {
  unread: { notKeyword: '$seen' },
  starred: { hasKeyword: '$flagged' },
  attachment: { hasAttachment: true },
  // Whom one has heard from before, or writes to (doc/jmap.md, Who sent this).
  known: { firstContact: false },
  // Mail that goes to many says how to leave it (RFC 2369).
  newsletters: { header: ['List-Unsubscribe'] },
};

/** Lists that are kept, those that others are made of too. Each holds some ids; the rows themselves are kept anyway. */
const KEPT = 16;

export const chips = signal<ReadonlySet<Chip>>(new Set());

/** The mailbox of the place, of the own account or of one that is shared. */
export const mailbox = computed<Mailbox | undefined>(() => {
  const here = place.value;
  if (here.kind !== 'folder') return undefined;
  return (
    mail().mailboxes.of(here.mailbox).value ??
    mail()
      .mailboxes.all(mail().mainAccount)
      .find((one) => one.role === here.mailbox)
  );
});

/** Of whom one knows nothing is known in others' accounts, of Junk and of what one has written. */
export const shownChips = computed<readonly Chip[]>(() => {
  const here = mailbox.value;
  const isOwn = asked.value.every(({ accountId }) => accountId === mail().mainAccount);
  const tellsPeople = knowsPeople() && isOwn && !['junk', 'sent', 'drafts', 'scheduled'].includes(here?.role ?? '');
  return CHIPS.filter((chip) => chip !== 'known' || tellsPeople);
});

/** The id alone, so that a new count in the mailbox makes no new list. */
const mailboxId = computed(() => mailbox.value?.id);
const searched = computed(() => (place.value.kind === 'search' ? place.value.text : undefined));

/** The inboxes of all accounts in one list. */
export const isUnified = computed(() => place.value.kind === 'folder' && pathOf({ ...place.value, thread: undefined }) === pathOf(ALL_INBOXES));
export const isSearch = computed(() => searched.value !== undefined);

/** A folder that is not there (any more): a link to it, or it was deleted in another window. */
export const isMissing = computed(() => place.value.kind === 'folder' && !isUnified.value && mailboxId.value === undefined);

export function listName(): string {
  if (isUnified.value) return t('folders.allInboxes');
  return mailbox.value ? mailboxName(mailbox.value) : t('list.hits');
}

/** The words that are marked in rows. */
export const searchWords = computed<readonly string[]>(() => (searched.value === undefined ? [] : wordsOf(parseSearch(searched.value))));

/** What the list is of, by account: the filter, without chips. */
const asked = computed<{ accountId: Id; filter: Filter }[]>(() => {
  const store = mail();
  const id = mailboxId.value;
  if (id !== undefined) return [{ accountId: store.mailboxes.accountOf(id), filter: { inMailbox: id } }];
  if (isUnified.value) return store.inboxes().map((inbox) => ({ accountId: store.mailboxes.accountOf(inbox.id), filter: { inMailbox: inbox.id } }));
  return searched.value === undefined ? [] : searchesOf(store, searched.value);
});

interface Query {
  whole: ListQuery;
  /** The part of the filter that rows leave by at once. */
  lasting: Filter;
}

const queries = computed<Query[]>(() => {
  const more = CHIPS.filter((chip) => chips.value.has(chip)).map((chip) => CONDITIONS[chip]);
  const sort = isSearch.value ? NEWEST_FIRST : hasSnooze() ? AWOKEN_FIRST : PINNED_FIRST;
  return asked.value.map(({ accountId, filter }) => {
    const all: Filter = more.length > 0 ? { operator: 'AND', conditions: [filter, ...more] } : filter;
    return { whole: { accountId, filter: all, sort, collapseThreads: true }, lasting: filter };
  });
});

function knowsPeople(): boolean {
  return VERDICT in mail().layer.session.capabilities;
}

function hasSnooze(): boolean {
  return SNOOZE in mail().layer.session.capabilities;
}

const kept = new Map<string, RowList>();

function keptOr<T extends RowList>(key: string, make: () => T): T {
  const found = (kept.get(key) as T | undefined) ?? make();
  kept.delete(key);
  kept.set(key, found);
  for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
  return found;
}

const keyOf = (wanted: readonly Query[]) => JSON.stringify(wanted.map((one) => one.whole));

function partOf(wanted: Query): MailList {
  const { whole, lasting } = wanted;
  return keptOr(keyOf([wanted]), () => new MailList(mail(), whole, JSON.stringify(lasting) === JSON.stringify(whole.filter) ? whole.filter : lasting));
}

function listOf(wanted: readonly Query[]): RowList | undefined {
  if (wanted.length <= 1) return wanted[0] && partOf(wanted[0]);
  return keptOr(keyOf(wanted), () => new MergedList(wanted.map(partOf)));
}

export function toggleChip(chip: Chip): void {
  const next = new Set(chips.peek());
  if (!next.delete(chip)) next.add(chip);
  chips.value = next;
}

/** Opens a conversation of the list, beside it or in its place. */
export function openConversation(thread: Id | undefined, options: { replace?: boolean } = {}): void {
  const here = place.peek();
  if (here.kind === 'folder') go({ kind: 'folder', mailbox: here.mailbox, thread }, options);
  else if (here.kind === 'search') go({ kind: 'search', text: here.text, thread }, options);
}

export function startLists(): void {
  if (hasSnooze()) mail().rowProperties.push('snoozed', 'awokenAt');
  if (knowsPeople()) mail().rowProperties.push('firstContact');
  followDeliveries(mail());
  let where: string | undefined;
  effect(() => {
    // Another folder has its own filters: none.
    const here = place.value;
    const next = here.kind === 'folder' ? here.mailbox : here.kind === 'search' ? `search ${here.text}` : where;
    if (next !== where) chips.value = new Set();
    where = next;
  });
  let last: string | undefined;
  effect(() => {
    const wanted = queries.value;
    const key = keyOf(wanted);
    // Pages without a list leave the last one as it is: one comes back to it.
    if (key === last || (wanted.length === 0 && !isMissing.value)) return;
    last = key;
    const list = listOf(wanted);
    pane.show(list);
    list?.open();
    // Asked before it is drawn, so that what is here comes with the first picture.
    void list?.want(list.top, list.top + 1);
  });
  effect(() => {
    const here = place.value;
    const thread = here.kind === 'folder' || here.kind === 'search' ? here.thread : undefined;
    batch(() => {
      pane.open.value = thread;
      if (thread !== undefined) pane.focus(thread);
    });
  });
  effect(() => {
    const list = pane.list.value;
    void list?.version.value;
    queueMicrotask(follow);
  });
}

/** What is open has left the list: the next one is opened, or the list is shown. */
function follow(): void {
  const open = pane.open.peek();
  const moved = pane.settle();
  if (!moved || open === undefined || moved.left !== open) return;
  const goesOn = moved.next !== undefined && (layout.peek().reading !== 'over' || setting('afterwards').peek() === 'next');
  openConversation(goesOn ? moved.next : undefined, { replace: true });
}
