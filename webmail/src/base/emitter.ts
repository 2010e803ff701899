/** Tells listeners of events; a listener that throws does not keep the others from hearing. */
export class Emitter<Event> {
  private readonly listeners = new Set<(event: Event) => void>();
  private early: Event[] | undefined;

  /** `holds`: what is emitted before anybody listens waits for the first one who does. */
  constructor({ holds = false } = {}) {
    if (holds) this.early = [];
  }

  /** Returns the function that ends it. */
  listen(listener: (event: Event) => void): () => void {
    this.listeners.add(listener);
    const early = this.early;
    this.early = undefined;
    // Whoever listens may be half made yet.
    if (early?.length) queueMicrotask(() => early.forEach((event) => this.emit(event)));
    return () => void this.listeners.delete(listener);
  }

  emit(event: Event): void {
    if (this.early) return void this.early.push(event);
    for (const listener of [...this.listeners]) {
      try {
        listener(event);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
