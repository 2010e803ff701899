/** The open conversation: its subject, its messages, what can be done with it. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { actions, isPossible, nameOf as actionName, version } from '../../actions/registry.ts';
import { isLabelKeyword, labelOfKeyword } from '../../base/labels.ts';
import { t } from '../../base/words.ts';
import { placeOfLabel } from '../../frame/labels.ts';
import { go, place } from '../../frame/router.ts';
import { componentsOf } from '../../frame/slots.ts';
import { layout } from '../../frame/view.ts';
import type { Id } from '../../jmap/types.ts';
import { setLabel } from '../../model/acts.ts';
import { mail, pane } from '../../model/current.ts';
import { labelColour, sortLabels } from '../../model/labels.ts';
import { openMessage } from '../../model/reading.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { LabelChip } from '../../ui/LabelChip.tsx';
import { openMenu, type MenuItem } from '../../ui/Menu.tsx';
import { afterPaint } from '../../ui/paint.ts';
import { bareSubject } from './facts.ts';
import { FoldedMessage, Message } from './message.tsx';
import { ConversationView, shownConversation } from './view.ts';

/** More folded messages in a row than this become one line that says how many there are. */
const FOLDED_MAX = 4;

export function Conversation({ threadId }: { threadId: Id }) {
  const view = useMemo(() => new ConversationView(threadId), [threadId]);
  useLayoutEffect(() => {
    shownConversation.value = view;
    return () => {
      view.end();
      if (shownConversation.peek() === view) shownConversation.value = undefined;
    };
  }, [view]);
  const loading = view.loading.value;
  const ids = view.ids();
  /* With rows from the list there is something to show while the bodies come. */
  if (ids.length === 0 && loading === 'loading') return <Waiting />;
  if (ids.length === 0) return <Problem view={view} />;
  return (
    <article class="conversation" aria-labelledby="conversation-subject">
      <Head view={view} ids={ids} />
      {/* The head is changed in place; messages begin anew. */}
      <Messages key={threadId} view={view} ids={ids} />
    </article>
  );
}

function Waiting() {
  return (
    <div class="conversation-waiting" role="status" aria-label={t('reading.loading')}>
      <span class="skeleton-bar skeleton-short" />
      <span class="skeleton-bar" />
      <span class="skeleton-bar" />
      <span class="skeleton-bar skeleton-short" />
    </div>
  );
}

function Problem({ view }: { view: ConversationView }) {
  const what = view.loading.value;
  return (
    <div class="conversation-problem" role="alert">
      <p>{t(what === 'gone' ? 'reading.gone' : what === 'offline' ? 'reading.offline' : 'reading.failed')}</p>
      {what === 'gone' ? <Button onClick={toList}>{t('reading.back')}</Button> : <Button onClick={() => void view.load()}>{t('reading.tryAgain')}</Button>}
    </div>
  );
}

function toList(): void {
  const here = place.peek();
  if (here.kind === 'folder' || here.kind === 'search') go({ ...here, thread: undefined });
}

/** What stands above a conversation, by the table of actions: what no feature offers is not there. */
export const TOOLS = ['mail.archive', 'mail.toInbox', 'mail.junk', 'mail.notJunk', 'mail.trash', 'mail.destroy', 'mail.snooze', 'mail.move', 'mail.label', 'mail.unread'];
/* In the menu, too: where there is little room, the first and the third tool are all that is shown. */
const ALWAYS = new Set(['mail.archive', 'mail.trash', 'mail.destroy']);
export const MORE = [
  'mail.junk', 'mail.notJunk', 'mail.snooze', 'mail.cancelReminder', 'mail.move', 'mail.label', 'mail.unread', '', 'mail.star', 'mail.pin', 'mail.mute', '', 'reading.openAll', 'reading.foldAll', 'reading.colours', 'reading.print', '', 'reading.original', 'reading.download', 'reading.saveAll', '',
  'reading.unsubscribe', 'reading.block', 'rules.fromMessage', 'reading.why', 'reading.trace',
];

