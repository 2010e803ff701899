/** The verdict line: who sent this, said only when there is something to say; the evidence behind it on demand. */
import { useSignal } from '@preact/signals';
import { t } from '../../base/words.ts';
import type { Email } from '../../jmap/types.ts';
import type { WholeEmail } from '../../model/reading.ts';
import { Icon } from '../../ui/Icon.tsx';
import { evidenceText, verdictText } from './verdictWords.ts';
import { signatureOf } from './signature.ts';

const ICONS = { plain: 'shield-check', caution: 'shield-alert', danger: 'triangle-alert' } as const;

export function VerdictLine({ email }: { email: Email }) {
  const open = useSignal(false);
  const verdict = (email as WholeEmail).verdict;
  if (!verdict || verdict.level === 'none') return null;
  const plain = verdict.level === 'plain' && verdict.domain ? t('verdict.plain', { domain: verdict.domain }) : undefined;
  const text = verdictText(verdict);
  const short = plain === undefined ? text : verdict.firstContact ? t('verdict.first', { plain }) : plain;
  return (
    <div class={`verdict verdict-${verdict.level}`} role={verdict.level === 'danger' ? 'alert' : undefined}>
      <button type="button" class="verdict-line" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        <Icon name={ICONS[verdict.level]} />
        <span>{short}</span>
        <Icon name={open.value ? 'chevron-up' : 'chevron-down'} />
      </button>
      {open.value && (
        <div class="verdict-evidence">
          {short !== text && <p>{text}</p>}
          <ul>
            {verdict.evidence.map((one, i) => (
              <li key={i}>
                <code>{`${one.what}=${one.result}`}</code> {evidenceText(one)}
              </li>
            ))}
          </ul>
          {verdict.action === 'junk' && <p>{t('verdict.junked')}</p>}
        </div>
      )}
    </div>
  );
}

/** Below it: whether the author has signed the message. */
export function SignatureLine({ email }: { email: Email }) {
  const open = useSignal(false);
  const signature = signatureOf(email as WholeEmail);
  if (!signature) return null;
  const line = (
    <>
      <Icon name={ICONS[signature.level]} />
      <span>{signature.text}</span>
    </>
  );
  return (
    <div class={`verdict verdict-${signature.level}`}>
      {signature.errors.length === 0 && <div class="verdict-line">{line}</div>}
      {signature.errors.length > 0 && (
        <button type="button" class="verdict-line" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
          {line}
          <Icon name={open.value ? 'chevron-up' : 'chevron-down'} />
        </button>
      )}
      {open.value && (
        <div class="verdict-evidence">
          <ul>
            {signature.errors.map((error) => (
              <li key={error}>{error}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
