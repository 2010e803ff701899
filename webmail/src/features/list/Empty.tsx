/** A list without rows says why, and what one could do. */
import type { ComponentChildren } from 'preact';
import { t } from '../../base/words.ts';
import { go, place, setupPath } from '../../frame/router.ts';
import { mail } from '../../model/current.ts';
import { mailboxName } from '../../model/mailboxes.ts';
import { writeTo } from '../../model/reading.ts';
import { MEASURES, misread, parseSearch, writeSearch } from '../../model/search.ts';
import { Button } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { chips, isUnified, mailbox } from './current.ts';

export function Empty() {
  const here = mailbox.value;
  if (chips.value.size > 0) {
    return (
      <Notice icon="list-filter" title={t('list.empty.filtered')} text={t('list.empty.filteredText')}>
        <Button onClick={() => (chips.value = new Set())}>{t('list.showAll')}</Button>
      </Notice>
    );
  }
  if (isUnified.value) return <Notice icon="inbox" title={t('list.empty.inboxes')} text={t('list.empty.inboxText')} />;
  if (!here) return <Notice icon="search" title={t('list.empty.search')} text={whyNothing()} />;
  if (here.role === 'inbox') return isNew() ? <FirstRun /> : <Notice icon="inbox" title={t('list.empty.inbox')} text={t('list.empty.inboxText')} />;
  const texts = ['drafts', 'sent', 'junk', 'trash', 'archive', 'snoozed', 'scheduled'];
  return (
    <Notice
      icon="folder"
      title={t('list.empty.folder', { name: mailboxName(here) })}
      text={t(`list.empty.${here.role && texts.includes(here.role) ? here.role : 'other'}`)}
    />
  );
}

function whyNothing(): string {
  const wrong = place.value.kind === 'search' ? misread(parseSearch(place.value.text)) : undefined;
  if (wrong) return t('list.empty.misread', { term: writeSearch([{ ...wrong, isNot: false, isOr: false }]), example: MEASURES[wrong.operator!]! });
  return t(mail().status.value.connection === 'offline' ? 'list.searchedHere' : 'list.empty.searchText');
}

/** Nothing has ever come. Whoever has just written to itself still sees what else to do, until that mail is there. */
function isNew(): boolean {
  return mail()
    .mailboxes.all(mail().mainAccount)
    .every((one) => one.totalEmails === 0 || ['drafts', 'sent', 'scheduled'].includes(one.role ?? ''));
}

function Notice({ icon, title, text, children }: { icon: string; title: string; text: string; children?: ComponentChildren }) {
  return (
    <div class="list-empty" role="status" data-list tabIndex={-1}>
      <Icon name={icon} />
      <h2>{title}</h2>
      <p>{text}</p>
      {children}
    </div>
  );
}

/** Three useful things. */
function FirstRun() {
  const address = mail().layer.session.username;
  return (
    <div class="list-empty" role="status" data-list tabIndex={-1}>
      <Icon name="inbox" />
      <h2>{t('list.first.title')}</h2>
      <p>{t('list.first.text', { address })}</p>
      <div class="list-first">
        <Button icon="pen-line" onClick={() => writeTo.emit({ mailto: `mailto:${encodeURIComponent(address)}` })}>
          {t('list.first.self')}
        </Button>
        <Button icon="upload" onClick={() => go({ kind: 'settings', page: 'transfer' })}>
          {t('list.first.import')}
        </Button>
        <Button icon="smartphone" onClick={() => location.assign(setupPath(address))}>
          {t('list.first.devices')}
        </Button>
      </div>
    </div>
  );
}
