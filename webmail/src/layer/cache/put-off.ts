/** What the server makes of a patch that puts an email off, or ends that, and says nothing of mailboxes: doc/jmap.md, Snooze. */
import type { Id } from '../../jmap/types.ts';
import type { Patch } from './patch.ts';
import type { Row, Snoozed } from './rows.ts';

/** The patch with the mailboxes that the email will be in. `from` is where it comes back to, `into` where it waits. */
export function whenPutOff(patch: Patch, row: Row, inbox: Id | undefined, into: Id | undefined): Patch {
  // Whoever moves it away ends it, too.
  if (!('snoozed' in patch) && row.snoozed && into !== undefined && patch[`mailboxIds/${into}`] === null) return { ...patch, snoozed: null };
  if (!('snoozed' in patch) || Object.keys(patch).some((path) => path.split('/')[0] === 'mailboxIds')) return patch;
  const snoozed = patch['snoozed'] as Snoozed | null;
  const back = (snoozed ?? row.snoozed)?.moveToMailboxId ?? inbox;
  const result = { ...patch };
  const stays = (snoozed ?? row.snoozed)?.unlessAnswered === true;
  if (snoozed) {
    if (into !== undefined) result[`mailboxIds/${into}`] = true;
    if (back !== undefined && back !== into && !stays) result[`mailboxIds/${back}`] = null;
  } else if (row.snoozed) {
    if (back !== undefined && !stays) result[`mailboxIds/${back}`] = true;
    if (into !== undefined && into !== back) result[`mailboxIds/${into}`] = null;
  }
  return result;
}
