/** Where the pictures of a message come from: its own parts, and other hosts by way of the server, if the reader wants them. */
import { at } from '../../base/seat.ts';
import type { Signal } from '@preact/signals';
import type { EmailBodyPart, Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { accountOfId, type WholeEmail } from '../../model/reading.ts';
import type { Picture } from './html/sanitise.ts';

/** Octets of a picture that is shown. */
const PICTURE_MAX = 20 << 20;
const KEPT = 'pictures-from';
/** Senders whose pictures are always shown: as many as somebody names one by one, and as the server keeps in one value. */
const SENDERS_MAX = 300;

const PICTURE_PATH = at('/picture');

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
  if (picture.kind === 'remote') {
    return asPicture(await fetch(PICTURE_PATH, { method: 'POST', signal, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url: picture.url }) }));
  }
  const part = partOf(email, picture.url);
  if (!part?.blobId || part.size > PICTURE_MAX) return undefined;
  return asPicture(await fetch(mail().layer.blobUrl(accountId, part.blobId, 'picture', 'application/octet-stream'), { signal }));
}

/** Addresses whose pictures are always shown; kept at the server, for all browsers. */
export function trusted(): Signal<readonly string[]> {
  return mail().preferences.of<readonly string[]>(KEPT, []);
}

export function senderOf(email: WholeEmail): string | undefined {
  return email.from?.length === 1 ? email.from[0]!.email.toLowerCase() : undefined;
}

/** Whether its author's address can be relied on: something proves it, or it did not come from outside. Anybody may write another's address. */
export function isKnownAuthor({ verdict }: Pick<WholeEmail, 'verdict'>): boolean {
  return !verdict?.standing || verdict.by.length > 0;
}

export function allowsPictures(email: WholeEmail): boolean {
  const sender = senderOf(email);
  const junk = mail().mailboxWithRole('junk', accountOfId(mail(), email.id))?.id;
  const isJunk = '$junk' in email.keywords || (junk !== undefined && junk in email.mailboxIds);
  return sender !== undefined && !isJunk && isKnownAuthor(email) && email.verdict?.level !== 'danger' && trusted().peek().includes(sender);
}

export function alwaysAllow(sender: string, allow: boolean): void {
  const others = trusted().peek().filter((one) => one !== sender);
  mail().preferences.set(KEPT, allow ? [...others, sender].slice(-SENDERS_MAX) : others);
}
