/** The session at the server, for whoever has no connection to ask by: who is signed in, and the end of it. Rejects with a LayerError alone. */
import type { Session } from '../../jmap/types.ts';
import { LayerError } from '../layer.ts';

const SESSION_PATH = '/jmap/session';

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

/** One that has ended already has ended. */
export async function endSession(): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch('/auth/logout', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  } catch {
    throw new LayerError('offline', 'The session can be ended only with a network.');
  }
  if (!answer.ok && answer.status !== 401) throw new LayerError('server', `The server answered with ${answer.status}.`);
}
