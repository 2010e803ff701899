/** A file is looked at without being saved. What it holds is text or a picture by our own judgement; nothing of it is run. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { t } from '../../base/words.ts';
import { readTnef } from '../../base/tnef.ts';
import { listZip } from '../../base/zip.ts';
import { Batch } from '../../jmap/batch.ts';
import type { Email, EmailBodyPart } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { accountOfId, type WholeEmail } from '../../model/reading.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { openOverlay } from '../../ui/overlay.tsx';
import { fileName, kindOf, longDate, nameOf, plainName, size } from './facts.ts';
import { fetchFile, fileUrl, saveIfSure } from './files.tsx';
import { pictureType } from './pictures.ts';

/** What is fetched to be looked at. */
const PREVIEW_MAX = 50 << 20;
const TEXT_SHOWN = 256 << 10;

type Content =
  | { kind: 'picture'; address: string }
  | { kind: 'pdf'; address: string }
  | { kind: 'text'; text: string; cut: boolean }
  | { kind: 'list'; rows: { name: string; size: number; save?: () => void }[] }
  | { kind: 'message'; email: Email }
  | { kind: 'failed'; words: string };

const SHOWN = new Set(['picture', 'pdf', 'text', 'message', 'calendar', 'contact', 'tnef']);

export function canPreview(part: EmailBodyPart): boolean {
  if (!part.blobId || part.size > PREVIEW_MAX) return false;
  const kind = kindOf(part);
  return SHOWN.has(kind) || (kind === 'archive' && /\.zip$/i.test(part.name ?? '.zip'));
}

export function openPreview(email: WholeEmail, part: EmailBodyPart): void {
  openOverlay('preview', (self) => <Preview email={email} part={part} close={self.close} />);
}

function asText(octets: Uint8Array, charset: string | null): Content {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset ?? 'utf-8');
  } catch {
    decoder = new TextDecoder();
  }
  return { kind: 'text', text: decoder.decode(octets.subarray(0, TEXT_SHOWN)), cut: octets.length > TEXT_SHOWN };
}

async function readMessage(email: WholeEmail, part: EmailBodyPart): Promise<Content> {
  const request = new Batch(mail().layer);
  const parsed = request.call<{ parsed: Record<string, Email> | null }>('Email/parse', {
    accountId: accountOfId(mail(), email.id),
    blobIds: [part.blobId],
    properties: ['from', 'to', 'cc', 'subject', 'sentAt', 'textBody', 'bodyValues', 'attachments'],
    fetchTextBodyValues: true,
    maxBodyValueBytes: TEXT_SHOWN,
  });
  await request.send();
  const found = parsed.answer.parsed?.[part.blobId!];
  return found ? { kind: 'message', email: found } : asText(await fetchFile(email, part), part.charset);
}

async function read(email: WholeEmail, part: EmailBodyPart, signal: AbortSignal): Promise<Content> {
  const kind = kindOf(part);
  if (kind === 'message') return readMessage(email, part);
  const octets = await fetchFile(email, part, signal);
  if (kind === 'picture') {
    const type = pictureType(octets.subarray(0, 16));
    return type ? { kind: 'picture', address: URL.createObjectURL(new Blob([octets], { type })) } : { kind: 'failed', words: t('files.noPicture') };
  }
  if (kind === 'pdf') {
    const isPdf = new TextDecoder('latin1').decode(octets.subarray(0, 1024)).includes('%PDF-');
    return isPdf ? { kind: 'pdf', address: URL.createObjectURL(new Blob([octets], { type: 'application/pdf' })) } : { kind: 'failed', words: t('files.noPdf') };
  }
  if (kind === 'archive') {
    const list = listZip(octets);
    return list ? { kind: 'list', rows: list.filter((one) => !one.isFolder).map((one) => ({ ...one, name: plainName(one.name) })) } : { kind: 'failed', words: t('files.noArchive') };
  }
  if (kind === 'tnef') {
    const list = readTnef(octets);
    const keep = (part: { name: string; type: string }, data: Uint8Array) => () => void saveIfSure(part, () => new Blob([data.slice()], { type: 'application/octet-stream' }));
    return list ? { kind: 'list', rows: list.map((one) => ({ name: fileName({ name: one.name, type: '' }), size: one.octets.length, save: keep({ name: one.name, type: '' }, one.octets) })) } : { kind: 'failed', words: t('files.noArchive') };
  }
  return asText(octets, part.charset);
}

