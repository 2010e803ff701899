/** What can be said here of an email and a filter (RFC 8621 section 4.4.1), without the server. Pure. */
import type { EmailRow, Filter, FilterCondition, Id } from '../jmap/types.ts';

/** What can be told of a filter by mailboxes and keywords; undefined for the rest. */
export function matchesFilter(email: EmailRow, filter: Filter | null): boolean | undefined {
  if (!filter) return true;
  if (!('operator' in filter)) return matchesCondition(email, filter);
  const found = filter.conditions.map((one) => matchesFilter(email, one));
  if (filter.operator === 'AND') return found.includes(false) ? false : found.includes(undefined) ? undefined : true;
  if (filter.operator === 'OR') return found.includes(true) ? true : found.includes(undefined) ? undefined : false;
  return found.includes(true) ? false : found.includes(undefined) ? undefined : true;
}

function matchesCondition(email: EmailRow, condition: FilterCondition): boolean | undefined {
  let sure: boolean | undefined = true;
  for (const [name, value] of Object.entries(condition)) {
    if (name === 'inMailbox') {
      if (!(String(value) in email.mailboxIds)) return false;
    } else if (name === 'inMailboxOtherThan') {
      if (!Object.keys(email.mailboxIds).some((id) => !(value as Id[]).includes(id))) return false;
    } else if (name === 'hasKeyword') {
      if (!(String(value) in email.keywords)) return false;
    } else if (name === 'notKeyword') {
      if (String(value) in email.keywords) return false;
    } else if (name === 'hasAttachment') {
      if (email.hasAttachment !== value) return false;
    } else if (name === 'firstContact' && email.firstContact !== undefined) {
      if ((email.firstContact === true) !== value) return false;
    } else {
      sure = undefined;
    }
  }
  return sure;
}
