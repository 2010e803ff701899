/**
 * What became of mail that was sent, where it has not reached all of its recipients: deliveryStatus of RFC 8621 section 7. Asked for once
 * the page is there, and whenever a submission has changed.
 */
import { signal } from '@preact/signals';
import { Batch } from '../jmap/batch.ts';
import type { Id } from '../jmap/types.ts';
import type { Store } from './store.ts';

/** It could not be delivered to somebody; or it is still on its way, longer than mail usually is. */
export type Trouble = 'failed' | 'waiting';

/** By the email's id. */
export const troubles = signal<ReadonlyMap<Id, Trouble>>(new Map());

export interface Submission {
  emailId: Id;
  undoStatus: string;
  sendAt: string;
  deliveryStatus: Record<string, { delivered: string }> | null;
}

/** Older ones are not looked at: what failed was told by a report as well. */
const LOOKED_AT = 200;
/** Most hosts have taken a mail by then. */
export const USUAL_MS = 5 * 60_000;
/** The first screen goes first. */
const LATER_MS = 2_000;

/** Nothing of what is not sent yet, or has reached everybody. Pure. */
export function troubleOf({ undoStatus, sendAt, deliveryStatus }: Submission, now: number): Trouble | undefined {
  if (undoStatus !== 'final' || !deliveryStatus) return undefined;
  const states = Object.values(deliveryStatus).map(({ delivered }) => delivered);
  if (states.includes('no')) return 'failed';
  return states.includes('queued') && now - Date.parse(sendAt) > USUAL_MS ? 'waiting' : undefined;
}

export function followDeliveries(store: Store): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const load = async (): Promise<void> => {
    const accountId = store.mainAccount;
    const request = new Batch(store.layer);
    const query = request.call('EmailSubmission/query', { accountId, sort: [{ property: 'sentAt', isAscending: false }], limit: LOOKED_AT }, { mayFail: true });
    const got = request.call<{ list: Submission[] }>('EmailSubmission/get', { accountId, '#ids': query.result('/ids'), properties: ['emailId', 'undoStatus', 'sendAt', 'deliveryStatus'] }, { mayFail: true });
    await request.send();
    if (got.error) return;
    const now = Date.now();
    const found = new Map<Id, Trouble>();
    // The newest first: of an email that was sent once more it is the one that counts.
    const seen = new Set<Id>();
    for (const one of got.answer.list.sort((a, b) => (a.sendAt < b.sendAt ? 1 : -1))) {
      const trouble = seen.has(one.emailId) ? undefined : troubleOf(one, now);
      seen.add(one.emailId);
      if (trouble) found.set(one.emailId, trouble);
    }
    troubles.value = found;
    // What is under way may turn out to take long, and nothing tells of that.
    const young = got.answer.list.some((one) => troubleOf(one, now) === undefined && troubleOf(one, now + USUAL_MS) === 'waiting');
    if (young) later(USUAL_MS);
  };
  const later = (ms: number): void => {
    clearTimeout(timer);
    // Without a network what is known stays as it is.
    timer = setTimeout(() => void load().catch(() => undefined), ms);
  };
  store.layer.listen((event) => {
    if (event.kind === 'state' && event.changed[store.mainAccount]?.['EmailSubmission']) later(0);
  });
  later(LATER_MS);
}