function Head({ view, ids }: { view: ConversationView; ids: readonly Id[] }) {
  const store = mail();
  version.value;
  const first = store.emails.of(ids[0]!).value;
  const subject = bareSubject(first?.subject);
  const more = (event: MouseEvent): void => {
    const items = MORE.flatMap((id, i): MenuItem[] => {
      if (!id) return [{ separator: String(i) }];
      const action = actions.get(id);
      if (!action || action.possible?.() === false) return [];
      return [{ id, words: t(actionName(action)), icon: action.icon, keys: action.keys?.[0], run: () => void actions.run(id) }];
    });
    openMenu(event.currentTarget as Element, items, { label: t('reading.more'), align: 'end' });
  };
  return (
    <header class="conversation-head">
      {layout.value.reading === 'over' && <IconButton icon="arrow-left" label={t('reading.back')} keys="u" onClick={toList} />}
      <div class="conversation-title">
        <h1 id="conversation-subject" dir="auto" title={subject}>
          {subject}
        </h1>
        <Labels key={view.threadId} view={view} ids={ids} />
        {view.loading.value === 'offline' && <span class="conversation-note">{t('reading.partOffline')}</span>}
      </div>
      <div class="conversation-tools" role="toolbar" aria-label={t('reading.tools')}>
        {TOOLS.map((id) => {
          const action = actions.get(id);
          if (!action || action.possible?.() === false) return null;
          return <IconButton key={id} class={ALWAYS.has(id) ? '' : 'tool-wide'} icon={action.icon ?? 'circle'} label={t(actionName(action))} keys={action.keys?.[0]} onClick={() => void actions.run(id)} />;
        })}
        <IconButton icon="ellipsis" label={t('reading.more')} popup="menu" onClick={more} />
      </div>
    </header>
  );
}

/** More than anybody takes in at a glance; the others are shown when they are asked for, and leave the mail its place. */
const LABELS_SHOWN = 6;

/** Each leads to its mail, and is taken off here alone. */
function Labels({ view, ids }: { view: ConversationView; ids: readonly Id[] }) {
  const all = useSignal(false);
  const keywords = sortLabels([...new Set(ids.flatMap((id) => Object.keys(mail().emails.of(id).value?.keywords ?? {})))].filter(isLabelKeyword));
  const shown = all.value || keywords.length <= LABELS_SHOWN + 1 ? keywords : keywords.slice(0, LABELS_SHOWN);
  const within = <T,>(run: () => T): T => pane.withTargets([view.threadId], run);
  const label = actions.get('mail.label');
  const mayTakeOff = label !== undefined && within(() => isPossible(label));
  const showAll = (event: MouseEvent) => {
    const title = (event.currentTarget as Element).parentElement;
    all.value = true;
    // The button goes: the focus stays among the labels.
    afterPaint(() => title?.querySelectorAll<HTMLElement>('.label-chip-name')[LABELS_SHOWN]?.focus());
  };
  return (
    <>
      {shown.map((keyword) => {
        const name = labelOfKeyword(keyword);
        return (
          <LabelChip
            key={keyword}
            name={name}
            colour={labelColour(keyword)}
            words={t('labels.show', { name })}
            onClick={() => go(placeOfLabel(keyword))}
            removeWords={mayTakeOff ? t('labels.takeOff', { name }) : undefined}
            onRemove={() => void within(() => setLabel(keyword, false, name))}
          />
        );
      })}
      {shown.length < keywords.length && (
        <button type="button" class="link conversation-labels-more" onClick={showAll}>
          {t('labels.more', { count: keywords.length - shown.length })}
        </button>
      )}
    </>
  );
}

function Messages({ view, ids }: { view: ConversationView; ids: readonly Id[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const placed = useRef(false);
  /* The first that is open is what one came to read: it is painted before those behind it. */
  const all = useSignal(false);
  useEffect(() => afterPaint(() => (all.value = true)), []);
  useSignalEffect(() => {
    if (view.loading.value !== 'shown' || !all.value || placed.current) return;
    placed.current = true;
    const box = scroller.current;
    const first = box?.querySelector<HTMLElement>('.message');
    if (box && first && box.querySelector('.message-folded')) box.scrollTop = Math.max(0, first.offsetTop - 48);
  });
  const items: (Id | { older: number })[] = [];
  let folded: Id[] = [];
  const flush = (): void => {
    if (folded.length > FOLDED_MAX && !view.olderShown.value) items.push(folded[0]!, { older: folded.length - 2 }, folded.at(-1)!);
    else items.push(...folded);
    folded = [];
  };
  for (const id of ids) {
    if (!view.view(id).open.value) folded.push(id);
    else {
      flush();
      items.push(id);
    }
  }
  flush();
  const first = items.findIndex((item) => typeof item === 'string' && view.view(item).open.value);
  const shown = all.value || first < 0 ? items : items.slice(0, first + 1);
  return (
    <div class="conversation-messages" ref={scroller} tabIndex={0} role="region" aria-label={t('reading.messages')} data-scrolls>
      {shown.map((item) =>
        typeof item !== 'string' ? (
          <button key="older" type="button" class="messages-older" onClick={() => (view.olderShown.value = true)}>
            {t('reading.older', { count: item.older })}
          </button>
        ) : view.view(item).open.value ? (
          <Message key={item} id={item} view={view} isCurrent={openMessage.value === item} />
        ) : (
          <FoldedMessage key={item} id={item} view={view} />
        ),
      )}
      {all.value && componentsOf('conversationFoot').map((Component, i) => <Component key={i} threadId={view.threadId} />)}
    </div>
  );
}
