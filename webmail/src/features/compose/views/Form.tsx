/** The mail as it is written, whatever holds it: fields, text, files, and what is done with it. */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { currentLanguage, t } from '../../../base/words.ts';
import { focusWhatIsLeft } from '../../../frame/focus.ts';
import { mail } from '../../../model/current.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { askYes } from '../../../ui/Dialog.tsx';
import { openMenu, type MenuItem } from '../../../ui/Menu.tsx';
import { sendersOf, type Composer } from '../composer.ts';
import { active, composers, discard, identityName, MODE, remember } from '../composers.ts';
import { maskedItems } from '../masked.ts';
import { fromOf } from '../draft/email.ts';
import { writePerson } from '../draft/people.ts';
import { stopTyping } from '../early.ts';
import { failing } from '../recipients.ts';
import { forgetsFile, maxDelay, sendComposer } from '../sending.ts';
import { templateItems } from '../templates.ts';
import { Attachments } from './Attachments.tsx';
import { Body } from './Body.tsx';
import { laterTimes } from '../times.ts';
import { askTime } from './later.tsx';
import { Recipients } from './Recipients.tsx';
import { ReminderChip, reminderItems } from './reminder.tsx';

/** Asks what should be asked once, then sends. Its answer: whether it was sent. */
export async function sendAsking(composer: Composer, until: Date | null = null): Promise<void> {
  if (composer.hindrance() === null) {
    if (forgetsFile(composer) && !(await askYes({ title: t('compose.forgotten.title'), text: t('compose.forgotten.text'), ok: t('compose.forgotten.ok'), cancel: t('compose.forgotten.cancel') }))) return;
    const lost = failing(composer);
    const who = new Intl.ListFormat(currentLanguage()).format(lost);
    if (lost.length && !(await askYes({ title: t('compose.failing.title'), text: t('compose.failing.text', { who }), ok: t('compose.failing.ok'), cancel: t('compose.forgotten.cancel') }))) return;
    const { subject } = composer.draft.peek();
    if (!subject.trim() && !(await askYes({ title: t('compose.noSubject.title'), text: t('compose.noSubject.text'), ok: t('compose.noSubject.ok'), cancel: t('compose.forgotten.cancel') }))) return;
  }
  await sendComposer(composer, until);
}

/** What a form stands in, with its title and the buttons beside it: keys mean the same in all of it. */
export function windowOf(composer: Composer) {
  return { 'data-composer': composer.key, onFocusIn: () => void (active.value = composer) };
}

export function Form({ composer }: { composer: Composer }) {
  const root = useRef<HTMLDivElement>(null);
  const over = useSignal(false);
  const subject = useRef<HTMLInputElement>(null);
  const tools = useSignal(true);
  const { to, cc, bcc } = composer.draft.value;
  const { shows } = composer;
  const begun = useRef(to.length > 0);
  const focusesText = begun.current && (composer.draft.peek().subject !== '' || composer.draft.peek().answers !== null);

  useEffect(() => {
    if (!focusesText) stopTyping(composer.key);
    if (!begun.current) root.current?.querySelector<HTMLInputElement>('[data-field=to] input')?.focus();
    else if (!composer.draft.peek().subject && composer.draft.peek().quote === null && !composer.draft.peek().answers) subject.current?.focus();
  }, []);
  useLayoutEffect(() => () => {
    const hadFocus = document.activeElement?.closest('[data-composer]')?.contains(root.current);
    if (hadFocus && !composers.peek().includes(composer)) focusWhatIsLeft();
  }, []);
  const show = (field: 'cc' | 'bcc') => {
    shows.value = { ...shows.peek(), [field]: true };
    requestAnimationFrame(() => root.current?.querySelector<HTMLInputElement>(`[data-field=${field}] input`)?.focus());
  };

  return (
    <div
      ref={root}
      class={`compose-form${over.value ? ' compose-form-over' : ''}`}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={(event) => event.target === event.currentTarget && (over.value = false)}
      onDrop={(event) => {
        over.value = false;
        if (!event.dataTransfer?.files.length) return;
        event.preventDefault();
        composer.addFiles([...event.dataTransfer.files]);
      }}
    >
      {composer.conflict.value && <p class="compose-note" role="status">{t('compose.conflict')}</p>}
      <From composer={composer} />
      <Recipients composer={composer} field="to" label={t('compose.to')}>
        <span class="compose-more-fields">
          {!shows.value.cc && <button type="button" class="compose-link" tabIndex={-1} aria-keyshortcuts="Control+Shift+C" onClick={() => show('cc')}>{t('compose.cc')}</button>}
          {!shows.value.bcc && <button type="button" class="compose-link" tabIndex={-1} aria-keyshortcuts="Control+Shift+B" onClick={() => show('bcc')}>{t('compose.bcc')}</button>}
        </span>
      </Recipients>
      {(shows.value.cc || cc.length > 0) && <Recipients composer={composer} field="cc" label={t('compose.cc')} />}
      {(shows.value.bcc || bcc.length > 0) && <Recipients composer={composer} field="bcc" label={t('compose.bcc')} />}
      <div class="compose-line">
        <label class="compose-label" for={`subject-${composer.key}`}>{t('compose.subject')}</label>
        <input
          ref={subject}
          id={`subject-${composer.key}`}
          class="compose-subject"
          type="text"
          autocomplete="off"
          maxLength={900}
          value={composer.draft.value.subject}
          onInput={(event) => composer.change({ subject: event.currentTarget.value })}
        />
      </div>
      <Body composer={composer} toolbar={tools.value} focuses={focusesText} />
      <Attachments composer={composer} />
      <ReminderChip composer={composer} />
      {composer.problem.value && <p class="compose-problem" role="alert">{composer.problem.value}</p>}
      <Foot composer={composer} tools={tools.value} setTools={(on) => (tools.value = on)} />
    </div>
  );
}