function letGo(content: Content | undefined): void {
  if (content && 'address' in content) URL.revokeObjectURL(content.address);
}

function Preview({ email, part, close }: { email: WholeEmail; part: EmailBodyPart; close(): void }) {
  const content = useSignal<Content | undefined>(undefined);
  const name = fileName(part);
  useEffect(() => {
    const stop = new AbortController();
    read(email, part, stop.signal).then(
      (found) => (stop.signal.aborted ? letGo(found) : (content.value = found)),
      () => !stop.signal.aborted && (content.value = { kind: 'failed', words: t('files.failed') }),
    );
    return () => {
      stop.abort();
      letGo(content.peek());
    };
  }, []);
  return (
    <Dialog title={name} class="preview" close={close}>
      <div class="preview-content">{content.value ? <Shown content={content.value} name={name} /> : <p class="preview-waiting" role="status">{t('reading.loading')}</p>}</div>
      <div class="dialog-buttons">
        <Button icon="download" onClick={() => void saveIfSure(part, () => fileUrl(email, part))}>
          {t('files.saveWords')}
        </Button>
        <Button kind="primary" onClick={close}>
          {t('files.close')}
        </Button>
      </div>
    </Dialog>
  );
}

function Shown({ content, name }: { content: Content; name: string }) {
  if (content.kind === 'picture') return <img class="preview-picture" src={content.address} alt={name} />;
  /* The browser's own viewer, in a frame of its own; it has no script of ours and we have none in it. */
  if (content.kind === 'pdf') return <iframe class="preview-pdf" title={name} src={content.address} />;
  if (content.kind === 'failed') return <p role="alert">{content.words}</p>;
  if (content.kind === 'message') return <ParsedMessage email={content.email} />;
  if (content.kind === 'list') {
    return content.rows.length === 0 ? (
      <p>{t('files.emptyArchive')}</p>
    ) : (
      <ul class="preview-list">
        {content.rows.map((row, i) => (
          <li key={i}>
            <span dir="auto">{row.name}</span>
            <span class="file-facts">{size(row.size)}</span>
            {row.save && (
              <button type="button" class="link" onClick={row.save}>
                {t('files.saveWords')}
              </button>
            )}
          </li>
        ))}
      </ul>
    );
  }
  return (
    <>
      <pre class="preview-text" dir="auto" tabIndex={0}>
        {content.text}
      </pre>
      {content.cut && <p class="message-note">{t('files.cut')}</p>}
    </>
  );
}

function ParsedMessage({ email }: { email: Email }) {
  const text = email.textBody.map((part) => (part.partId && email.bodyValues[part.partId]?.value) || '').join('\n');
  return (
    <>
      <dl class="message-details">
        <div class="message-detail">
          <dt>{t('reading.from')}</dt>
          <dd dir="auto">{(email.from ?? []).map((one) => nameOf(one)).join(', ')}</dd>
        </div>
        <div class="message-detail">
          <dt>{t('reading.subject')}</dt>
          <dd dir="auto">{email.subject}</dd>
        </div>
        {email.sentAt && (
          <div class="message-detail">
            <dt>{t('reading.sent')}</dt>
            <dd>{longDate(new Date(email.sentAt))}</dd>
          </div>
        )}
      </dl>
      <pre class="preview-text" dir="auto" tabIndex={0}>
        {text}
      </pre>
    </>
  );
}
