/** Attachments as cards: what each is, how large, a picture of it; opened, saved, dragged out, all saved at once. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { makeZip } from '../../base/zip.ts';
import type { EmailBodyPart } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { accountOfId, type WholeEmail } from '../../model/reading.ts';
import { say } from '../../model/undo.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { askYes } from '../../ui/Dialog.tsx';
import { Icon } from '../../ui/Icon.tsx';
import { fileName, files, isDangerous, kindOf, shortFileName, size, type FileKind } from './facts.ts';
import { pictureType } from './pictures.ts';
import { canPreview, openPreview } from './preview.tsx';

const ICONS: Record<FileKind, string> = {
  picture: 'image', pdf: 'file-text', text: 'file-text', message: 'mail', archive: 'file-archive', tnef: 'file-archive', calendar: 'calendar', contact: 'user', sound: 'file-music',
  film: 'file-play', document: 'file-text', other: 'file',
};

/** Of a picture that is fetched only to be shown small. */
const THUMBNAIL_MAX = 3 << 20;
const THUMBNAILS_MAX = 24;
/** Together, when all are saved: they are held in memory meanwhile. */
const ALL_MAX = 500 << 20;

export function fileUrl(email: WholeEmail, part: EmailBodyPart): string {
  return mail().layer.blobUrl(accountOfId(mail(), email.id), part.blobId ?? '', fileName(part), 'application/octet-stream');
}

export async function fetchFile(email: WholeEmail, part: EmailBodyPart, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(fileUrl(email, part), { signal });
  if (!answer.ok) throw new Error(`The server answered with ${answer.status}.`);
  return new Uint8Array(await answer.arrayBuffer());
}

export function save(blob: Blob | string, name: string): void {
  const link = document.createElement('a');
  link.href = typeof blob === 'string' ? blob : URL.createObjectURL(blob);
  link.download = name;
  link.click();
  if (typeof blob !== 'string') setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** What can run is saved only by somebody who has read that it can. */
export async function saveIfSure(part: Pick<EmailBodyPart, 'name' | 'type'>, what: () => Blob | string): Promise<void> {
  if (await isSure([part])) save(what(), fileName(part));
}

async function isSure(parts: readonly Pick<EmailBodyPart, 'name' | 'type'>[]): Promise<boolean> {
  const dangerous = parts.find(isDangerous);
  if (!dangerous) return true;
  return askYes({ title: t('files.dangerTitle', { name: fileName(dangerous) }), text: t('files.dangerText'), ok: t('files.saveAnyway'), cancel: t('files.leave'), danger: true });
}

function saveOne(email: WholeEmail, part: EmailBodyPart): Promise<void> {
  return saveIfSure(part, () => fileUrl(email, part));
}

export async function saveAll(email: WholeEmail): Promise<void> {
  const all = files(email).filter((part) => part.blobId);
  if (all.reduce((sum, part) => sum + part.size, 0) > ALL_MAX) {
    say(t('files.tooLarge'), true);
    return;
  }
  if (!(await isSure(all))) return;
  try {
    const fetched: { name: string; octets: Uint8Array<ArrayBuffer> }[] = [];
    for (const part of all) fetched.push({ name: fileName(part), octets: await fetchFile(email, part) });
    save(new Blob(makeZip(fetched), { type: 'application/zip' }), `${fileName({ name: email.subject, type: '' })}.zip`);
  } catch {
    say(t('files.failed'), true);
  }
}

export function Files({ email }: { email: WholeEmail }) {
  const all = files(email);
  if (all.length === 0) return null;
  return (
    <section class="files" aria-label={t('files.title')}>
      <header class="files-head">
        <Icon name="paperclip" />
        <span>{t('files.count', { count: all.length, size: size(all.reduce((sum, part) => sum + part.size, 0)) })}</span>
        {all.length > 1 && (
          <Button kind="quiet" icon="download" onClick={() => void saveAll(email)}>
            {t('files.saveAll')}
          </Button>
        )}
      </header>
      <ul class="files-list">
        {all.map((part, i) => (
          <Card key={part.blobId ?? i} email={email} part={part} withPicture={i < THUMBNAILS_MAX} />
        ))}
      </ul>
    </section>
  );
}

function Thumbnail({ email, part }: { email: WholeEmail; part: EmailBodyPart }) {
  const address = useSignal('');
  useEffect(() => {
    const stop = new AbortController();
    fetchFile(email, part, stop.signal).then(
      (octets) => {
        const type = pictureType(octets.subarray(0, 16));
        if (type && !stop.signal.aborted) address.value = URL.createObjectURL(new Blob([octets], { type }));
      },
      () => {},
    );
    return () => {
      stop.abort();
      if (address.peek()) URL.revokeObjectURL(address.peek());
    };
  }, [part.blobId]);
  return address.value ? <img class="file-picture" src={address.value} alt="" decoding="async" /> : <Icon name="image" class="file-icon" />;
}

function Card({ email, part, withPicture }: { email: WholeEmail; part: EmailBodyPart; withPicture: boolean }) {
  const kind = kindOf(part);
  const name = fileName(part);
  const dangerous = isDangerous(part);
  const opens = canPreview(part);
  /* Chromium takes a file that is dragged out of the page from here. */
  const drag = (event: DragEvent): void => event.dataTransfer?.setData('DownloadURL', `application/octet-stream:${name}:${new URL(fileUrl(email, part), location.href).href}`);
  return (
    <li class={`file${dangerous ? ' file-danger' : ''}`} draggable onDragStart={drag}>
      <button type="button" class="file-open" onClick={() => (opens ? openPreview(email, part) : void saveOne(email, part))} title={opens ? t('files.open', { name }) : t('files.save', { name })}>
        {kind === 'picture' && withPicture && part.size <= THUMBNAIL_MAX && part.blobId ? <Thumbnail email={email} part={part} /> : <Icon name={ICONS[kind]} class="file-icon" />}
        <span class="file-words">
          <span class="file-name" dir="auto">
            {shortFileName(name)}
          </span>
          <span class="file-facts">
            {dangerous ? t('files.canRun') : t(`files.kind.${kind}`)} · {size(part.size)}
          </span>
        </span>
      </button>
      <IconButton icon="download" label={t('files.save', { name })} onClick={() => void saveOne(email, part)} />
    </li>
  );
}
