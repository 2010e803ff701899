/** A tab's worker: it leads, or it passes on to the one that does. */
import { LayerError, type LayerEvent } from '../layer.ts';
import { Leader } from './leader.ts';
import { type Asked, CHANNEL, LOCK, type Said, type ToPage } from './protocol.ts';

/** A leader that says nothing for so long is frozen, or broken: another takes its place. */
const LEADER_ANSWERS_WITHIN_MS = 5_000;

const page = self as unknown as { postMessage(message: ToPage): void; onmessage: ((event: MessageEvent<Asked>) => void) | null };
const tab = crypto.randomUUID();
const channel = new BroadcastChannel(CHANNEL);
/** What this tab has asked, and nobody has answered. */
const open = new Map<number, Asked>();
let leader: Leader | undefined;
let ready = false;
let isKnown = false;
let silence: ReturnType<typeof setTimeout> | undefined;

const say = (said: Said): void => channel.postMessage(said);

function tell(event: LayerEvent): void {
  const session = event.kind === 'session' ? leader?.session : undefined;
  page.postMessage({ kind: 'event', event, session });
  say({ kind: 'event', event, session });
}

function introduce(to?: string): void {
  say({ kind: 'i-lead', to, session: ready ? leader?.session : undefined, status: ready ? leader?.engine?.status() : undefined });
}

async function ask(asked: Asked): Promise<void> {
  open.set(asked.id, asked);
  if (leader) {
    if (!ready) return;
    const reply = await leader.answer(asked.question, undefined, false);
    open.delete(asked.id);
    page.postMessage({ kind: 'answer', id: asked.id, reply });
    return;
  }
  say({ kind: 'ask', tab, id: asked.id, again: false, question: asked.question });
  watchLeader();
}

/** If the leader does not even say that it leads, this worker takes its place. */
function watchLeader(): void {
  if (leader || silence) return;
  silence = setTimeout(() => {
    silence = undefined;
    if (leader || (isKnown && !open.size)) return;
    say({ kind: 'who-leads', tab });
    silence = setTimeout(() => {
      silence = undefined;
      void lead(true);
    }, LEADER_ANSWERS_WITHIN_MS);
  }, LEADER_ANSWERS_WITHIN_MS);
}

channel.onmessage = ({ data }: MessageEvent<Said>) => {
  if (data.kind === 'who-leads') {
    if (leader) introduce(data.tab);
  } else if (data.kind === 'i-lead') {
    if (leader || (data.to !== undefined && data.to !== tab)) return;
    clearTimeout(silence);
    silence = undefined;
    if (data.cannot !== undefined) return page.postMessage({ kind: 'cannot', error: data.cannot ?? undefined });
    if (!data.session || !data.status) return;
    if (!isKnown) page.postMessage({ kind: 'ready', session: data.session, status: data.status });
    else page.postMessage({ kind: 'event', event: { kind: 'status', status: data.status } });
    // A new leader: it has not heard what the old one did not answer. What that one had written, it knows.
    if (isKnown && data.to === undefined) for (const asked of open.values()) say({ kind: 'ask', tab, id: asked.id, again: true, question: asked.question });
    isKnown = true;
    if (open.size) watchLeader();
  } else if (data.kind === 'ask') {
    if (!leader || !ready) return;
    void leader.answer(data.question, `${data.tab} ${data.id}`, data.again).then((reply) => say({ kind: 'answer', to: data.tab, id: data.id, reply }));
  } else if (data.kind === 'answer') {
    if (data.to !== tab || !open.delete(data.id)) return;
    page.postMessage({ kind: 'answer', id: data.id, reply: data.reply });
  } else if (!leader) page.postMessage({ kind: 'event', event: data.event, session: data.session });
};

page.onmessage = ({ data }) => void ask(data);

async function lead(steal = false): Promise<void> {
  await navigator.locks
    .request(LOCK, { steal }, async () => {
      clearTimeout(silence);
      leader = new Leader(tell, () => {
        ready = true;
        if (!isKnown) page.postMessage({ kind: 'ready', session: leader!.session!, status: leader!.engine!.status() });
        isKnown = true;
        introduce();
        // States of an earlier leader are none of this one's.
        leader!.engine!.announce();
        for (const asked of open.values()) void ask(asked);
      });
      introduce();
      try {
        await leader.start();
      } catch (error) {
        const why = error instanceof LayerError ? { kind: error.kind, message: error.message } : undefined;
        if (!why) reportError(error);
        page.postMessage({ kind: 'cannot', error: why });
        say({ kind: 'i-lead', session: undefined, status: undefined, cannot: why ?? null });
        leader = undefined;
        return;
      }
      // For as long as this tab lives.
      await new Promise(() => undefined);
    })
    .catch(async () => {
      // Another tab took it, for this one did not answer: it was frozen. It goes on as one of the others.
      const old = leader;
      leader = undefined;
      ready = false;
      await old?.engine?.stop();
      say({ kind: 'who-leads', tab });
      void lead();
    });
}

say({ kind: 'who-leads', tab });
watchLeader();
void lead();
