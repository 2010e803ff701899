/*
 * Pictures of a message. Those that it brings are shown; those on other hosts only when the reader asks for them, and
 * then by our server, which says nothing of the reader to those hosts.
 *
 * The frame's policy lets nothing load but `data:` and `blob:`: whoever gets past everything else still loads
 * nothing. So the bytes are fetched here, under the app's policy, and the frame gets a `blob:` of a picture's type.
 */
import type { Picture } from './sanitise.ts';

/* Bytes of a picture; undefined: there is none to be had. */
export type FetchPicture = (picture: Picture, signal: AbortSignal) => Promise<Blob | undefined>;

/* At once: more would take the connection from what the reader does meanwhile. */
const TOGETHER = 6;

/* Octets of all pictures of a message: beyond them it is a flood, or the same picture under a thousand names. */
const ALL_OCTETS_MAX = 200 << 20;

const TYPES = /^image\/(?:png|jpeg|gif|webp|avif|bmp|svg\+xml|x-icon)$/;

export class Pictures {
  private readonly addresses: string[] = [];
  private readonly stop = new AbortController();
  private octets = 0;

  constructor(private readonly fetchPicture: FetchPicture) {}

  async show(pictures: readonly Picture[]): Promise<{ shown: number; failed: number }> {
    const count = { shown: 0, failed: 0 };
    /* One fetch for each address, however often it is shown. */
    const byUrl = new Map<string, Picture[]>();
    for (const picture of pictures) {
      const same = byUrl.get(picture.url);
      if (same) same.push(picture);
      else byUrl.set(picture.url, [picture]);
    }
    const waiting = Array.from(byUrl.values());
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next && !this.stop.signal.aborted; next = waiting.shift()) {
        const shown = await this.one(next);
        count[shown ? 'shown' : 'failed'] += next.length;
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, worker));
    return count;
  }

  private async one(same: readonly Picture[]): Promise<boolean> {
    const first = same[0];
    if (!first) return false;
    let bytes: Blob | undefined;
    try {
      bytes = this.octets < ALL_OCTETS_MAX ? await this.fetchPicture(first, this.stop.signal) : undefined;
    } catch {
      bytes = undefined;
    }
    if (this.stop.signal.aborted) return false;
    this.octets += bytes?.size ?? 0;
    if (!bytes || !TYPES.test(bytes.type)) {
      for (const { element, place } of same) if (place === 'source') element.classList.add('postrider-missing');
      return false;
    }
    const address = URL.createObjectURL(bytes);
    this.addresses.push(address);
    for (const { element, place } of same)
      if (place === 'source') (element as HTMLImageElement).src = address;
      else element.style.backgroundImage = `url("${address}")`;
    return true;
  }

  /* What was fetched is let go. */
  end(): void {
    this.stop.abort();
    for (const address of this.addresses) URL.revokeObjectURL(address);
    this.addresses.length = 0;
  }
}