function From({ composer }: { composer: Composer }) {
  const { accountId, identityId, fromEmail } = composer.draft.value;
  const senders = sendersOf(mail(), accountId);
  const sender = senders.find((s) => s.id === identityId);
  const shown = writePerson(fromOf(composer.draft.value, sender));
  if (senders.length < 2 && !fromEmail) return null;
  const choose = (event: MouseEvent) => {
    const items: MenuItem[] = senders.map((s) => ({
      id: s.id,
      words: writePerson({ name: s.name || null, email: s.email }),
      checked: s.id === identityId && !fromEmail,
      run: () => {
        composer.setSender(s.id, null);
        remember(identityName(accountId), s.id);
      },
    }));
    if (fromEmail) items.unshift({ id: 'this', words: shown, checked: true, run: () => undefined });
    openMenu(event.currentTarget as Element, items, { label: t('compose.from') });
  };
  return (
    <div class="compose-line">
      <span class="compose-label" id={`from-${composer.key}`}>{t('compose.from')}</span>
      <button type="button" class="compose-from" aria-labelledby={`from-${composer.key}`} aria-description={shown} aria-haspopup="menu" onClick={choose}>{shown}</button>
    </div>
  );
}

function SaveState({ composer }: { composer: Composer }) {
  if (composer.leaves.value) return <span class="compose-state" role="status">{t('compose.leaves')}</span>;
  const state = composer.state.value;
  // Without a connection the layer keeps what it will bring to the server later.
  const key = state === 'saved' && mail().status.value.connection !== 'offline' ? 'compose.saved' : state === 'local' || state === 'saving' || state === 'saved' ? 'compose.savedHere' : state === 'failed' ? 'compose.notSaved' : '';
  return <span class={`compose-state${state === 'failed' ? ' compose-state-failed' : ''}`} role="status">{key && t(key)}</span>;
}

function Foot({ composer, tools, setTools }: { composer: Composer; tools: boolean; setTools(on: boolean): void }) {
  const picker = useRef<HTMLInputElement>(null);
  const { accountId, mode } = composer.draft.value;
  const later = (event: MouseEvent) => {
    const longest = maxDelay(accountId);
    const items: MenuItem[] = laterTimes(new Date(), currentLanguage()).filter(({ date }) => date.getTime() - Date.now() < longest * 1_000).map(({ name, date, shown }) => ({ id: name, words: t(`compose.later.${name}`), keys: shown, run: () => void sendAsking(composer, date) }));
    items.push({ separator: 'own' }, { id: 'own', words: t('compose.later.own'), icon: 'calendar', run: () => void askTime(longest).then((date) => date && sendAsking(composer, date)) });
    items.push(...reminderItems(composer, event.currentTarget as Element));
    openMenu(event.currentTarget as Element, items, { label: t('compose.later') });
  };
  const more = async (event: MouseEvent) => {
    const anchor = event.currentTarget as Element;
    const items: MenuItem[] = [
      { id: 'mode', words: t(mode === 'plain' ? 'compose.rich' : 'compose.plain'), icon: 'file-text', run: () => {
        composer.setMode(mode === 'plain' ? 'rich' : 'plain');
        remember(MODE, composer.draft.peek().mode);
      } },
      ...maskedItems(composer),
      { separator: 'templates' },
      ...(await templateItems(composer)),
    ];
    openMenu(anchor, items, { label: t('compose.more'), align: 'end' });
  };
  const template = composer.draft.value.template;
  return (
    <div class="compose-foot">
      {template ? (
        <span class="compose-template">{t('compose.template.editing')}</span>
      ) : (
        <span class="compose-send">
          <Button kind="primary" icon="send" keys="Ctrl+Enter" onClick={() => void sendAsking(composer)}>{t('compose.send')}</Button>
          {maxDelay(accountId) > 60 && <IconButton class="compose-later" icon="clock" label={t('compose.later')} popup="menu" onClick={later} />}
        </span>
      )}
      <IconButton icon="paperclip" label={t('compose.attach')} keys="Ctrl+Shift+A" onClick={() => picker.current?.click()} />
      {mode === 'rich' && <IconButton icon="type" label={t('compose.tools')} pressed={tools} onClick={() => setTools(!tools)} />}
      <IconButton icon="ellipsis" label={t('compose.more')} popup="menu" onClick={(event) => void more(event)} />
      <SaveState composer={composer} />
      <IconButton icon="trash" label={t('compose.discard')} onClick={() => void discard(composer)} />
      <input
        ref={picker}
        type="file"
        class="compose-picker"
        hidden
        multiple
        aria-label={t('compose.attach')}
        onChange={(event) => {
          composer.addFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}
