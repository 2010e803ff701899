/** What is asked to know what has changed at the server, and how the answers are taken: RFC 8620 section 5.2, RFC 8621 sections 2.2, 4.3. */
import { type Id, type Invocation, ROW_PROPERTIES } from '../../jmap/types.ts';
import type { Account } from './account.ts';
import type { Json } from './emails.ts';
import { PASSING } from './outgoing.ts';

/** Emails in one answer: a second's worth on a slow line. */
const CHANGES_AT_ONCE = 500;

/** What is asked for of each email that is here: nothing else of it changes. */
export function changingProperties(account: Account): string[] {
  return ['id', 'mailboxIds', 'keywords', ...(account.snoozes ? ['snoozed', 'awokenAt'] : []), ...account.extras];
}

/** What is kept of each email for lists. */
export function listProperties(account: Account): string[] {
  return [...new Set([...ROW_PROPERTIES, 'blobId', 'cc', 'sentAt', ...changingProperties(account)])];
}

const reference = (resultOf: string, name: string, path: string): Json => ({ resultOf, name, path });

/** The calls for an account; their ids begin with its id. */
export function syncCalls(account: Account): Invocation[] {
  const accountId = account.id;
  const id = (name: string): string => `${accountId} ${name}`;
  const calls: Invocation[] = [];
  if (account.emailState !== undefined)
    calls.push(
      ['Email/changes', { accountId, sinceState: account.emailState, maxChanges: CHANGES_AT_ONCE }, id('emails')],
      ['Email/get', { accountId, '#ids': reference(id('emails'), 'Email/changes', '/created'), properties: listProperties(account) }, id('new emails')],
      ['Email/get', { accountId, '#ids': reference(id('emails'), 'Email/changes', '/updated'), properties: changingProperties(account) }, id('changed emails')],
    );
  for (const [type, table] of account.tables) {
    if (type === 'Mailbox' && table.state !== undefined)
      calls.push(
        ['Mailbox/changes', { accountId, sinceState: table.state }, id('mailboxes')],
        ['Mailbox/get', { accountId, '#ids': reference(id('mailboxes'), 'Mailbox/changes', '/created') }, id('new mailboxes')],
        ['Mailbox/get', { accountId, '#ids': reference(id('mailboxes'), 'Mailbox/changes', '/updated'), '#properties': reference(id('mailboxes'), 'Mailbox/changes', '/updatedProperties') }, id('changed mailboxes')],
      );
    else if (type === 'Mailbox' || account.staleTypes.has(type)) calls.push([`${type}/get`, { accountId, ids: null }, id(`all ${type}`)]);
  }
  return calls;
}

export interface Synced {
  /** The server has more to tell. */
  more: boolean;
  /** The server could not say it now: it is asked again later. */
  failed: boolean;
  /** The server no longer knows what has changed since: all must be looked at again. */
  lost: boolean;
  /** Emails that are no longer there. */
  gone: Id[];
}

/** Takes the answers. Nothing is told to anybody yet, and nothing written: the caller does both. */
export async function takeSync(account: Account, answers: ReadonlyMap<string, Invocation>): Promise<Synced> {
  const answer = (name: string): Json | undefined => {
    const found = answers.get(`${account.id} ${name}`);
    return found && found[0] !== 'error' ? found[1] : undefined;
  };
  const fails = (name: string): boolean => {
    const found = answers.get(`${account.id} ${name}`);
    return found?.[0] === 'error' && PASSING.has(found[1]['type'] as string);
  };
  const names = ['emails', 'new emails', 'changed emails', 'mailboxes', 'new mailboxes', 'changed mailboxes', ...[...account.tables.keys()].map((type) => `all ${type}`)];
  const result: Synced = { more: false, failed: names.some(fails), lost: false, gone: [] };
  const emails = answer('emails');
  const created = answer('new emails');
  const updated = answer('changed emails');
  let touched: Id[] = [];
  if (emails && created && updated) {
    const told = [...(created['list'] as Json[]), ...(updated['list'] as Json[])];
    // What was gone again when it was asked for is told as destroyed by the next changes.
    const gone = (result.gone = emails['destroyed'] as Id[]);
    await account.emails.prepare(told, gone);
    // Views may have asked the server for emails that are not here yet.
    const changes = account.changes.get('Email')!;
    for (const id of updated['list'].map((email: Json) => email['id'])) if (!account.emails.server.has(id)) changes.tell(id, 'updated');
    for (const id of gone) if (!account.emails.server.has(id)) changes.tell(id, 'destroyed');
    touched = account.emails.take(told, gone);
    account.note({ emailState: emails['newState'] });
    result.more = emails['hasMoreChanges'];
  } else if (answers.get(`${account.id} emails`)?.[1]['type'] === 'cannotCalculateChanges') result.lost = true;

  const { mailboxes } = account;
  const changes = answer('mailboxes');
  const fresh = answer('new mailboxes');
  const changed = answer('changed mailboxes');
  if (changes && fresh && changed) {
    mailboxes.take([...fresh['list'], ...changed['list']], changes['destroyed'], changes['newState']);
    result.more ||= changes['hasMoreChanges'];
  } else if (answers.has(`${account.id} mailboxes`) && !['mailboxes', 'new mailboxes', 'changed mailboxes'].some(fails)) {
    mailboxes.state = undefined;
    result.more = true;
  }
  for (const [type, table] of account.tables) {
    const all = answer(`all ${type}`);
    if (!all) continue;
    table.takeAll(all['list'], all['state']);
    account.staleTypes.delete(type);
  }
  account.show(touched);
  return result;
}
