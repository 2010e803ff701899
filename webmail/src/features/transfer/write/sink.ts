/** Where an export goes: a file that the person chose, written as it comes; or, in browsers without that, what the browser saves at the end. */

export interface Sink {
  write(octets: Uint8Array<ArrayBuffer>): Promise<void>;
  /** It is whole now. */
  close(): Promise<void>;
  /** Nothing of it stays. */
  abort(): Promise<void>;
}

/** Of octets that wait: then they become a blob, which a browser keeps on its disk when it grows. */
const BLOB_AT = 8 << 20;

interface Picked {
  createWritable(): Promise<{ write(data: BufferSource): Promise<void>; close(): Promise<void>; abort(): Promise<void> }>;
}

/** Undefined: the person does not want it. To be called when something was clicked. */
export async function openSink(name: string, type: string): Promise<Sink | undefined> {
  const pick = (globalThis as { showSaveFilePicker?(options: object): Promise<Picked> }).showSaveFilePicker;
  if (!pick) return new BlobSink(name, type);
  try {
    const file = await (await pick.call(globalThis, { suggestedName: name })).createWritable();
    return { write: (octets) => file.write(octets), close: () => file.close(), abort: () => file.abort() };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    return new BlobSink(name, type);
  }
}

class BlobSink implements Sink {
  private blobs: Blob[] = [];
  private waiting: Uint8Array<ArrayBuffer>[] = [];
  private length = 0;

  constructor(
    private readonly name: string,
    private readonly type: string,
  ) {}

  async write(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    this.waiting.push(octets);
    this.length += octets.length;
    if (this.length >= BLOB_AT) this.pack();
  }

  private pack(): void {
    this.blobs.push(new Blob(this.waiting));
    this.waiting = [];
    this.length = 0;
  }

  async close(): Promise<void> {
    this.pack();
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob(this.blobs, { type: this.type }));
    link.download = this.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  async abort(): Promise<void> {
    this.blobs = [];
    this.waiting = [];
  }
}
