/** A row of the list: a conversation, in one, two or three lines. It is drawn anew only when its own mail changes. */
import { useComputed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { labelOfKeyword } from '../../base/labels.ts';
import { comingDate, dayGroup, daysBefore, PINNED, type DayGroup, shortDate } from '../../base/dates.ts';
import { sayNumber, t } from '../../base/words.ts';
import type { EmailRow, Id } from '../../jmap/types.ts';
import { mail, pane } from '../../model/current.ts';
import { listDate } from '../../model/list.ts';
import { labelColour, noteLabels } from '../../model/labels.ts';
import { mailboxName } from '../../model/mailboxes.ts';
import { setting } from '../../model/settings.ts';
import { Icon } from '../../ui/Icon.tsx';
import { LabelChip } from '../../ui/LabelChip.tsx';
import { firstName, rowFacts, type Context, type RowFacts } from './facts.ts';
import { marked } from './marks.tsx';
import { now } from './clock.ts';
import { hovered } from './hover.ts';

export interface RowProps {
  id: Id;
  index: number;
  /** The row above: where its day is another one, this row begins a group. */
  before: Id | undefined;
  context: Context;
  /** In a search each row names the folders that it lies in. */
  showsFolders: boolean;
  /** Which rows name their account: where several are in the list, all or those of others. */
  namesAccounts: 'none' | 'others' | 'all';
  words: readonly string[];
}

export function Row({ id, index, before, context, showsFolders, namesAccounts, words }: RowProps) {
  const email = mail().emails.of(id).value;
  const thread = mail().threads.of(email?.threadId ?? '').value;
  const key = email && pane.list.value?.parts[0]?.query.collapseThreads ? email.threadId : id;
  const isFocused = useComputed(() => pane.focused.value === key);
  const isSelected = useComputed(() => pane.everything.value || pane.selected.value.has(key));
  const isHovered = useComputed(() => hovered.value === key);
  const isOpen = useComputed(() => pane.open.value === key);
  const emails = (thread?.emailIds ?? []).map((one) => mail().emails.of(one).value).filter((one) => one !== undefined);
  const facts = email && rowFacts(emails, email, context);
  const labels = facts?.labels.join(' ');
  useEffect(() => {
    if (facts && facts.labels.length > 0) noteLabels(facts.labels);
  }, [labels]);
  if (!email || !facts) return <Hole index={index} />;
  const above = before === undefined ? undefined : mail().emails.peek(before);
  const group = groupOf(email);
  const begins = index > 0 && above !== undefined && groupOf(above).key !== group.key;
  const account = accountName(id, namesAccounts);
  const density = setting('density').value;
  const Line = density === 'one' ? OneLine : density === 'two' ? TwoLines : ThreeLines;
  return (
    <div
      role="row"
      id={`row-${key}`}
      class={`row${facts.isUnread ? ' row-unread' : ''}${begins ? ' row-begins' : ''}`}
      aria-rowindex={index + 1}
      aria-selected={isSelected.value}
      aria-current={isOpen.value ? 'true' : undefined}
      aria-label={spokenRow(facts, showsFolders, account)}
      data-key={key}
      data-focused={isFocused.value || undefined}
      draggable
    >
      <div role="gridcell" class="row-cell">
        <span class="row-check" data-act="check" aria-hidden="true">
          <span class="row-box">{isSelected.value && <Icon name="check" />}</span>
          <span class="row-dot" />
        </span>
        <Line
          facts={facts}
          email={email}
          words={words}
          showsFolders={showsFolders}
          account={account}
          day={begins && group.words ? groupWords(group) : ''}
        />
        <span class="row-star" data-act="star" data-on={facts.isStarred || undefined} aria-hidden="true">
          <Icon name="star" />
        </span>
        {isHovered.value && <RowActs facts={facts} />}
      </div>
    </div>
  );
}

/** The account that a row lies in, where the list has several. */
function accountName(id: Id, which: RowProps['namesAccounts']): string | undefined {
  const store = mail();
  const owner = store.emails.accountOf(id);
  if (which === 'none' || (which === 'others' && owner === store.mainAccount)) return undefined;
  return store.accounts.value.find((one) => one.id === owner)?.name;
}

/** A row that is not loaded yet. */
export function Hole({ index }: { index: number }) {
  return (
    <div role="row" class="row row-hole" aria-rowindex={index + 1}>
      <div role="gridcell" class="row-cell" aria-label={t('list.loading')}>
        <span class="skeleton row-bars">
          <span class="skeleton-bar skeleton-short" />
          <span class="skeleton-bar" />
        </span>
      </div>
    </div>
  );
}

interface LineProps {
  facts: RowFacts;
  email: EmailRow;
  words: readonly string[];
  showsFolders: boolean;
  account: string | undefined;
  /** The group that begins with this row, where its time does not say so already. */
  day: string;
}

function ThreeLines(props: LineProps) {
  return (
    <span class="row-lines" aria-hidden="true">
      <span class="row-line">
        <People {...props} />
        <Marks {...props} />
        <Time {...props} />
      </span>
      <span class="row-line">
        <Subject {...props} />
        <Labels {...props} />
      </span>
      <span class="row-line row-preview" dir="auto">
        {marked(props.facts.preview, props.words)}
      </span>
    </span>
  );
}

function TwoLines(props: LineProps) {
  return (
    <span class="row-lines" aria-hidden="true">
      <span class="row-line">
        <People {...props} />
        <Marks {...props} />
        <Time {...props} />
      </span>
      <span class="row-line">
        <Subject {...props} withPreview />
        <Labels {...props} />
      </span>
    </span>
  );
}

function OneLine(props: LineProps) {
  return (
    <span class="row-line row-one" aria-hidden="true">
      <People {...props} />
      <Subject {...props} withPreview />
      <Labels {...props} />
      <Marks {...props} />
      <Time {...props} />
    </span>
  );
}

function People({ facts, words }: LineProps) {
  return (
    <span class="row-people">
      {facts.areRecipients && <span class="row-to">{t('list.to')}</span>}
      {facts.people.length === 0 && t(facts.areRecipients ? 'list.nobody' : 'list.noSender')}
      {facts.people.map((person, i) => (
        <>
          {i > 0 && t('list.comma')}
          <span dir="auto" class={`row-person${person.isUnread ? ' row-fresh' : ''}`}>
            {person.isMe ? t('list.me') : marked(facts.people.length > 1 ? firstName(person.name) : person.name, words)}
          </span>
        </>
      ))}
      {facts.count > 1 && <span class="row-count">{sayNumber(facts.count)}</span>}
      {facts.hasDraft && <span class="row-draft">{t('list.draft')}</span>}
    </span>
  );
}

function Subject({ facts, words, withPreview }: LineProps & { withPreview?: boolean }) {
  return (
    <span class="row-subject" dir="auto">
      <span class="row-title">
        {facts.subject === '' ? t('list.noSubject') : marked(facts.subject, words)}
      </span>
      {withPreview && facts.preview !== '' && (
        <span class="row-preview row-after" dir="auto">
          {marked(facts.preview, words)}
        </span>
      )}
    </span>
  );
}

/** More labels have no room. */
const MOST_LABELS = 3;

function Labels({ facts, showsFolders, account }: LineProps) {
  const folders = showsFolders ? facts.mailboxIds.flatMap((id) => mail().mailboxes.peek(id) ?? []) : [];
  if (facts.labels.length === 0 && folders.length === 0 && account === undefined) return null;
  return (
    <span class="row-labels">
      {account !== undefined && (
        <span class="row-folder" dir="auto">
          {account}
        </span>
      )}
      {folders.slice(0, 2).map((mailbox) => (
        <span key={mailbox.id} class="row-folder">
          {mailboxName(mailbox)}
        </span>
      ))}
      {facts.labels.slice(0, MOST_LABELS).map((keyword) => (
        <LabelChip key={keyword} name={labelOfKeyword(keyword)} colour={labelColour(keyword)} />
      ))}
    </span>
  );
}

function Marks({ facts }: LineProps) {
  return (
    <span class="row-marks">
      {facts.trouble && (
        <span class={`row-trouble row-${facts.trouble}`} title={t(`list.mark.${facts.trouble}`)}>
          <Icon name={facts.trouble === 'failed' ? 'triangle-alert' : 'clock-alert'} />
        </span>
      )}
      {facts.isFirst && (
        <span class="row-first" title={t('list.mark.first')}>
          <Icon name="user-plus" />
        </span>
      )}
      {facts.cameBack && <Icon name="clock" />}
      {(facts.isUnanswered || facts.remindsAt) && <span class="row-reminder" title={reminderWords(facts)}><Icon name="bell" /></span>}
      {facts.isMuted && <Icon name="bell-off" />}
      {facts.isPinned && <Icon name="pin" />}
      {facts.isAnswered ? <Icon name="reply" /> : facts.isForwarded && <Icon name="forward" />}
      {facts.hasInvitation && <Icon name="calendar" />}
      {facts.hasAttachment && <Icon name="paperclip" />}
    </span>
  );
}

function Time({ facts, day }: LineProps) {
  // "Yesterday" says it without the day of the week.
  const isInstead = day !== '' && daysBefore(facts.date, now.value) === 1;
  return (
    <>
      {day !== '' && !isInstead && <span class="row-day">{day}</span>}
      <time class="row-time" dateTime={Number.isNaN(facts.date.getTime()) ? undefined : facts.date.toISOString()}>
        {isInstead ? day : shortDate(facts.date, now.value)}
      </time>
    </>
  );
}

/** Shown while the mouse is over the row; the keyboard has keys for them, a screen reader the menu. */
function RowActs({ facts }: { facts: RowFacts }) {
  return (
    <span class="row-acts" aria-hidden="true">
      <span class="row-act" data-act="archive" data-tip={t('action.mail.archive')} data-tip-keys="e">
        <Icon name="archive" />
      </span>
      <span class="row-act" data-act="trash" data-tip={t('action.mail.trash')} data-tip-keys="#">
        <Icon name="trash" />
      </span>
      <span
        class="row-act"
        data-act="read"
        data-tip={t(facts.isUnread ? 'action.mail.read' : 'action.mail.unread')}
        data-tip-keys={facts.isUnread ? 'Shift+I' : 'Shift+U'}
      >
        <Icon name={facts.isUnread ? 'mail-open' : 'mail'} />
      </span>
    </span>
  );
}

export function groupOf(email: EmailRow): DayGroup {
  const pinned = !pane.list.peek()?.parts[0]?.query.sort.every((one) => one.property === 'receivedAt') && isPinned(email);
  return pinned ? PINNED : dayGroup(new Date(listDate(email)), now.value);
}

function isPinned(email: EmailRow): boolean {
  const thread = mail().threads.peek(email.threadId);
  return (thread?.emailIds ?? [email.id]).some((id) => '$pinned' in (mail().emails.peek(id)?.keywords ?? {}));
}

export function groupWords(group: DayGroup): string {
  return group.words ? t(`list.group.${group.words}`) : group.text;
}

function reminderWords(facts: RowFacts): string {
  if (facts.isUnanswered) return t('reminder.isUnanswered');
  return facts.remindsAt ? t('reminder.at', { when: comingDate(facts.remindsAt) }) : '';
}

/** "unread, Anna Petrova, Budget for May, 14:32, has attachment". */
export function spokenRow(facts: RowFacts, showsFolders: boolean, account?: string): string {
  const people = facts.people.map((person) => (person.isMe ? t('list.me') : person.name)).join(t('list.comma'));
  const folders = showsFolders ? facts.mailboxIds.flatMap((id) => mail().mailboxes.peek(id) ?? []).map(mailboxName) : [];
  const parts = [
    facts.isUnread && t('list.spoken.unread'),
    facts.isPinned && t('list.spoken.pinned'),
    facts.isStarred && t('list.spoken.starred'),
    facts.areRecipients ? t('list.spoken.to', { people: people || t('list.nobody') }) : people || t('list.noSender'),
    facts.count > 1 && t('list.spoken.count', { count: facts.count }),
    facts.subject || t('list.noSubject'),
    shortDate(facts.date, now.peek()),
    facts.trouble && t(`list.mark.${facts.trouble}`),
    facts.isFirst && t('list.mark.first'),
    facts.cameBack && t('list.cameBack'),
    reminderWords(facts),
    facts.hasDraft && t('list.spoken.draft'),
    facts.isAnswered && t('list.spoken.answered'),
    facts.isForwarded && t('list.spoken.forwarded'),
    facts.hasInvitation && t('list.spoken.invitation'),
    facts.hasAttachment && t('list.spoken.attachment'),
    facts.isMuted && t('list.spoken.muted'),
    ...facts.labels.map(labelOfKeyword),
    ...folders,
    account,
  ];
  return parts.filter(Boolean).join(', ');
}
