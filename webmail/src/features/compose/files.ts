/**
 * Files of a draft on their way to the server, with progress; each can be stopped, and goes on when the connection is back, or the page was
 * loaded anew.
 */
import { signal, type Signal } from '@preact/signals';
import { LayerError, type Layer } from '../../layer/layer.ts';
import { FileLinkRefused } from '../../model/fileLinks.ts';
import type { Attachment } from './draft/types.ts';
import { pieceNotes, type Notes } from './pieces.ts';

export interface Upload {
  sent: number;
  all: number;
  /** waiting: for the connection; failed: the server does not take it. */
  state: 'running' | 'waiting' | 'failed' | 'tooLarge';
  /** Why it failed, in words; undefined: nothing more is known. */
  why?: string;
}


/** Uploads of one draft at the same time; the others wait. */
const AT_ONCE = 3;

export class Uploads {
  readonly states: Signal<Record<string, Upload>> = signal({});
  private readonly files = new Map<string, Blob>();
  /** How those that are no files of this browser become uploads. */
  private readonly makers = new Map<string, () => Promise<string>>();
  private readonly queue: string[] = [];
  private readonly stops = new Map<string, AbortController>();
  private waiters: (() => void)[] = [];

  constructor(
    private readonly layer: Layer,
    private readonly accountId: string,
    private readonly sizeMax: number,
    /** It is under way until this is through. */
    private readonly done: (key: string, blobId: string) => Promise<void> | void,
    private readonly notes: Notes = pieceNotes(),
  ) {}

  /** `room`: as many octets the server has for it. */
  add(attachment: Attachment, file: Blob, room = Infinity): void {
    this.files.set(attachment.key, file);
    if (file.size > Math.min(this.sizeMax, room)) {
      this.set(attachment.key, { sent: 0, all: file.size, state: 'tooLarge' });
      return;
    }
    this.set(attachment.key, { sent: 0, all: file.size, state: 'running' });
    this.queue.push(attachment.key);
    this.next();
  }

  /** What the server has already, as an upload of its own: `make` answers with its blob. */
  addMade(attachment: Attachment, make: () => Promise<string>): void {
    this.makers.set(attachment.key, make);
    this.set(attachment.key, { sent: 0, all: attachment.size, state: 'running' });
    this.queue.push(attachment.key);
    this.next();
  }

  /** A file that is at the server, and may be asked for again. */
  keep(key: string, file: Blob): void {
    this.files.set(key, file);
  }

  /** The file is known by another key from now on. */
  rename(from: string, to: string): void {
    const file = this.files.get(from);
    if (!file) return;
    this.files.set(to, file);
    this.files.delete(from);
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
    this.makers.delete(key);
    this.notes.remove(key);
    const at = this.queue.indexOf(key);
    if (at >= 0) this.queue.splice(at, 1);
    this.set(key, undefined);
  }

  /** It needs no upload of its own any more. */
  forget(key: string): void {
    this.stops.get(key)?.abort();
    this.makers.delete(key);
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

  /** Resolves once nothing is under way, and what is `needed` does not wait for a connection. False: not all are at the server. */
  async settled(needed: (key: string) => boolean = () => false): Promise<boolean> {
    while (Object.entries(this.states.peek()).some(([key, { state }]) => state === 'running' || (state === 'waiting' && needed(key)))) await new Promise<void>((resolve) => this.waiters.push(resolve));
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
    const make = this.makers.get(key);
    if (!file && !make) return;
    const all = this.states.peek()[key]?.all ?? file?.size ?? 0;
    const stop = new AbortController();
    this.stops.set(key, stop);
    try {
      const blobId = make ? await make() : await this.send(key, file!, stop.signal);
      if (stop.signal.aborted || !this.has(key)) return;
      await this.done(key, blobId);
      if (stop.signal.aborted) return;
      this.notes.remove(key);
      this.makers.delete(key);
      this.set(key, undefined);
    } catch (error) {
      if (stop.signal.aborted) return;
      const kind = error instanceof LayerError ? error.kind : 'server';
      const state = kind === 'limit' ? 'tooLarge' : kind === 'server' ? 'failed' : 'waiting';
      this.set(key, { sent: this.states.peek()[key]?.sent ?? 0, all, state, ...(error instanceof FileLinkRefused && { why: error.message }) });
    } finally {
      this.stops.delete(key);
      this.next();
    }
  }

  private has(key: string): boolean {
    return this.files.has(key) || this.makers.has(key);
  }

  private async send(key: string, file: Blob, signal: AbortSignal): Promise<string> {
    const { blobId } = await this.layer.upload(this.accountId, file, {
      type: file.type,
      signal,
      progress: (sent, all) => this.set(key, { sent, all, state: 'running' }),
      pieces: this.notes.get(key),
      kept: (pieces) => this.notes.set(key, pieces),
    });
    return blobId;
  }
}
