/** The list: its head, its rows, and what stands there when there are none. */
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { actions } from '../../actions/registry.ts';
import { sayNumber, t } from '../../base/words.ts';
import { place } from '../../frame/router.ts';
import { ROW_HEIGHTS } from '../../frame/theme.ts';
import { layout } from '../../frame/view.ts';
import { mail, pane } from '../../model/current.ts';
import { troubles } from '../../model/deliveries.ts';
import type { RowList } from '../../model/merged.ts';
import { parseSearch } from '../../model/search.ts';
import { setting } from '../../model/settings.ts';
import { ownAddresses } from '../../model/target.ts';
import { Button } from '../../ui/Button.tsx';
import { SkeletonRows } from '../../ui/Skeleton.tsx';
import { VirtualList, type VirtualListHandle } from '../../ui/VirtualList.tsx';
import { Spoken } from './arrivals.tsx';
import { isMissing, isSearch, isUnified, listName, mailbox, searchWords } from './current.ts';
import { Empty } from './Empty.tsx';
import { Head } from './Head.tsx';
import { rowEvents } from './mouse.ts';
import { setHandle } from './move.ts';
import { groupOf, groupWords, Hole, Row } from './Row.tsx';
import { touchEvents } from './touch.ts';

export function ListView() {
  const list = pane.list.value;
  return (
    <>
      <Head />
      <Spoken list={list} />
      {list ? <Rows key={listKey(list)} list={list} /> : asksNothing() ? <Empty /> : isMissing.value ? <Missing /> : <SkeletonRows rows={8} label={t('list.loading')} />}
    </>
  );
}

/** A search for "from:" alone is for nothing. */
function asksNothing(): boolean {
  const here = place.value;
  return here.kind === 'search' && parseSearch(here.text).length === 0;
}

const keys = new WeakMap<RowList, number>();
let made = 0;
function listKey(list: RowList): number {
  let key = keys.get(list);
  if (key === undefined) keys.set(list, (key = ++made));
  return key;
}

function Missing() {
  return (
    <div class="list-empty" role="status">
      <h2>{t('list.noFolder')}</h2>
      <p>{t('list.noFolderText')}</p>
      <Button onClick={() => actions.run('go.inbox')}>{t('action.go.inbox')}</Button>
    </div>
  );
}

function Rows({ list }: { list: RowList }) {
  const version = list.version.value;
  const total = list.total.value;
  const top = useSignal(list.top);
  const handle = useRef<VirtualListHandle | null>(null);
  const phone = layout.value.isPhone;
  const density = setting('density').value;
  const rowHeight = ROW_HEIGHTS[phone && density === 'one' ? 'two' : density];
  const mine = useComputed(() => ownAddresses(mail()));
  const role = mailbox.value?.role;
  const context = useMemo(
    () => ({ mine: mine.value, showRecipients: role === 'sent' || role === 'drafts' || role === 'scheduled', troubles: troubles.value }),
    [mine.value, role, troubles.value],
  );
  const words = searchWords.value;
  const showsFolders = isSearch.value;
  const names = isUnified.value ? 'all' : list.parts.length > 1 ? 'others' : 'none';
  const stamp = useMemo(() => ({}), [context, words, showsFolders, names, list]);

  useEffect(() => void list.want(list.top, list.top + 1), [list]);
  useSignalEffect(() => {
    const key = pane.focused.value;
    if (key === undefined) return;
    const at = list.positionOfKey(key);
    if (at >= 0) handle.current?.show(at);
  });
  const active = useComputed(() => (pane.focused.value === undefined ? undefined : `row-${pane.focused.value}`));

  if (total === undefined) return list.failed.value ? <Failed list={list} /> : <SkeletonRows rows={10} label={t('list.loading')} />;
  if (total === 0) return <Empty />;
  return (
    <>
      <Status list={list} top={top.value} total={total} />
      {list.failed.value && <Failed list={list} />}
      <VirtualList
        class="list"
        count={total}
        rowHeight={rowHeight}
        version={version}
        start={list.top}
        stamp={stamp}
        keyOf={(index) => list.keyAt(index)}
        indexOf={(key) => list.positionOfKey(key)}
        want={(from, to) => void list.want(from, to)}
        top={(index) => {
          list.top = index;
          top.value = index;
        }}
        row={(index) => {
          const id = list.at(index);
          return id === undefined ? (
            <Hole index={index} />
          ) : (
            <Row
              id={id}
              index={index}
              before={index > 0 ? list.at(index - 1) : undefined}
              context={context}
              showsFolders={showsFolders}
              namesAccounts={names}
              words={words}
            />
          );
        }}
        handle={(one) => {
          handle.current = one;
          setHandle(one);
        }}
        attributes={{
          role: 'grid',
          tabIndex: 0,
          'aria-label': listName(),
          'aria-rowcount': total,
          'aria-multiselectable': true,
          'aria-activedescendant': active.value,
          'data-list': true,
          ...rowEvents,
          ...(phone ? touchEvents : {}),
        }}
      />
    </>
  );
}

/** The day of the first row that is seen, and how many there are. */
function Status({ list, top, total }: { list: RowList; top: number; total: number }) {
  const id = list.at(top);
  const email = id === undefined ? undefined : mail().emails.of(id).value;
  const group = email && groupOf(email);
  return (
    <>
      {isSearchedHere() && <p class="list-here">{t('list.searchedHere')}</p>}
      <div class="list-status">
        <span>{group && groupWords(group)}</span>
        {pane.selecting.value && !pane.everything.value && total > pane.selected.value.size && (
          <button type="button" class="list-all" onClick={() => pane.selectEverything()}>
            {t('list.selectAll', { number: sayNumber(total) })}
          </button>
        )}
        <span class="list-total">{t(isSearch.value ? 'list.found' : 'list.total', { count: total, number: sayNumber(total) })}</span>
      </div>
    </>
  );
}

/** A search without a network finds what this browser keeps. */
function isSearchedHere(): boolean {
  return isSearch.value && mail().status.value.connection === 'offline';
}

function Failed({ list }: { list: RowList }) {
  return (
    <div class="list-failed" role="alert">
      <p>{t(isSearchedHere() ? 'list.failedHere' : 'list.failed')}</p>
      <Button
        icon="refresh-cw"
        onClick={() => {
          list.failed.value = false;
          void list.want(list.top, list.top + 30);
        }}
      >
        {t('frame.tryAgain')}
      </Button>
    </div>
  );
}
