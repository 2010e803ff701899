/** Blobs by HTTP: RFC 8620 section 6. From the page, for a worker's fetch does not tell how much has been sent. */
import type { Id, Session } from '../../jmap/types.ts';
import { type Layer, LayerError, type Upload } from '../layer.ts';

export function upload(session: Session, accountId: Id, file: Blob, options: Parameters<Layer['upload']>[2] = {}): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const sender = new XMLHttpRequest();
    sender.open('POST', session.uploadUrl.replace('{accountId}', encodeURIComponent(accountId)));
    sender.setRequestHeader('content-type', options.type || file.type || 'application/octet-stream');
    sender.upload.onprogress = (event) => options.progress?.(event.loaded, event.total);
    sender.onload = () => {
      if (sender.status >= 200 && sender.status < 300) resolve(JSON.parse(sender.responseText) as Upload);
      else reject(new LayerError(sender.status === 401 ? 'signed-out' : sender.status === 413 ? 'limit' : 'server', `The server answered with ${sender.status}.`));
    };
    sender.onerror = () => reject(new LayerError('offline', 'The server cannot be reached.'));
    sender.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'));
    options.signal?.addEventListener('abort', () => sender.abort());
    sender.send(file);
  });
}

export function blobUrl(session: Session, accountId: Id, blobId: Id, name: string, type: string): string {
  const values: Record<string, string> = { accountId, blobId, name: name || 'file', type };
  return session.downloadUrl.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(values[key] ?? ''));
}
