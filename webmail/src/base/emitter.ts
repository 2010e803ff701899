/** Tells listeners of events; a listener that throws does not keep the others from hearing. */
export class Emitter<Event> {
  private readonly listeners = new Set<(event: Event) => void>();

  /** Returns the function that ends it. */
  listen(listener: (event: Event) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  emit(event: Event): void {
    for (const listener of [...this.listeners]) {
      try {
        listener(event);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
