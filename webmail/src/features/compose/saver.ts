/**
 * When a draft is saved: in this browser soon after each change, at the server at each pause, and at the latest after some seconds of
 * writing without one. One save at a time; what is written meanwhile is saved by the next.
 */

/** Within a second in this browser. */
const LOCAL_MS = 400;
/** At the server: after this pause, and after this long without one. */
const PAUSE_MS = 1_500;
const SERVER_MS = 4_500;
/** A mail with large files is not sent to the server every few seconds: each version is a whole message. */
const LARGE = 2 * 1024 * 1024;
const LARGE_MS = 30_000;
/** After a failure. */
const RETRY_MS = 10_000;

export type SaveState = 'unchanged' | 'changed' | 'local' | 'saving' | 'saved' | 'failed';

export interface SaverHost {
  now(): number;
  /** Returns what takes it back. */
  later(ms: number, run: () => void): () => void;
  keepLocal(): Promise<void>;
  keepAtServer(): Promise<void>;
  size(): number;
  told(state: SaveState): void;
}

export class Saver {
  private changes = 0;
  private atLocal = 0;
  private atServer = 0;
  private firstUnsaved = 0;
  private cancelLocal: (() => void) | undefined;
  private cancelServer: (() => void) | undefined;
  private savingLocal: Promise<void> | undefined;
  private savingServer: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly host: SaverHost) {}

  get isSaved(): boolean {
    return this.atServer === this.changes;
  }

  /** Somebody has written. */
  changed(): void {
    if (this.stopped) return;
    if (this.isSaved) this.firstUnsaved = this.host.now();
    this.changes++;
    this.host.told('changed');
    this.cancelLocal ??= this.host.later(LOCAL_MS, () => void this.local());
    this.schedule();
  }

  private schedule(): void {
    if (this.savingServer) return;
    this.cancelServer?.();
    const large = this.host.size() > LARGE;
    const latest = this.firstUnsaved + (large ? LARGE_MS : SERVER_MS) - this.host.now();
    this.cancelServer = this.host.later(Math.max(0, Math.min(large ? LARGE_MS : PAUSE_MS, latest)), () => void this.server());
  }

  private local(): Promise<void> {
    this.cancelLocal?.();
    this.cancelLocal = undefined;
    this.savingLocal ??= this.runLocal().finally(() => (this.savingLocal = undefined));
    return this.savingLocal;
  }

  private async runLocal(): Promise<void> {
    while (this.atLocal < this.changes) {
      const version = this.changes;
      try {
        await this.host.keepLocal();
      } catch (error) {
        // The browser's store is full or closed: the server's copy must do.
        reportError(error);
        this.atLocal = version;
        return;
      }
      this.atLocal = version;
      if (this.atServer < version && !this.savingServer) this.host.told('local');
    }
  }

  private server(): Promise<void> {
    this.cancelServer?.();
    this.cancelServer = undefined;
    this.savingServer ??= this.runServer().finally(() => {
      this.savingServer = undefined;
      if (!this.isSaved && !this.cancelServer && !this.stopped) this.schedule();
    });
    return this.savingServer;
  }

  private async runServer(): Promise<void> {
    const version = this.changes;
    if (version === this.atServer) return;
    this.host.told('saving');
    try {
      await this.host.keepAtServer();
    } catch {
      this.host.told('failed');
      this.firstUnsaved = this.host.now();
      if (!this.stopped) this.cancelServer = this.host.later(RETRY_MS, () => void this.server());
      return;
    }
    this.atServer = version;
    this.firstUnsaved = this.host.now();
    this.host.told(this.isSaved ? 'saved' : 'changed');
    // What the server gave (ids, blobs) is noted here as well.
    await this.host.keepLocal().catch((error: unknown) => reportError(error));
  }

  /** Everything that was written is in this browser when it resolves. */
  async flushLocal(): Promise<void> {
    await this.local();
  }

  /** Everything is at the server, or one attempt has failed. */
  async flush(): Promise<void> {
    await this.local();
    await this.savingServer;
    if (!this.isSaved) await this.server();
  }

  /** Nothing is saved any more: the mail was sent, or thrown away. Waits for what is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelLocal?.();
    this.cancelServer?.();
    await Promise.allSettled([this.savingLocal, this.savingServer]);
    this.cancelServer?.();
  }
}
