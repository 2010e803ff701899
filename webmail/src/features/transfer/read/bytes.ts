/** Octets that are read in pieces: a buffer that grows at its end and is taken at its beginning. Pure. */

const FIRST = 64 << 10;

export class Growing {
  private room = new Uint8Array(FIRST);
  private from = 0;
  private to = 0;

  /** What is here; it is the buffer's own, until the next call. */
  get view(): Uint8Array<ArrayBuffer> {
    return this.room.subarray(this.from, this.to);
  }

  get length(): number {
    return this.to - this.from;
  }

  add(octets: Uint8Array): void {
    const length = this.length + octets.length;
    if (this.to + octets.length > this.room.length) {
      const room = length > this.room.length / 2 ? new Uint8Array(Math.max(FIRST, length * 2)) : this.room;
      room.set(this.view.slice());
      this.room = room;
      this.to -= this.from;
      this.from = 0;
    }
    this.room.set(octets, this.to);
    this.to += octets.length;
  }

  drop(count: number): void {
    this.from += count;
    if (this.from === this.to) this.from = this.to = 0;
  }
}

export function latin1(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; at += 8_192) text += String.fromCharCode(...octets.subarray(at, at + 8_192));
  return text;
}

export async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
