/** A frame whose page a line loses: it is asked for again by itself, and then by a person. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { followPage, openPage } from '../src/ui/pageFrame.ts';

const PAGE = '/frame-mail.html';

/** A frame whose page is lost so many times; what cannot be looked into is a page of the browser. */
class Frame extends EventTarget {
  asked = 0;
  address = 'about:blank';

  constructor(public loses: number) {
    super();
  }

  get contentWindow(): { location: { href: string } } {
    if (!this.address) throw new DOMException('of another origin', 'SecurityError');
    return { location: { href: this.address } };
  }

  set src(path: string) {
    this.asked++;
    this.address = this.loses-- > 0 ? '' : `https://mail.example.test${path}`;
    setImmediate(() => this.dispatchEvent(new Event('load')));
  }
}

const as = (frame: Frame): HTMLIFrameElement => frame as unknown as HTMLIFrameElement;

/** What is said of the frame, one after the other. */
function follow(frame: Frame, pauses: number[]) {
  const said: string[] = [];
  let heard: () => void = () => undefined;
  const say = (what: string) => (): void => {
    said.push(what);
    heard();
  };
  const following = followPage(as(frame), PAGE, { shown: say('shown'), lost: say('lost') }, pauses);
  const next = (): Promise<void> => new Promise((resolve) => (heard = resolve));
  return { following, said, next };
}

test('a page that a line loses is asked for again, until it is there', async () => {
  const frame = new Frame(2);
  const window = await openPage(as(frame), PAGE, [0, 0]);
  assert.deepEqual([window.location.href, frame.asked], [`https://mail.example.test${PAGE}`, 3]);
  // Whoever has it hears of no other loads.
  frame.loses = 9;
  frame.dispatchEvent(new Event('load'));
  assert.equal(frame.asked, 3);
  await assert.rejects(openPage(as(new Frame(9)), PAGE, [0, 0]), /frame-mail\.html could not be loaded/);
});

test('after that it is asked for when a person says so, and as often again', async () => {
  const frame = new Frame(5);
  const { following, said, next } = follow(frame, [0, 0]);
  await next();
  assert.deepEqual([said, frame.asked], [['lost'], 3]);
  following.again();
  await next();
  assert.deepEqual([said, frame.asked], [['lost', 'shown'], 6]);
  // The browser loads it anew where a frame changes its place, and it may be lost then, too.
  frame.loses = 2;
  frame.src = PAGE;
  await next();
  assert.deepEqual([said, frame.asked], [['lost', 'shown', 'shown'], 9]);
  following.end();
});

test('an empty frame is no lost one, and nobody is told of a frame that has ended', async () => {
  const frame = new Frame(0);
  const { following, said, next } = follow(frame, []);
  const { address } = frame;
  frame.address = 'about:blank';
  frame.dispatchEvent(new Event('load'));
  assert.deepEqual(said, []);
  frame.address = address;
  await next();
  following.end();
  frame.address = '';
  frame.dispatchEvent(new Event('load'));
  assert.deepEqual([said, frame.asked], [['shown'], 1]);
});
