/** The page of masked addresses: made here, noted whom each is for, turned off and on. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { shortDate, wholeDate } from '../../base/dates.ts';
import { t } from '../../base/words.ts';
import { changeMasked, loadMasked, makeMasked, type MaskedEmail, maskedEmails } from '../../model/masked.ts';
import { say } from '../../model/undo.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { askText } from '../../ui/Dialog.tsx';

async function copy(email: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(email);
    say(t('masked.copied', { address: email }));
  } catch {
    say(t('masked.notCopied'), true);
  }
}

/** "https://www.shop.example/login" is for shop.example; what is no domain is a note. */
export function purposeOf(text: string): Pick<MaskedEmail, 'forDomain' | 'description'> {
  const host = /^(?:https?:\/\/)?(?:www\.)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[/?#:].*)?$/i.exec(text.trim())?.[1];
  return host ? { forDomain: host.toLowerCase(), description: '' } : { forDomain: '', description: text.trim() };
}

async function add(): Promise<void> {
  const text = await askText({ title: t('masked.new'), text: t('masked.newText'), label: t('masked.for'), value: '', ok: t('masked.make'), cancel: t('settings.cancel') });
  const made = text === undefined ? undefined : await makeMasked(purposeOf(text));
  if (made) await copy(made.email);
}

async function note(one: MaskedEmail): Promise<void> {
  const text = await askText({ title: one.email, label: t('masked.for'), value: one.forDomain || one.description, ok: t('rules.keep'), cancel: t('settings.cancel') });
  if (text !== undefined) await changeMasked(one.id, purposeOf(text), t('masked.noted', { address: one.email }));
}

export function Masked() {
  const failed = useSignal(false);
  const load = () => void loadMasked().then(() => (failed.value = false), () => (failed.value = true));
  useEffect(load, []);
  const all = maskedEmails.value;
  if (failed.value) return <p role="alert">{t('settings.cannotLoad')} <Button onClick={load}>{t('settings.tryAgain')}</Button></p>;
  if (!all) return null;
  const shown = all.filter((one) => one.state !== 'deleted');
  return (
    <>
      <p class="set-text">{t('masked.text')}</p>
      <div class="set-buttons masked-new"><Button kind="primary" icon="plus" onClick={() => void add()}>{t('masked.new')}</Button></div>
      {shown.length === 0 && <p>{t('masked.none')}</p>}
      <ul class="set-list">{shown.map((one) => <Row key={one.id} one={one} />)}</ul>
      <p class="set-command">{t('settings.command')} <code>postrider alias list</code></p>
    </>
  );
}

function Row({ one }: { one: MaskedEmail }) {
  const isOn = one.state === 'enabled';
  const made = new Date(one.createdAt);
  return (
    <li class="set-item">
      <input
        type="checkbox"
        role="switch"
        class="masked-switch"
        aria-label={t('masked.takes', { address: one.email })}
        checked={isOn}
        onChange={(event) => {
          const on = event.currentTarget.checked;
          void changeMasked(one.id, { state: on ? 'enabled' : 'disabled' }, t(on ? 'masked.on' : 'masked.off', { address: one.email }));
        }}
      />
      <div class="set-item-words">
        <strong class={isOn ? '' : 'masked-off'}>{one.forDomain || one.description || t('masked.nobody')}</strong>
        <span class="set-text">{one.email}</span>
        <span class="set-text">
          {!isOn && <>{t('masked.isOff')} · </>}
          <time dateTime={one.createdAt} title={wholeDate(made)}>{t('masked.made', { when: shortDate(made, new Date()) })}</time>
          {one.lastMessageAt && <> · <time dateTime={one.lastMessageAt} title={wholeDate(new Date(one.lastMessageAt))}>{t('masked.lastMail', { when: shortDate(new Date(one.lastMessageAt), new Date()) })}</time></>}
        </span>
      </div>
      <IconButton icon="copy" label={t('masked.copy', { address: one.email })} onClick={() => void copy(one.email)} />
      <IconButton icon="pencil" label={t('masked.note', { address: one.email })} onClick={() => void note(one)} />
      <IconButton icon="trash" label={t('masked.remove', { address: one.email })} onClick={() => void changeMasked(one.id, { state: 'deleted' }, t('masked.removed', { address: one.email }))} />
    </li>
  );
}
