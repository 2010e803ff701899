/** With whom a folder is shared: who has it, with which rights in words; one more; and back. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../../base/words.ts';
import type { Id, Mailbox } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { mailboxName } from '../../model/mailboxes.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { type Level, LEVELS, type Principal, type Rights, findPrincipals, levelOf, principalsOf, rightsOf, share } from './api.ts';

/** Between two letters that somebody types, the server is not asked. */
const PAUSE_MS = 150;

export function openSharing(mailbox: Mailbox): void {
  openOverlay('dialog', (self) => <ShareDialog id={mailbox.id} close={self.close} />);
}

function ShareDialog({ id, close }: { id: Id; close(): void }) {
  const mailbox = mail().mailboxes.of(id);
  const known = useSignal<ReadonlyMap<Id, Principal>>(new Map());
  const failed = useSignal(false);
  const ids = Object.keys(mailbox.value?.shareWith ?? {});
  useEffect(() => {
    const unknown = ids.filter((one) => !known.peek().has(one));
    principalsOf(unknown).then(
      (list) => (known.value = new Map([...known.peek(), ...list.map((one) => [one.id, one] as const)])),
      () => (failed.value = true),
    );
  }, [ids.join()]);
  const now = mailbox.value;
  if (!now) return null;
  const nameOf = (one: Id): Principal => known.value.get(one) ?? { id: one, type: 'individual', name: '…', email: null };
  return (
    <Dialog title={t('sharing.title', { name: mailboxName(now) })} class="sharing-dialog" close={close}>
      <Add mailbox={now} taken={new Set(ids)} learn={(one) => (known.value = new Map([...known.peek(), [one.id, one]]))} />
      {failed.value && <p role="alert" class="field-wrong">{t('sharing.cannotLoad')}</p>}
      {ids.length === 0 ? (
        <p class="dialog-text">{t('sharing.nobody')}</p>
      ) : (
        <ul class="set-list" aria-label={t('sharing.who')}>
          {ids.map((one) => <Row key={one} mailbox={now} who={nameOf(one)} rights={now.shareWith![one]!} />)}
        </ul>
      )}
      <div class="dialog-buttons"><Button kind="primary" onClick={close}>{t('settings.done')}</Button></div>
    </Dialog>
  );
}

function Row({ mailbox, who, rights }: { mailbox: Mailbox; who: Principal; rights: Rights }) {
  const level = levelOf(rights);
  return (
    <li class="set-item sharing-row">
      <Icon name={who.type === 'group' ? 'users' : 'user'} />
      <span class="set-item-words"><strong><bdi>{who.name}</bdi></strong></span>
      <select class="field-input" aria-label={t('sharing.rightsOf', { who: who.name })} value={level ?? 'other'} onChange={(event) => void share(mailbox, who, rightsOf(event.currentTarget.value as Level))}>
        {LEVELS.map((one) => <option key={one} value={one}>{t(`sharing.level.${one}`)}</option>)}
        {!level && <option value="other" disabled>{t('sharing.level.other')}</option>}
      </select>
      <IconButton icon="x" label={t('sharing.takeBack', { who: who.name })} onClick={() => void share(mailbox, who, null)} />
    </li>
  );
}

function Add({ mailbox, taken, learn }: { mailbox: Mailbox; taken: ReadonlySet<Id>; learn(who: Principal): void }) {
  const text = useSignal('');
  const found = useSignal<Principal[] | undefined>(undefined);
  const timer = useRef(0);
  const asked = useRef(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = (value: string) => {
    text.value = value;
    clearTimeout(timer.current);
    const number = ++asked.current;
    if (value.trim() === '') {
      found.value = undefined;
      return;
    }
    timer.current = window.setTimeout(() => {
      findPrincipals(value.trim()).then(
        (list) => number === asked.current && (found.value = list),
        () => number === asked.current && (found.value = []),
      );
    }, PAUSE_MS);
  };
  const add = (who: Principal) => {
    learn(who);
    look('');
    input.current?.focus();
    void share(mailbox, who, rightsOf('read'));
  };
  const free = found.value?.filter((one) => !taken.has(one.id));
  return (
    <div class="field sharing-add">
      <label class="field-label" for={id}>{t('sharing.add')}</label>
      <input ref={input} id={id} class="field-input" type="text" autocomplete="off" spellcheck={false} value={text.value} placeholder={t('sharing.find')} onInput={(event) => look(event.currentTarget.value)} />
      {free && free.length > 0 && (
        <ul class="sharing-found" aria-label={t('sharing.found')}>
          {free.map((who) => (
            <li key={who.id}>
              <Button kind="quiet" icon={who.type === 'group' ? 'users' : 'user-plus'} onClick={() => add(who)}>{who.name}</Button>
            </li>
          ))}
        </ul>
      )}
      {free && free.length === 0 && <p class="set-text" role="status">{t('sharing.none')}</p>}
    </div>
  );
}
