/** One message of a conversation: a line when it is folded, header and body when it is open. */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { actions, isPossible, nameOf as actionName } from '../../actions/registry.ts';
import { t } from '../../base/words.ts';
import { componentsOf } from '../../frame/slots.ts';
import type { EmailAddress, EmailRow, Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { isWhole, openMessage, writeTo, type WholeEmail } from '../../model/reading.ts';
import { aboutMessage, ownAddresses } from '../../model/target.ts';
import { say } from '../../model/undo.ts';
import { IconButton } from '../../ui/Button.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { openMenu, type MenuItem } from '../../ui/Menu.tsx';
import { Body } from './body.tsx';
import { longDate, nameOf, recipients, shortDate, size } from './facts.ts';
import { Files } from './files.tsx';
import type { ConversationView } from './view.ts';

function When({ at }: { at: string }) {
  const when = new Date(at);
  /* Written out when somebody points at it: a conversation has dozens of dates. */
  const name = (event: PointerEvent): void => {
    (event.currentTarget as HTMLElement).title = longDate(when);
  };
  return (
    <time class="message-when" dateTime={at} onPointerEnter={name}>
      {shortDate(when)}
    </time>
  );
}

export function FoldedMessage({ id, view }: { id: Id; view: ConversationView }) {
  const email = mail().emails.of(id).value;
  if (!email) return null;
  return (
    <button type="button" class="message-folded" aria-expanded={false} onClick={() => void view.open(id)}>
      <span class="message-from" dir="auto">
        {nameOf(email.from?.[0])}
      </span>
      <span class="message-preview" dir="auto">
        {'$draft' in email.keywords && <b class="message-draft">{t('reading.draft')} </b>}
        {email.preview}
      </span>
      {email.hasAttachment && <Icon name="paperclip" />}
      <When at={email.receivedAt} />
    </button>
  );
}

export function Message({ id, view, isCurrent }: { id: Id; view: ConversationView; isCurrent: boolean }) {
  const email = mail().emails.of(id).value;
  const element = useRef<HTMLElement>(null);
  if (!email) return null;
  const shown = view.view(id);
  const whole = isWhole(email) ? email : undefined;
  return (
    <article
      ref={element}
      class={`message${isCurrent ? ' message-current' : ''}`}
      aria-label={t('reading.messageFrom', { name: nameOf(email.from?.[0]), when: shortDate(new Date(email.receivedAt)) })}
      data-message={id}
      onFocusCapture={() => (openMessage.value = id)}
      onPointerDown={() => (openMessage.value = id)}
    >
      <header class="message-head">
        <button type="button" class="message-line" aria-expanded={shown.details.value} onClick={() => (shown.details.value = !shown.details.value)} title={t('reading.details')}>
          <span class="message-from" dir="auto">
            {nameOf(email.from?.[0])}
          </span>
          <span class="message-address">{email.from?.[0]?.name ? email.from[0].email : ''}</span>
          <span class="message-to" dir="auto">
            {whole ? recipients(whole, ownAddresses(mail())) : ''}
          </span>
        </button>
        <When at={email.receivedAt} />
        <MessageTools email={email} view={view} />
      </header>
      {shown.details.value && whole && <Details email={whole} />}
      {whole && componentsOf('messageBanner').map((Component, i) => <Component key={i} email={whole} />)}
      {whole ? <Body email={whole} view={shown} /> : <Pending view={view} id={id} />}
      {whole && <Files email={whole} />}
    </article>
  );
}

/** A message's own menu, in this order; what is not there or not possible is left out. */
export const OF_MESSAGE = [
  ['compose.reply', 'compose.replyAll', 'compose.forward', 'compose.forwardAttached', 'compose.editAsNew'],
  ['reading.star', 'reading.unreadFrom', 'reading.move', 'reading.trash', 'reading.destroy'],
  ['reading.colours', 'reading.original', 'reading.download'],
  ['reading.unsubscribe', 'rules.fromMessage', 'reading.block', 'reading.why', 'reading.trace'],
];

function MessageTools({ email, view }: { email: EmailRow; view: ConversationView }) {
  const about = <T,>(run: () => T): T => {
    openMessage.value = email.id;
    return aboutMessage(email.id, run);
  };
  const reply = actions.get('compose.reply');
  const more = (event: MouseEvent): void => {
    const items = OF_MESSAGE.flatMap((ids, i): MenuItem[] => [
      ...ids.flatMap((id): MenuItem[] => {
        const action = actions.get(id);
        if (!action || !about(() => isPossible(action))) return [];
        return [{ id, words: t(actionName(action)), icon: action.icon, keys: action.keys?.[0], danger: id === 'reading.destroy', run: () => void about(() => actions.run(id)) }];
      }),
      { separator: String(i) },
    ]);
    items.push({ id: 'fold', words: t('reading.fold'), icon: 'chevron-up', keys: undefined, run: () => view.fold(email.id) });
    openMenu(event.currentTarget as Element, items, { label: t('reading.messageMore'), align: 'end' });
  };
  const isDraft = '$draft' in email.keywords;
  return (
    <span class="message-tools">
      {reply && !isDraft && <IconButton icon={reply.icon ?? 'reply'} label={t(actionName(reply))} keys={reply.keys?.[0]} onClick={() => void about(() => actions.run('compose.reply'))} />}
      <IconButton icon="ellipsis-vertical" label={t('reading.messageMore')} popup="menu" onClick={more} />
    </span>
  );
}

function Pending({ view, id }: { view: ConversationView; id: Id }) {
  const state = view.loading.value;
  if (state === 'offline' || state === 'failed') {
    return (
      <p class="message-problem" role="alert">
        {t(state === 'offline' ? 'reading.bodyOffline' : 'reading.bodyFailed')}{' '}
        <button type="button" class="link" onClick={() => void view.open(id)}>
          {t('reading.tryAgain')}
        </button>
      </p>
    );
  }
  return (
    <div class="message-pending" role="status" aria-label={t('reading.loading')}>
      <span class="skeleton-bar" />
      <span class="skeleton-bar" />
      <span class="skeleton-bar skeleton-short" />
    </div>
  );
}

function copy(text: string): void {
  navigator.clipboard.writeText(text).then(
    () => say(t('reading.copied', { text })),
    () => say(t('reading.notCopied'), true),
  );
}

function Address({ address }: { address: EmailAddress }) {
  const whole = address.name ? `${address.name} <${address.email}>` : address.email;
  const menu = (event: MouseEvent): void => {
    const add = actions.get('contacts.add');
    openMenu(
      event.currentTarget as Element,
      [
        { id: 'copy', words: t('reading.copyAddress'), icon: 'copy', run: () => copy(address.email) },
        { id: 'copyWhole', words: t('reading.copyWhole'), icon: 'copy', disabled: !address.name, run: () => copy(whole) },
        { id: 'write', words: t('reading.writeTo'), icon: 'pen-line', run: () => writeTo.emit({ mailto: `mailto:${encodeURIComponent(address.email)}` }) },
        ...(add ? [{ id: 'add', words: t('reading.addContact'), icon: 'user-plus', run: () => void actions.run('contacts.add') }] : []),
      ],
      { label: whole },
    );
  };
  return (
    <button type="button" class="address" aria-haspopup="menu" onClick={menu} dir="auto">
      {address.name && <span>{address.name} </span>}
      <span class="address-mail">{address.email}</span>
    </button>
  );
}

function Details({ email }: { email: WholeEmail }) {
  const rows: [string, ComponentChildren][] = [];
  const people = (key: string, list: EmailAddress[] | null): void => {
    if (list?.length) rows.push([t(key), list.map((one, i) => <Address key={i} address={one} />)]);
  };
  people('reading.from', email.from);
  if (email.sender?.some((one) => !email.from?.some((from) => from.email === one.email))) people('reading.sender', email.sender);
  people('reading.toField', email.to);
  people('reading.cc', email.cc);
  people('reading.bcc', email.bcc);
  people('reading.replyTo', email.replyTo);
  if (email.sentAt) rows.push([t('reading.sent'), longDate(new Date(email.sentAt))]);
  rows.push([t('reading.received'), longDate(new Date(email.receivedAt))]);
  const list = email['header:List-Id:asText'];
  if (list) rows.push([t('reading.list'), <span dir="auto">{list}</span>]);
  if (email.messageId?.[0]) rows.push([t('reading.messageId'), <code>{email.messageId[0]}</code>]);
  rows.push([t('reading.size'), size(email.size)]);
  return (
    <dl class="message-details">
      {rows.map(([name, value]) => (
        <div key={name} class="message-detail">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
