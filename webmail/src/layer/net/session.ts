/** Who is signed in, as the server says it, for whoever has no connection to ask by. */
import type { Session } from '../../jmap/types.ts';
import { LayerError } from '../layer.ts';

const SESSION_PATH = '/jmap/session';

/** Rejects with a LayerError alone. */
export async function fetchSession(): Promise<Session> {
  let answer: Response;
  try {
    answer = await fetch(SESSION_PATH, { headers: { accept: 'application/json' } });
  } catch {
    throw new LayerError('offline', 'The server cannot be reached.');
  }
  if (answer.status === 401) throw new LayerError('signed-out', 'Nobody is signed in.');
  if (!answer.ok) throw new LayerError('server', `The server answered with ${answer.status}.`);
  return (await answer.json()) as Session;
}
