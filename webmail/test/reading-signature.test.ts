/** What is said of an S/MIME signature: no more than the server has found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signatureOf } from '../src/features/reading/signature.ts';
import type { WholeEmail } from '../src/model/reading.ts';

const now = new Date(2026, 10, 30, 12, 0);
const email = (properties: Partial<WholeEmail>): WholeEmail => ({ id: 'E1-1', from: [{ name: 'Alice', email: 'alice@a.example' }], ...properties }) as WholeEmail;

test('a signature that was verified names the author and the time', () => {
  const said = signatureOf(email({ smimeStatus: 'signed/verified', smimeVerifiedAt: '2026-11-20T09:00:00Z' }), now);
  assert.equal(said?.level, 'plain');
  assert.match(said?.text ?? '', /^Signed by alice@a\.example \(S\/MIME\), verified /);
  assert.match(said?.text ?? '', /Nov 20/);
});

test('one that failed says so, with all reasons, and names nobody', () => {
  const said = signatureOf(email({ smimeStatus: 'signed/failed', smimeErrors: ['One.', 'Two.'], smimeVerifiedAt: '2026-11-20T09:00:00Z' }), now);
  assert.deepEqual(said?.errors, ['One.', 'Two.']);
  assert.equal(said?.level, 'caution');
  assert.doesNotMatch(said?.text ?? '', /alice|verified/);
});

test('what nobody has looked at, or what this program does not know, is not called verified', () => {
  for (const smimeStatus of [null, undefined, 'signed', 'unknown', 'encrypted+signed/verified', 'signed/verified-later'])
    assert.equal(signatureOf(email({ smimeStatus, smimeVerifiedAt: '2026-11-20T09:00:00Z' } as Partial<WholeEmail>), now), undefined, String(smimeStatus));
  // A server that contradicts itself is not believed.
  assert.equal(signatureOf(email({ smimeStatus: 'signed/verified', smimeVerifiedAt: null }), now), undefined);
  assert.equal(signatureOf(email({ smimeStatus: 'signed/verified', smimeVerifiedAt: '2026-11-20T09:00:00Z', from: [] }), now), undefined);
});
