/** Where the pictures of a message come from: its own parts, and other hosts by way of the server, if the reader wants them. */
import { signal } from '@preact/signals';
import type { EmailBodyPart, Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import type { WholeEmail } from '../../model/reading.ts';
import type { Picture } from './html/sanitise.ts';

/** Octets of a picture that is shown. */
const PICTURE_MAX = 20 << 20;
const KEPT = 'postrider.picturesFrom';
/** Senders whose pictures are always shown: as many as somebody will ever name one by one. */
const SENDERS_MAX = 2_000;

const PICTURE_PATH = '/image?url=';

/** What the octets say they are: what the sender says about them is not asked. */
export function pictureType(head: Uint8Array): string | undefined {
  const at = (text: string, offset = 0): boolean => [...text].every((c, i) => head[offset + i] === c.charCodeAt(0));
  if (at('\u0089PNG\r\n')) return 'image/png';
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'image/jpeg';
  if (at('GIF8')) return 'image/gif';
  if (at('RIFF') && at('WEBP', 8)) return 'image/webp';
  if (at('ftypavif', 4) || at('ftypavis', 4)) return 'image/avif';
  if (at('BM')) return 'image/bmp';
  return undefined;
}

async function asPicture(answer: Response): Promise<Blob | undefined> {
  if (!answer.ok || Number(answer.headers.get('content-length') ?? 0) > PICTURE_MAX) return undefined;
  const octets = await answer.arrayBuffer();
  const type = octets.byteLength <= PICTURE_MAX ? pictureType(new Uint8Array(octets, 0, Math.min(16, octets.byteLength))) : undefined;
  return type ? new Blob([octets], { type }) : undefined;
}

/** A part of the message by its Content-ID (RFC 2392), with or without what is escaped in a URL. */
function partOf(email: WholeEmail, cid: string): EmailBodyPart | undefined {
  let decoded = cid;
  try {
    decoded = decodeURIComponent(cid);
  } catch {
    /* It is no escape. */
  }
  return email.attachments.find((part) => part.cid !== null && (part.cid === cid || part.cid === decoded));
}

export async function fetchPicture(accountId: Id, email: WholeEmail, picture: Picture, signal: AbortSignal): Promise<Blob | undefined> {
  if (picture.kind === 'remote') return asPicture(await fetch(PICTURE_PATH + encodeURIComponent(picture.url), { signal, headers: { accept: 'image/*' } }));
  const part = partOf(email, picture.url);
  if (!part?.blobId || part.size > PICTURE_MAX) return undefined;
  return asPicture(await fetch(mail().layer.blobUrl(accountId, part.blobId, 'picture', 'application/octet-stream'), { signal }));
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one): one is string => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

/** Addresses whose pictures are always shown, in this browser. */
export const trusted = signal<readonly string[]>(typeof localStorage === 'undefined' ? [] : read());

export function senderOf(email: WholeEmail): string | undefined {
  return email.from?.length === 1 ? email.from[0]!.email.toLowerCase() : undefined;
}

export function allowsPictures(email: WholeEmail): boolean {
  const sender = senderOf(email);
  return sender !== undefined && trusted.peek().includes(sender) && !('$junk' in email.keywords);
}

export function alwaysAllow(sender: string, allow: boolean): void {
  const others = trusted.peek().filter((one) => one !== sender);
  trusted.value = allow ? [...others, sender].slice(-SENDERS_MAX) : others;
  try {
    localStorage.setItem(KEPT, JSON.stringify(trusted.peek()));
  } catch {
    /* A browser that keeps nothing asks again. */
  }
}
