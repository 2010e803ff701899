/** Which list the pane shows: it follows the place and the filters. Lists that were left are kept for a while, with what they know. */
import { batch, computed, effect, signal } from '@preact/signals';
import { go, place } from '../../frame/router.ts';
import { type Filter, type Id, type Mailbox, SNOOZE } from '../../jmap/types.ts';
import { mail, pane } from '../../model/current.ts';
import { followDeliveries } from '../../model/deliveries.ts';
import { MailList, AWOKEN_FIRST, NEWEST_FIRST, PINNED_FIRST, type ListQuery } from '../../model/list.ts';
import { VERDICT } from '../../model/reading.ts';
import { setting } from '../../model/settings.ts';
import { layout } from '../../frame/view.ts';
import { filterOf, parseSearch, searchContext, wordsOf } from '../../model/search.ts';

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

/** Lists that are kept. Each holds some ids; the rows themselves are kept anyway. */
const KEPT = 8;

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
  const isOwn = here === undefined || mail().mailboxes.accountOf(here.id) === mail().mainAccount;
  const tellsPeople = knowsPeople() && isOwn && !['junk', 'sent', 'drafts', 'scheduled'].includes(here?.role ?? '');
  return CHIPS.filter((chip) => chip !== 'known' || tellsPeople);
});

/** The id alone, so that a new count in the mailbox makes no new list. */
const mailboxId = computed(() => mailbox.value?.id);
const searched = computed(() => (place.value.kind === 'search' ? place.value.text : undefined));

/** A folder that is not there (any more): a link to it, or it was deleted in another window. */
export const isMissing = computed(() => place.value.kind === 'folder' && mailboxId.value === undefined);

/** The words that are marked in rows. */
export const searchWords = computed<readonly string[]>(() => (searched.value === undefined ? [] : wordsOf(parseSearch(searched.value))));

/** The query, and the part of its filter that rows leave by at once. */
const query = computed<{ whole: ListQuery; lasting: Filter } | undefined>(() => {
  const more = CHIPS.filter((chip) => chips.value.has(chip)).map((chip) => CONDITIONS[chip]);
  const id = mailboxId.value;
  let filter: Filter | undefined;
  let accountId: Id = mail().mainAccount;
  if (id !== undefined) {
    filter = { inMailbox: id };
    accountId = mail().mailboxes.accountOf(id);
  } else if (searched.value !== undefined) filter = filterOf(parseSearch(searched.value), searchContext(mail()));
  if (!filter) return undefined;
  const all: Filter = more.length > 0 ? { operator: 'AND', conditions: [filter, ...more] } : filter;
  return {
    whole: { accountId, filter: all, sort: id === undefined ? NEWEST_FIRST : hasSnooze() ? AWOKEN_FIRST : PINNED_FIRST, collapseThreads: true },
    lasting: filter,
  };
});

function knowsPeople(): boolean {
  return VERDICT in mail().layer.session.capabilities;
}

function hasSnooze(): boolean {
  return SNOOZE in mail().layer.session.capabilities;
}

const kept = new Map<string, MailList>();

function listOf(wanted: ListQuery, lasting: Filter): MailList {
  const key = JSON.stringify(wanted);
  const found = kept.get(key) ?? new MailList(mail(), wanted, JSON.stringify(lasting) === JSON.stringify(wanted.filter) ? wanted.filter : lasting);
  kept.delete(key);
  kept.set(key, found);
  for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
  return found;
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
    const wanted = query.value;
    const key = wanted && JSON.stringify(wanted.whole);
    // Pages without a list leave the last one as it is: one comes back to it.
    if (key === last || (!wanted && !isMissing.value)) return;
    last = key;
    const list = wanted && listOf(wanted.whole, wanted.lasting);
    pane.show(list);
    list?.open();
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
