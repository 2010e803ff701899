/** Of files that are under way: which pieces the server has, so that a page that was loaded anew sends only the rest. Small, and forgotten soon. */
import { UPLOADS } from '../../base/device.ts';
import type { Id } from '../../jmap/types.ts';

const PREFIX = UPLOADS;
/** The server keeps what was uploaded for two days; what is older than this is not relied on. */
const KEPT_MS = 86_400_000;

interface Note {
  at: number;
  pieces: readonly Id[];
}

export interface Notes {
  get(key: string): readonly Id[];
  set(key: string, pieces: readonly Id[]): void;
  remove(key: string): void;
}

type Place = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

function readNote(text: string | null): Note | undefined {
  try {
    return text === null ? undefined : (JSON.parse(text) as Note);
  } catch {
    return undefined;
  }
}

const isFresh = (note: Note | undefined): note is Note => note !== undefined && Date.now() - note.at < KEPT_MS && Array.isArray(note.pieces);

/** A browser that keeps nothing sends all again. */
export function pieceNotes(place: Place | undefined = globalThis.localStorage): Notes {
  const names = Array.from({ length: place?.length ?? 0 }, (_, at) => place!.key(at)).filter((name) => name?.startsWith(PREFIX));
  for (const name of names) if (!isFresh(readNote(place!.getItem(name!)))) place!.removeItem(name!);
  return {
    get(key) {
      const note = readNote(place?.getItem(PREFIX + key) ?? null);
      return isFresh(note) ? note.pieces : [];
    },
    set(key, pieces) {
      try {
        place?.setItem(PREFIX + key, JSON.stringify({ at: Date.now(), pieces } satisfies Note));
      } catch {
        /* It is full: what is not noted is sent again. */
      }
    },
    remove: (key) => place?.removeItem(PREFIX + key),
  };
}
