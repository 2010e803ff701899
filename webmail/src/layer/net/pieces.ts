/**
 * A large file goes to the server in pieces, which are joined there (Blob/upload, RFC 9404 section 4.1). After a cut, or a reload, it goes on
 * with the first piece that the server does not have. Pure: who sends, and who joins, is given.
 */
import type { Id } from '../../jmap/types.ts';
import { LayerError, type Upload } from '../layer.ts';

/** So much is sent again at most; on a slow line it takes a minute, on a fast one a piece costs nothing. */
export const PIECE_OCTETS = 8 << 20;

export interface PieceOptions {
  /** What was sent before, in order. */
  pieces?: readonly Id[];
  /** The server has one more. */
  kept?(pieces: readonly Id[]): void;
  progress?(sent: number, all: number): void;
}

export interface Carrier {
  send(piece: Blob, progress: (sent: number) => void): Promise<Upload>;
  /** Undefined: the server does not have them all any more. */
  join(pieces: readonly Id[]): Promise<Upload | undefined>;
}

export async function uploadInPieces(file: Blob, carrier: Carrier, options: PieceOptions = {}): Promise<Upload> {
  const count = Math.ceil(file.size / PIECE_OCTETS);
  const pieces = (options.pieces ?? []).slice(0, count);
  const isAnew = pieces.length === 0;
  for (let at = pieces.length; at < count; at++) {
    const from = at * PIECE_OCTETS;
    const { blobId } = await carrier.send(file.slice(from, Math.min(file.size, from + PIECE_OCTETS)), (sent) => options.progress?.(from + sent, file.size));
    pieces.push(blobId);
    options.kept?.([...pieces]);
  }
  options.progress?.(file.size, file.size);
  const made = await carrier.join(pieces);
  if (made?.size === file.size) return made;
  // What was sent long ago is there no more; what was sent just now is.
  options.kept?.([]);
  if (isAnew) throw new LayerError('server', 'The server does not have what was sent to it.');
  return uploadInPieces(file, carrier, { ...options, pieces: [] });
}
