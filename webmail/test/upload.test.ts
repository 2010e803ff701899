/** Files in pieces: what was sent is not sent again, after a cut or on another day of the page; and the notes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LayerError, type Upload } from '../src/layer/layer.ts';
import { PIECE_OCTETS, uploadInPieces } from '../src/layer/net/pieces.ts';
import { pieceNotes } from '../src/features/compose/pieces.ts';

/** As much of a Blob as is looked at, of any size. */
const file = (size: number, from = 0): Blob => ({ size, from, slice: (a: number, b: number) => file(b - a, from + a) }) as unknown as Blob;

class Server {
  readonly has = new Map<string, { from: number; size: number }>();
  sent: number[] = [];
  cutAfter = Infinity;

  async send(piece: Blob): Promise<Upload> {
    const { from } = piece as unknown as { from: number };
    if (this.sent.length >= this.cutAfter) throw new LayerError('offline', 'cut');
    this.sent.push(from);
    const blobId = `U${this.has.size}`;
    this.has.set(blobId, { from, size: piece.size });
    return { blobId, type: '', size: piece.size };
  }

  async join(ids: readonly string[]): Promise<Upload | undefined> {
    let size = 0;
    for (const id of ids) {
      const piece = this.has.get(id);
      if (!piece) return undefined;
      assert.equal(piece.from, size, 'in order');
      size += piece.size;
    }
    return { blobId: 'whole', type: '', size };
  }
}

const SIZE = 2 * PIECE_OCTETS + 5;
const ALL = [0, PIECE_OCTETS, 2 * PIECE_OCTETS];

test('an upload that was cut goes on with the piece that is missing', async () => {
  const server = new Server();
  let pieces: readonly string[] = [];
  const told: number[] = [];
  const options = () => ({ pieces, kept: (now: readonly string[]) => (pieces = now), progress: (sent: number) => told.push(sent) });
  server.cutAfter = 2;
  await assert.rejects(uploadInPieces(file(SIZE), server, options()), { kind: 'offline' });
  assert.equal(pieces.length, 2);
  server.cutAfter = Infinity;
  assert.deepEqual(await uploadInPieces(file(SIZE), server, options()), { blobId: 'whole', type: '', size: SIZE });
  assert.deepEqual(server.sent, ALL);
  assert.equal(told.at(-1), SIZE);
});

test('pieces that the server no longer has are sent again, once', async () => {
  const server = new Server();
  let pieces: readonly string[] = ['gone', 'gone too'];
  assert.equal((await uploadInPieces(file(SIZE), server, { pieces, kept: (now) => (pieces = now) })).blobId, 'whole');
  assert.deepEqual(server.sent, [2 * PIECE_OCTETS, ...ALL]);
  assert.equal(pieces.length, 3);
  server.join = async () => undefined;
  await assert.rejects(uploadInPieces(file(SIZE), server), { kind: 'server' });
});

test('what was sent of a file is noted for a day', () => {
  const kept = new Map<string, string>([['other', 'x'], ['upload/broken', '{']]);
  const place = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
    key: (at: number) => [...kept.keys()][at] ?? null,
    get length() {
      return kept.size;
    },
  };
  const notes = pieceNotes(place);
  notes.set('a', ['U1', 'U2']);
  assert.deepEqual(notes.get('a'), ['U1', 'U2']);
  assert.deepEqual(pieceNotes(place).get('a'), ['U1', 'U2']);
  kept.set('upload/a', JSON.stringify({ at: Date.now() - 2 * 86_400_000, pieces: ['U1'] }));
  assert.deepEqual(notes.get('a'), []);
  pieceNotes(place);
  assert.deepEqual([...kept.keys()], ['other']);
  notes.set('b', ['U3']);
  notes.remove('b');
  assert.deepEqual(notes.get('b'), []);
  assert.deepEqual(pieceNotes(undefined).get('b'), []);
});
