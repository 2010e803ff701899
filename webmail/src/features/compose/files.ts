/**
 * Files of a draft on their way to the server, with progress; each can be stopped, and goes on when the connection is back, or the page was
 * loaded anew.
 */
import { signal, type Signal } from '@preact/signals';
import { LayerError, type Layer } from '../../layer/layer.ts';
import type { Attachment } from './draft/types.ts';
import { pieceNotes, type Notes } from './pieces.ts';

export interface Upload {
  sent: number;
  all: number;
  /** waiting: for the connection; failed: the server does not take it. */
  state: 'running' | 'waiting' | 'failed' | 'tooLarge';
}

/** Uploads of one draft at the same time; the others wait. */
const AT_ONCE = 3;

export class Uploads {
  readonly states: Signal<Record<string, Upload>> = signal({});
  private readonly files = new Map<string, Blob>();
  private readonly queue: string[] = [];
  private readonly stops = new Map<string, AbortController>();
  private waiters: (() => void)[] = [];

  constructor(
    private readonly layer: Layer,
    private readonly accountId: string,
    private readonly sizeMax: number,
    private readonly done: (key: string, blobId: string) => void,
    private readonly notes: Notes = pieceNotes(),
  ) {}

  add(attachment: Attachment, file: Blob): void {
    this.files.set(attachment.key, file);
    if (file.size > this.sizeMax) {
      this.set(attachment.key, { sent: 0, all: file.size, state: 'tooLarge' });
      return;
    }
    this.set(attachment.key, { sent: 0, all: file.size, state: 'running' });
    this.queue.push(attachment.key);
    this.next();
  }

  file(key: string): Blob | undefined {
    return this.files.get(key);
  }

  all(): Record<string, Blob> {
    return Object.fromEntries(this.files);
  }

  remove(key: string): void {
    this.stops.get(key)?.abort();
    this.files.delete(key);
    this.notes.remove(key);
    const at = this.queue.indexOf(key);
    if (at >= 0) this.queue.splice(at, 1);
    this.set(key, undefined);
  }

  /** The connection is back, or somebody asks for it. */
  again(): void {
    for (const [key, upload] of Object.entries(this.states.peek())) {
      if (upload.state !== 'waiting' && upload.state !== 'failed') continue;
      this.set(key, { ...upload, state: 'running' });
      this.queue.push(key);
    }
    this.next();
  }

  /** Resolves once nothing is under way. False: not all are at the server. */
  async settled(): Promise<boolean> {
    while (Object.values(this.states.peek()).some((upload) => upload.state === 'running')) await new Promise<void>((resolve) => this.waiters.push(resolve));
    return Object.keys(this.states.peek()).length === 0;
  }

  stop(): void {
    for (const stop of this.stops.values()) stop.abort();
    this.queue.length = 0;
    for (const key of Object.keys(this.states.peek())) this.set(key, undefined);
  }

  private set(key: string, upload: Upload | undefined): void {
    const { [key]: _, ...others } = this.states.peek();
    this.states.value = upload ? { ...others, [key]: upload } : others;
    if (upload?.state === 'running') return;
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }

  private next(): void {
    while (this.stops.size < AT_ONCE) {
      const key = this.queue.shift();
      if (key === undefined) return;
      void this.run(key);
    }
  }

  private async run(key: string): Promise<void> {
    const file = this.files.get(key);
    if (!file) return;
    const stop = new AbortController();
    this.stops.set(key, stop);
    try {
      const { blobId } = await this.layer.upload(this.accountId, file, {
        type: file.type,
        signal: stop.signal,
        progress: (sent, all) => this.set(key, { sent, all, state: 'running' }),
        pieces: this.notes.get(key),
        kept: (pieces) => this.notes.set(key, pieces),
      });
      if (!this.files.has(key)) return;
      this.notes.remove(key);
      this.done(key, blobId);
      this.set(key, undefined);
    } catch (error) {
      if (stop.signal.aborted) return;
      const kind = error instanceof LayerError ? error.kind : 'server';
      this.set(key, { sent: this.states.peek()[key]?.sent ?? 0, all: file.size, state: kind === 'limit' ? 'tooLarge' : kind === 'server' ? 'failed' : 'waiting' });
    } finally {
      this.stops.delete(key);
      this.next();
    }
  }
}
