/** The icon in the browser's tab says how many conversations are unread. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawing } from '../src/frame/favicon.ts';

test('the number stands in the icon, and nothing without one', () => {
  const words = (unread: number): string | undefined => />([^<>]+)<\/text>/.exec(drawing(unread))?.[1];
  assert.deepEqual([0, 1, 42, 99, 100, 120_000].map(words), [undefined, '1', '42', '99', '99+', '99+']);
});
