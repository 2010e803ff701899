/** The style sheets of mail that is quoted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../src/features/compose/editor/quote.ts';

test('each selector of a quote is bound to the quote, whatever stands in its strings', () => {
  assert.equal(within('q', 'p, body .x, html > body > div, :root'), '.q p, .q .x, .q div, .q');
  assert.equal(within('q', ':is(a, b) > i, [x="a,b"]'), '.q :is(a, b) > i, .q [x="a,b"]');
  for (const first of ['[x="("]', "[x='[']", '[x=")"]', '[x="\\"("]', 'a\\(', 'a\\"'])
    assert.equal(within('q', `${first}, div:first-child::before`), `.q ${first}, .q div:first-child::before`);
  for (const sign of ['>', '+', '~']) assert.equal(within('q', `body ${sign} p`), '.q p');
});
