/** Files of the mail: what they are, how far they are, and taking them away. */
import { wholeDay } from '../../../base/dates.ts';
import { sizeWords } from '../../../base/sizes.ts';
import { t } from '../../../base/words.ts';
import { go } from '../../../frame/router.ts';
import type { FileLink } from '../../../model/fileLinks.ts';
import { done } from '../../../model/undo.ts';
import { Button, IconButton } from '../../../ui/Button.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import type { Composer } from '../composer.ts';
import { goesAlong } from '../draft/email.ts';
import type { Attachment } from '../draft/types.ts';
import type { Upload } from '../files.ts';

function iconOf(type: string): string {
  return type.startsWith('image/') ? 'image' : type === 'message/rfc822' ? 'mail' : 'file-text';
}

/** What servers of others take is 25 MB more often than not. */
const LARGE = 25_000_000;

export function Attachments({ composer }: { composer: Composer }) {
  const draft = composer.draft.value;
  const uploads = composer.uploads.states.value;
  const files = draft.attachments.filter((a) => a.cid === null || uploads[a.key]?.state === 'failed' || uploads[a.key]?.state === 'tooLarge');
  const links = composer.links.shown.value;
  const leadsNowhere = composer.links.leadsNowhere.value;
  if (!files.length && !links.length && !leadsNowhere) return null;
  const all = draft.attachments.filter((a) => !a.asLink && goesAlong(draft, a)).reduce((sum, a) => sum + a.size, 0);
  return (
    <div class="compose-files">
      {files.length + links.length > 0 && (
        <ul aria-label={t('compose.attachments')}>
          {files.map((file) => <FileCard key={file.key} composer={composer} file={file} upload={uploads[file.key]} />)}
          {links.map((link) => <LinkCard key={link.id} composer={composer} link={link} />)}
        </ul>
      )}
      {files.map((file) => uploads[file.key]?.why && <Why key={file.key} name={file.name} why={uploads[file.key]!.why!} />)}
      {leadsNowhere && <p class="compose-note">{t('fileLink.leadsNowhere')}</p>}
      {all > LARGE && <p class="compose-note">{t('compose.attachment.large', { size: sizeWords(all) })}</p>}
    </div>
  );
}

/** Why there is no link: what helps is done on the page of files. */
function Why({ name, why }: { name: string; why: string }) {
  return (
    <p class="compose-problem" role="alert">
      {t('fileLink.why', { name, why })} <Button kind="quiet" onClick={() => go({ kind: 'settings', page: 'files' })}>{t('settings.files')}</Button>
    </p>
  );
}

function remove(composer: Composer, key: string): void {
  const gone = composer.draft.peek().attachments.find((a) => a.key === key);
  const file = composer.uploads.file(key);
  composer.removeAttachment(key);
  if (!gone) return;
  done({
    words: t('compose.attachment.removed', { name: gone.name }),
    undo() {
      composer.change({ attachments: [...composer.draft.peek().attachments, gone] });
      if (gone.asLink && gone.blobId !== null) composer.links.resume(gone);
      else if (file && gone.blobId === null) composer.uploads.add(gone, file);
    },
  });
}

function stateWords(file: Attachment, upload: Upload | undefined): string {
  switch (upload?.state) {
    case 'tooLarge': return t('compose.attachment.tooLarge');
    case 'failed': return t(file.asLink && upload.why !== undefined ? 'fileLink.notMade' : 'compose.attachment.failed');
    case 'waiting': return t('compose.attachment.waiting');
    default: return file.asLink ? t('fileLink.under', { size: sizeWords(file.size) }) : sizeWords(file.size);
  }
}

function FileCard({ composer, file, upload }: { composer: Composer; file: Attachment; upload: Upload | undefined }) {
  const failed = upload?.state === 'failed' || upload?.state === 'tooLarge';
  const { links } = composer;
  return (
    <li class={`compose-file${failed ? ' compose-file-failed' : ''}`}>
      <Icon name={file.asLink ? 'link' : iconOf(file.type)} />
      <span class="compose-file-name" dir="auto" title={file.name}>{file.name || t('compose.attachment.unnamed')}</span>
      <span class="compose-file-size">{stateWords(file, upload)}</span>
      {upload?.state === 'running' && <progress class="compose-progress" value={upload.sent} max={upload.all || 1} aria-label={t('compose.attachment.progress', { name: file.name })} />}
      {upload?.state === 'failed' && <IconButton icon="refresh-cw" label={t('compose.attachment.again')} onClick={() => composer.uploads.again()} />}
      {file.asLink && upload?.state !== 'tooLarge' && links.fits(file.size) && <AttachInstead name={file.name} run={() => links.keepAttached(file)} />}
      {!file.asLink && file.cid === null && upload?.state !== 'tooLarge' && links.limits && <IconButton icon="link" label={t('fileLink.sendAs', { name: file.name })} onClick={() => links.send(file)} />}
      <IconButton icon="x" label={t('compose.attachment.remove', { name: file.name })} onClick={() => remove(composer, file.key)} />
    </li>
  );
}

function LinkCard({ composer, link }: { composer: Composer; link: FileLink }) {
  const { links } = composer;
  return (
    <li class="compose-file">
      <Icon name="link" />
      <span class="compose-file-name" dir="auto" title={link.name}>{link.name}</span>
      <span class="compose-file-size">{t('fileLink.asLink', { date: wholeDay(new Date(link.expires)) })}</span>
      {links.canAttach(link) && <AttachInstead name={link.name} run={() => links.attach(link)} />}
      <IconButton icon="x" label={t('compose.attachment.remove', { name: link.name })} onClick={() => links.remove(link)} />
    </li>
  );
}

function AttachInstead({ name, run }: { name: string; run(): void }) {
  return <IconButton icon="paperclip" label={t('fileLink.attach', { name })} onClick={run} />;
}
