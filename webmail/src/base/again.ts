/**
 * A line that loses a piece now and then: what is asked for once more is there most often. Whoever waits for a part of the program is not
 * asked to try again before that was done for them.
 */
export const PAUSES_MS: readonly number[] = [200, 1_000, 3_000];

/** Does it until it succeeds, once more after each pause; then the error of the last time. */
export async function again<T>(act: () => Promise<T>, pauses = PAUSES_MS): Promise<T> {
  for (const pause of pauses) {
    try {
      return await act();
    } catch {
      await new Promise((go) => setTimeout(go, pause));
    }
  }
  return act();
}
