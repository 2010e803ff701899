/** What a line loses is asked for once more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { again } from '../src/base/again.ts';

test('it is tried until it succeeds, and the last error is told', async () => {
  let times = 0;
  const fails = (so: number) => async (): Promise<number> => {
    if (++times <= so) throw new Error(`lost ${times}`);
    return times;
  };
  assert.equal(await again(fails(0), [0, 0]), 1);
  times = 0;
  assert.equal(await again(fails(2), [0, 0]), 3);
  times = 0;
  await assert.rejects(again(fails(9), [0, 0]), /lost 3/);
});
