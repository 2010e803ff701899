/**
 * The line between a browser and a server, with its faults: a relay of octets, which knows nothing of what they say. What it does holds for all
 * connections, those of workers and WebSockets too.
 */
import net from 'node:net';

export interface Line {
  readonly origin: string;
  /** Each way, for each piece of octets. */
  delayMs: number;
  /** Which octets wait, until it is another one. Connections stay open, as where nobody says that a line is dead. */
  holds: 'nothing' | 'answers' | 'all';
  /** Of so many pieces, one is lost, and its connection with it: what was asked may have been done, and nobody hears of it. 0: none. */
  losesOneIn: number;
  /** How often that was so. */
  readonly lost: number;
  /** Ends all connections. */
  cut(): void;
  close(): void;
}

/** As a server that is tried again and again gives it out; the same for each run. */
function numbers(): () => number {
  let state = 20_261_130;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function lineTo(origin: string): Promise<Line> {
  const { hostname, port } = new URL(origin);
  const open = new Set<net.Socket>();
  const waiting: { isAnswer: boolean; pass(): void }[] = [];
  const chance = numbers();
  let holds: Line['holds'] = 'nothing';
  let lost = 0;
  const isHeld = (isAnswer: boolean): boolean => holds === 'all' || (holds === 'answers' && isAnswer);

  const carry = (from: net.Socket, to: net.Socket, isAnswer: boolean): void => {
    // Pieces keep their order: each goes after the one before it.
    let before = Promise.resolve();
    const inOrder = (act: () => void): void => {
      const late = new Promise((resolve) => setTimeout(resolve, line.delayMs));
      before = before.then(() => late).then(() => (isHeld(isAnswer) ? new Promise<void>((pass) => waiting.push({ isAnswer, pass })) : undefined)).then(act);
    };
    from.on('data', (octets: Buffer) => {
      if (line.losesOneIn && chance() * line.losesOneIn < 1) {
        lost++;
        from.resetAndDestroy();
        to.resetAndDestroy();
        return;
      }
      inOrder(() => to.destroyed || to.write(octets));
    });
    from.on('end', () => inOrder(() => to.end()));
    from.on('close', () => {
      open.delete(from);
      inOrder(() => to.destroy());
    });
    from.on('error', () => undefined);
  };

  const relay = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    for (const one of [near, far]) {
      one.setNoDelay(true);
      open.add(one);
    }
    carry(near, far, false);
    carry(far, near, true);
  });
  await new Promise<void>((resolve) => relay.listen(0, hostname, resolve));

  const line: Line = {
    origin: `https://${hostname}:${(relay.address() as net.AddressInfo).port}`,
    delayMs: 0,
    losesOneIn: 0,
    get holds() {
      return holds;
    },
    set holds(what) {
      holds = what;
      for (const { isAnswer, pass } of waiting.splice(0)) {
        if (isHeld(isAnswer)) waiting.push({ isAnswer, pass });
        else pass();
      }
    },
    get lost() {
      return lost;
    },
    cut() {
      for (const one of open) one.resetAndDestroy();
    },
    close() {
      line.cut();
      relay.close();
    },
  };
  return line;
}
