/** A tab's worker: it leads, or it passes on to the one that does. */
import type { Session } from '../../jmap/types.ts';
import { LayerError, type LayerEvent, type LayerStatus } from '../layer.ts';
import { fetchSession } from '../net/session.ts';
import { Leader } from './leader.ts';
import { ANEW } from './marker.ts';
import { type Asked, CHANNEL, LOCK, type Reply, type Said, type ToPage } from './protocol.ts';

/** A leader that says nothing for so long is frozen, or broken: another takes its place. */
const LEADER_ANSWERS_WITHIN_MS = 5_000;

const page = self as unknown as { postMessage(message: ToPage): void; onmessage: ((event: MessageEvent<Asked>) => void) | null };
const tab = crypto.randomUUID();
const channel = new BroadcastChannel(CHANNEL);

/** What this tab has asked, and nobody has answered. `of`: the worker that was asked last. */
interface Open {
  asked: Asked;
  of?: string;
}
const open = new Map<number, Open>();

let leader: Leader | undefined;
let ready = false;
/** The worker that leads, as far as this one knows. */
let leads: string | undefined;
let isKnown = false;
/** Whose mail the page shows. */
let person: string | undefined;
/** The session has ended: the page goes, and this worker has nothing more to say to it. */
let isOver = false;
const isAnew = self.name.startsWith(ANEW);
let silence: ReturnType<typeof setTimeout> | undefined;

const say = (said: Said): void => channel.postMessage(said);

function tell(event: LayerEvent): void {
  const session = event.kind === 'session' ? leader?.session : undefined;
  pass(event, session);
  say({ kind: 'event', tab, event, session });
  if (event.kind === 'signed-out') retire();
}

function pass(event: LayerEvent, session?: Session): void {
  isOver ||= event.kind === 'signed-out';
  page.postMessage({ kind: 'event', event, session });
}

function begin(session: Session, status: LayerStatus): void {
  if (!isKnown) page.postMessage({ kind: 'ready', session, status });
  person = session.username;
  isKnown = true;
}

/** Nobody is signed in any more: whoever comes next must not be told of this person. */
let retire: () => void = () => undefined;

function introduce(to?: string): void {
  say({ kind: 'i-lead', tab, to, session: ready ? leader?.session : undefined, status: ready ? leader?.engine?.status() : undefined });
}

const isLeading = (): boolean => leader !== undefined;

/** Asks whoever leads; what an earlier leader was asked, it may have done and not answered. */
async function ask(one: Open): Promise<void> {
  const { asked } = one;
  if (isLeading() ? !ready : leads === undefined) return watchLeader();
  const again = one.of !== undefined;
  one.of = leads;
  if (!leader) {
    say({ kind: 'ask', tab, id: asked.id, again, question: asked.question });
    return watchLeader();
  }
  reply(asked.id, await leader.answer(asked.question, `${tab} ${asked.id}`, again));
}

/** What was deposed in the meantime stays open, and is asked again. */
function reply(id: number, said: Reply): void {
  if (said.kind !== 'deposed' && open.delete(id)) page.postMessage({ kind: 'answer', id, reply: said });
}

/** If the leader does not even say that it leads, this worker takes its place. */
function watchLeader(): void {
  if (isLeading() || silence) return;
  silence = setTimeout(() => {
    silence = undefined;
    if (isLeading() || (isKnown && !open.size)) return;
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
  } else if (data.kind === 'i-lead') void hearLeader(data);
  else if (data.kind === 'ask') {
    if (!leader || !ready) return;
    void leader.answer(data.question, `${data.tab} ${data.id}`, data.again).then((said) => say({ kind: 'answer', to: data.tab, id: data.id, reply: said }));
  } else if (data.kind === 'answer') {
    if (data.to === tab) reply(data.id, data.reply);
  } else if (data.kind === 'look') leader?.look();
  else if (isKnown && !leader && !isOver && (leads === undefined || data.tab === leads)) pass(data.event, data.session);
};

async function hearLeader(data: Said & { kind: 'i-lead' }): Promise<void> {
  if (leader || isOver || (data.to !== undefined && data.to !== tab)) return;
  clearTimeout(silence);
  silence = undefined;
  if (data.cannot !== undefined) return page.postMessage({ kind: 'cannot', error: data.cannot ?? undefined });
  if (!data.session || !data.status) return;
  const { username } = data.session;
  if (isKnown && username !== person) return pass({ kind: 'signed-out' });
  if (isKnown) pass({ kind: 'status', status: data.status });
  else {
    if (isAnew && !(await isSignedIn(username).catch(refuse))) return;
    // The leader may have ended meanwhile, and this worker taken its place.
    if (leader) return;
    begin(data.session, data.status);
    if (!isAnew) void isSignedIn(username).then((is) => is || pass({ kind: 'signed-out' }), () => undefined);
  }
  if (leads !== data.tab) {
    leads = data.tab;
    for (const one of open.values()) void ask(one);
  }
  if (open.size) watchLeader();
}

/** Whoever leads may not know yet that another person is signed in in this browser by now: it looks, and ends, and this worker may lead. */
async function isSignedIn(username: string): Promise<boolean> {
  const session = await fetchSession();
  if (session.username !== username) say({ kind: 'look', tab });
  return session.username === username;
}

function refuse(error: unknown): undefined {
  page.postMessage({ kind: 'cannot', error: whyOf(error) });
}

page.onmessage = ({ data }) => {
  const one: Open = { asked: data };
  open.set(data.id, one);
  void ask(one);
};

async function lead(steal = false): Promise<void> {
  await navigator.locks
    .request(LOCK, { steal }, async () => {
      if (isOver) return;
      clearTimeout(silence);
      silence = undefined;
      const over = new Promise<void>((resolve) => (retire = resolve));
      leader = new Leader(tell, () => {
        ready = true;
        leads = tab;
        begin(leader!.session!, leader!.engine!.status());
        introduce();
        // States of an earlier leader are none of this one's.
        leader!.engine!.announce();
        for (const one of open.values()) void ask(one);
      }, person, isAnew && !isKnown);
      introduce();
      try {
        await leader.start();
      } catch (error) {
        cannot(error);
        await resign();
        return;
      }
      // For as long as this tab lives, and somebody is signed in.
      await over;
      await resign();
    })
    .catch(async () => {
      // Another tab took it, for this one did not answer: it was frozen. It goes on as one of the others.
      await resign();
      if (isOver) return;
      say({ kind: 'who-leads', tab });
      void lead();
    });
}

async function resign(): Promise<void> {
  const old = leader;
  leader = undefined;
  ready = false;
  leads = undefined;
  await old?.stop();
}

const whyOf = (error: unknown): (ToPage & { kind: 'cannot' })['error'] => (error instanceof LayerError ? { kind: error.kind, message: error.message } : undefined);

function cannot(error: unknown): void {
  const why = whyOf(error);
  if (!why) reportError(error);
  // What ends for the person of this tab may begin for the one of another.
  if (!isKnown || why?.kind !== 'signed-out') say({ kind: 'i-lead', tab, session: undefined, status: undefined, cannot: why ?? null });
  if (!isKnown) return page.postMessage({ kind: 'cannot', error: why });
  // It worked until now: the page has no other layer.
  if (why?.kind === 'signed-out') return pass({ kind: 'signed-out' });
  for (const id of [...open.keys()]) reply(id, { kind: 'failed', error: why ?? { kind: 'server', message: String(error) } });
}

say({ kind: 'who-leads', tab });
watchLeader();
void lead();
