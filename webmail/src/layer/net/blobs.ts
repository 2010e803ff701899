/** Blobs by HTTP: RFC 8620 section 6. From the page, for a worker's fetch does not tell how much has been sent. */
import { BLOB, type Id, type Invocation, type Session } from '../../jmap/types.ts';
import { type Layer, LayerError, type Upload } from '../layer.ts';
import { PIECE_OCTETS, uploadInPieces } from './pieces.ts';

type Options = NonNullable<Parameters<Layer['upload']>[2]>;

/** A page of a network that wants to be paid first is no answer of the server, whatever its status. */
function readUpload(text: string): Upload | undefined {
  try {
    const made = JSON.parse(text) as Partial<Upload> | null;
    return typeof made?.blobId === 'string' ? (made as Upload) : undefined;
  } catch {
    return undefined;
  }
}

function send(session: Session, accountId: Id, file: Blob, options: Options): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const sender = new XMLHttpRequest();
    sender.open('POST', session.uploadUrl.replace('{accountId}', encodeURIComponent(accountId)));
    sender.setRequestHeader('content-type', options.type || file.type || 'application/octet-stream');
    sender.upload.onprogress = (event) => options.progress?.(event.loaded, event.total);
    sender.onload = () => {
      const made = sender.status >= 200 && sender.status < 300 ? readUpload(sender.responseText) : undefined;
      if (made) resolve(made);
      else reject(new LayerError(sender.status === 401 ? 'signed-out' : sender.status === 413 ? 'limit' : 'server', `The server answered with ${sender.status}.`));
    };
    sender.onerror = () => reject(new LayerError('offline', 'The server cannot be reached.'));
    const stopped = (): void => reject(new DOMException('The upload was stopped.', 'AbortError'));
    sender.onabort = stopped;
    if (options.signal?.aborted) return stopped();
    options.signal?.addEventListener('abort', () => sender.abort());
    sender.send(file);
  });
}

async function join(accountId: Id, type: string, pieces: readonly Id[], request: Layer['request']): Promise<Upload | undefined> {
  const create = { file: { type, data: pieces.map((blobId) => ({ blobId })) } };
  const [[name, answer]] = (await request([['Blob/upload', { accountId, create }, '0']])) as [Invocation];
  const made = (answer['created'] as Record<string, { id: Id; size: number }> | null)?.['file'];
  if (name === 'Blob/upload' && made) return { blobId: made.id, type, size: made.size };
  const error = (answer['notCreated'] as Record<string, { type: string }> | null)?.['file']?.type ?? String(answer['type']);
  if (error === 'blobNotFound') return undefined;
  throw new LayerError(error === 'tooLarge' || error === 'overQuota' ? 'limit' : 'server', `The server did not join the pieces: ${error}.`);
}

export function upload(session: Session, accountId: Id, file: Blob, options: Options, request: Layer['request']): Promise<Upload> {
  const limits = session.accounts[accountId]?.accountCapabilities[BLOB] as { maxSizeBlobSet?: number | null; maxDataSources?: number | null } | undefined;
  const fits = limits && file.size <= (limits.maxSizeBlobSet ?? Infinity) && file.size <= (limits.maxDataSources ?? 64) * PIECE_OCTETS;
  if (!fits || file.size <= PIECE_OCTETS) return send(session, accountId, file, options);
  const { type = file.type, signal } = options;
  return uploadInPieces(
    file,
    {
      send: (piece, progress) => send(session, accountId, piece, { signal, progress }),
      join: (pieces) => join(accountId, type, pieces, request),
    },
    options,
  );
}

export function blobUrl(session: Session, accountId: Id, blobId: Id, name: string, type: string): string {
  const values: Record<string, string> = { accountId, blobId, name: name || 'file', type };
  return session.downloadUrl.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(values[key] ?? ''));
}
