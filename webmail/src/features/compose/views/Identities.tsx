/** Settings: the addresses that one writes from, each with a name and a signature. What is typed is kept at the next pause. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import { again } from '../../../base/again.ts';
import { t } from '../../../base/words.ts';
import type { Id, Identity } from '../../../jmap/types.ts';
import { mail } from '../../../model/current.ts';
import { changePreference } from '../../../model/settings.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { askText } from '../../../ui/Dialog.tsx';
import { identityName, MODE, usualIdentity, usualMode } from '../composers.ts';
import { textOfHtml } from '../draft/html.ts';
import { isAddress, readPeople, writePerson } from '../draft/people.ts';
import { signatureHtml, suggestedSignature } from '../draft/signature.ts';
import type { Person } from '../draft/types.ts';
import type { Editor } from '../editor/editor.ts';
import { changeIdentity, newIdentity, removeIdentity, undone, type Changes } from '../identities.ts';

const PAUSE_MS = 800;

export function IdentitiesPage() {
  const store = mail();
  const accountId = store.mainAccount;
  const all = store.identities.all(accountId);
  const usual = usualIdentity(accountId);
  const add = async () => {
    let made: string | null = null;
    const email = await askText({ title: t('settings.identities.new'), text: t('settings.identities.newText'), label: t('settings.identities.address'), value: '', ok: t('settings.identities.add'), cancel: t('compose.cancel'), wrong: (text) => (isAddress(text) ? undefined : t('compose.recipient.wrong')) });
    if (email) made = await newIdentity(accountId, email, all[0]?.name ?? '');
    problem.value = made ?? '';
  };
  const problem = useSignal('');
  return (
    <div class="settings-part">
      <p class="settings-words">{t('settings.identities.what')}</p>
      {all.map((identity) => (
        <IdentityCard
          // What was undone is shown in the fields.
          key={`${identity.id} ${undone.value}`}
          identity={identity}
          isUsual={usual === identity.id}
          setUsual={() => changePreference<string | null>(store.preferences, identityName(accountId), identity.id, null, t('settings.identities.usualSet', { address: identity.email }))}
          several={all.length > 1}
        />
      ))}
      {problem.value && <p class="compose-problem" role="alert">{problem.value}</p>}
      <Button icon="plus" onClick={() => void add()}>{t('settings.identities.new')}</Button>
      <label class="identity-plain">
        <input type="checkbox" role="switch" checked={usualMode() === 'plain'} onChange={(event) => changePreference<string>(store.preferences, MODE, event.currentTarget.checked ? 'plain' : 'rich', 'rich', t('settings.changed', { name: t('settings.identities.plain'), value: t(event.currentTarget.checked ? 'settings.on' : 'settings.off') }))} /> {t('settings.identities.plain')}
      </label>
    </div>
  );
}

interface CardProps {
  identity: Identity;
  isUsual: boolean;
  several: boolean;
  setUsual(): void;
}

/** Keeps what was typed once somebody pauses or leaves the field. */
function useChange(id: Id): { change(changes: Changes): void; flush(): void } {
  const pending = useRef<Changes>({});
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const flush = () => {
    clearTimeout(timer.current);
    const changes = pending.current;
    pending.current = {};
    if (Object.keys(changes).length) void changeIdentity(id, changes);
  };
  useEffect(() => flush, []);
  return {
    change(changes) {
      pending.current = { ...pending.current, ...changes };
      clearTimeout(timer.current);
      timer.current = setTimeout(flush, PAUSE_MS);
    },
    flush,
  };
}

function IdentityCard({ identity, isUsual, several, setUsual }: CardProps) {
  const id = useId();
  const { change, flush } = useChange(identity.id);
  return (
    <section class="identity" aria-label={identity.email}>
      <header class="identity-head">
        <h3 class="identity-email">{identity.email}</h3>
        {several && (
          <label class="identity-usual"><input type="radio" name="usual-identity" checked={isUsual} onChange={setUsual} /> {t('settings.identities.usual')}</label>
        )}
        {identity.mayDelete && <IconButton icon="trash" label={t('settings.identities.remove', { address: identity.email })} onClick={() => void removeIdentity(identity)} />}
      </header>
      <label class="field" for={`${id}-name`}><span class="field-label">{t('settings.identities.name')}</span></label>
      <input id={`${id}-name`} class="field-input" type="text" autocomplete="name" defaultValue={identity.name} onInput={(event) => change({ name: event.currentTarget.value.trim() })} onBlur={flush} />
      <Addresses label={t('settings.identities.replyTo')} value={identity.replyTo} change={(replyTo) => change({ replyTo })} flush={flush} />
      <Addresses label={t('settings.identities.bcc')} value={identity.bcc} change={(bcc) => change({ bcc })} flush={flush} />
      <Signature identity={identity} change={(htmlSignature) => change({ htmlSignature, textSignature: textOfHtml(htmlSignature) })} flush={flush} />
    </section>
  );
}

function Addresses({ label, value, change, flush }: { label: string; value: Person[] | null; change(people: Person[] | null): void; flush(): void }) {
  const id = useId();
  const wrong = useSignal(false);
  return (
    <>
      <label class="field" for={id}><span class="field-label">{label}</span></label>
      <input
        id={id}
        class="field-input"
        type="text"
        inputMode="email"
        autocomplete="off"
        aria-invalid={wrong.value}
        aria-describedby={wrong.value ? `${id}-wrong` : undefined}
        defaultValue={(value ?? []).map(writePerson).join(', ')}
        onInput={(event) => {
          const { people, rest } = readPeople(event.currentTarget.value);
          wrong.value = rest !== '';
          if (!rest) change(people.length ? people : null);
        }}
        onBlur={flush}
      />
      {wrong.value && <p id={`${id}-wrong`} class="field-wrong">{t('compose.recipient.wrong')}</p>}
    </>
  );
}

function Signature({ identity, change, flush }: { identity: Identity; change(html: string): void; flush(): void }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const failed = useSignal(false);
  useEffect(() => {
    let gone = false;
    let editor: Editor | undefined;
    // What the editor is given to show is no change, whatever it makes of it.
    let shown = '';
    const open = async () => {
      const { Editor: Class } = await again(() => import('../editor/editor.ts'));
      if (gone || !frame.current) return;
      const made = await Class.open(
        frame.current,
        { changed: () => made.html() !== shown && change((shown = made.html())), picture: () => '', files: () => undefined, addressOf: () => null, loadPicture: async () => null, selected: () => undefined },
        t('settings.identities.signature'),
        t('settings.identities.signaturePlaceholder'),
      );
      if (gone) made.close();
      else {
        editor = made;
        made.setHtml(signatureHtml(identity) || '');
        shown = made.html();
      }
    };
    open().catch((error: unknown) => {
      failed.value = true;
      reportError(error);
    });
    return () => {
      gone = true;
      flush();
      editor?.close();
    };
  }, []);
  return (
    <div class="identity-signature">
      <span class="field-label">{t('settings.identities.signature')}</span>
      <iframe ref={frame} class="signature-frame" title={t('settings.identities.signature')} />
      {failed.value && <p class="compose-problem" role="alert">{t('compose.problem.editor')}</p>}
      {!identity.htmlSignature && !identity.textSignature && identity.name && (
        <p class="settings-words">
          <Button kind="quiet" onClick={() => change(suggestedSignature(identity.name))}>{t('settings.identities.suggest', { name: identity.name })}</Button>
        </p>
      )}
    </div>
  );
}
