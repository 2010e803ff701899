/** Files of the mail: what they are, how far they are, and taking them away. */
import { t } from '../../../base/words.ts';
import { IconButton } from '../../../ui/Button.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import type { Composer } from '../composer.ts';
import { goesAlong } from '../draft/email.ts';
import { done } from '../../../model/undo.ts';
import { currentLocale } from '../../../base/dates.ts';

export function sizeWords(octets: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  let value = octets;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return new Intl.NumberFormat(currentLocale(), { style: 'unit', unit: units[unit], unitDisplay: 'short', maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 }).format(value);
}

function iconOf(type: string): string {
  return type.startsWith('image/') ? 'image' : type === 'message/rfc822' ? 'mail' : 'file-text';
}

/** What servers of others take is 25 MB more often than not. */
const LARGE = 25_000_000;

export function Attachments({ composer }: { composer: Composer }) {
  const draft = composer.draft.value;
  const uploads = composer.uploads.states.value;
  const files = draft.attachments.filter((a) => a.cid === null || uploads[a.key]?.state === 'failed' || uploads[a.key]?.state === 'tooLarge');
  if (!files.length) return null;
  const all = draft.attachments.filter((a) => goesAlong(draft, a)).reduce((sum, a) => sum + a.size, 0);
  const remove = (key: string) => {
    const before = composer.draft.peek().attachments;
    const gone = before.find((a) => a.key === key);
    const file = composer.uploads.file(key);
    composer.removeAttachment(key);
    if (!gone) return;
    done({
      words: t('compose.attachment.removed', { name: gone.name }),
      undo() {
        composer.change({ attachments: [...composer.draft.peek().attachments, gone] });
        if (file && gone.blobId === null) composer.uploads.add(gone, file);
      },
    });
  };
  return (
    <div class="compose-files">
      <ul aria-label={t('compose.attachments')}>
        {files.map((file) => {
          const upload = uploads[file.key];
          const failed = upload?.state === 'failed' || upload?.state === 'tooLarge';
          return (
            <li key={file.key} class={`compose-file${failed ? ' compose-file-failed' : ''}`}>
              <Icon name={iconOf(file.type)} />
              <span class="compose-file-name" title={file.name}>{file.name || t('compose.attachment.unnamed')}</span>
              <span class="compose-file-size">
                {upload?.state === 'tooLarge' ? t('compose.attachment.tooLarge') : upload?.state === 'failed' ? t('compose.attachment.failed') : upload?.state === 'waiting' ? t('compose.attachment.waiting') : sizeWords(file.size)}
              </span>
              {upload?.state === 'running' && <progress class="compose-progress" value={upload.sent} max={upload.all || 1} aria-label={t('compose.attachment.progress', { name: file.name })} />}
              {upload?.state === 'failed' && <IconButton icon="refresh-cw" label={t('compose.attachment.again')} onClick={() => composer.uploads.again()} />}
              <IconButton icon="x" label={t('compose.attachment.remove', { name: file.name })} onClick={() => remove(file.key)} />
            </li>
          );
        })}
      </ul>
      {all > LARGE && <p class="compose-note">{t('compose.attachment.large', { size: sizeWords(all) })}</p>}
    </div>
  );
}
