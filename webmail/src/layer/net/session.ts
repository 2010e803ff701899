/** The session at the server, for whoever has no connection to ask by: who is signed in, and the end of it. Rejects with a LayerError alone. */
import { at, SEAT_NUMBER } from '../../base/seat.ts';
import { type Session, WEBSOCKET } from '../../jmap/types.ts';
import { LayerError } from '../layer.ts';

const SESSION_PATH = at('/jmap/session');

const JMAP = new RegExp(String.raw`^(\w+://[^/]+)?(/u/${SEAT_NUMBER})?(?=/jmap/)`);

/** What was kept of a session may be of another seat, where the same person was signed in before: what it leads to is asked for in this one. */
export function inSeat(session: Session, prefix = at('')): Session {
  const moved = (url: string): string => url.replace(JMAP, (_, origin: string | undefined) => (origin ?? '') + prefix);
  const socket = session.capabilities[WEBSOCKET] as { url?: string } | undefined;
  return {
    ...session,
    apiUrl: moved(session.apiUrl),
    downloadUrl: moved(session.downloadUrl),
    uploadUrl: moved(session.uploadUrl),
    eventSourceUrl: moved(session.eventSourceUrl),
    ...(socket?.url && { capabilities: { ...session.capabilities, [WEBSOCKET]: { ...socket, url: moved(socket.url) } } }),
  };
}

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
    answer = await fetch(at('/auth/logout'), { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  } catch {
    throw new LayerError('offline', 'The session can be ended only with a network.');
  }
  if (!answer.ok && answer.status !== 401) throw new LayerError('server', `The server answered with ${answer.status}.`);
}
