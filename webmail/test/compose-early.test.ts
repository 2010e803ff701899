/** What is typed before the editor of an answer is there: it goes into that answer's text alone. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { catchTyping, stopTyping, takeTyped } from '../src/features/compose/early.ts';

type Listener = (event: object) => void;

const listeners = new Set<Listener>();
/** What has the focus: its selectors. */
let focused: string[] = [];

Object.assign(globalThis, {
  document: {
    get activeElement() {
      return { closest: (selectors: string) => selectors.split(', ').find((one) => focused.includes(one)) ?? null };
    },
    addEventListener: (_kind: string, listener: Listener) => listeners.add(listener),
    removeEventListener: (_kind: string, listener: Listener) => listeners.delete(listener),
  },
});

/** How many of these keys went on to the list. */
function type(keys: string[], more: object = {}): number {
  let passed = 0;
  for (const key of keys) {
    let isCaught = false;
    const event = { key, ...more, preventDefault: () => (isCaught = true), stopPropagation: () => undefined };
    for (const listener of [...listeners]) listener(event);
    if (!isCaught) passed++;
  }
  return passed;
}

/** What is to happen when the wait is over. */
let atTimeOut: () => void = () => undefined;
Object.assign(globalThis, { setTimeout: (act: () => void) => (atTimeOut = act), clearTimeout: () => undefined });

beforeEach(() => {
  catchTyping().end();
  focused = [];
  assert.equal(listeners.size, 0);
});

test('letters go into the text from a mail that is read, too, but not from a field or from the frame of an editor', () => {
  const typing = catchTyping();
  typing.for('one');
  focused = ['iframe', '.message-frame'];
  assert.equal(type(['S', 'e', 'x', 'Backspace', 'a', 'Enter']), 0);
  for (const own of ['.compose-frame', 'input', 'dialog']) {
    focused = [own];
    assert.equal(type(['e']), 1, own);
  }
  focused = [];
  assert.equal(type(['F5', 'Escape']), 2);
  assert.equal(takeTyped('one'), 'Sea\n');
  assert.equal(type(['e']), 1);
});

test('a key that is held is one letter', () => {
  catchTyping().for('one');
  assert.equal(type(['r', 'r'], { repeat: true }), 0);
  type(['a', 'b']);
  assert.equal(type(['Backspace'], { repeat: true }), 0);
  assert.equal(takeTyped('one'), 'a');
});

test('no other mail gets what was typed for one', () => {
  const typing = catchTyping();
  type(['a']);
  assert.equal(takeTyped('other'), '', 'nobody knows yet which mail it is for');
  typing.for('one');
  type(['b']);
  assert.equal(takeTyped('other'), '');
  assert.equal(takeTyped('one'), 'ab');
  assert.equal(takeTyped('one'), '');
});

test('where something else is asked first, keys mean what they did, and the text still gets what was typed', () => {
  catchTyping().for('one');
  type(['a']);
  stopTyping('other');
  assert.equal(type(['b']), 0);
  stopTyping('one');
  assert.equal(type(['c']), 1);
  assert.equal(takeTyped('one'), 'ab');
});

test('an editor that does not come leaves nothing to a later one', () => {
  catchTyping().for('one');
  type(['a']);
  atTimeOut();
  assert.equal(type(['b']), 1);
  assert.equal(takeTyped('one'), '');
});
