/** A part of a list as it is asked for: the emails of the query at these positions, their conversations, and the rows of all that is in them. */
import { Batch, type Call } from '../jmap/batch.ts';
import type { EmailRow, Id, State, Thread } from '../jmap/types.ts';
import type { ListQuery } from './list.ts';
import type { Store } from './store.ts';

/** Positions are asked for in pieces of so many. */
export const WINDOW = 100;

export interface QueryAnswer {
  ids: Id[];
  total?: number;
  position: number;
  queryState: State;
  canCalculateChanges: boolean;
}

export interface WindowRequest {
  request: Batch;
  query: Call<QueryAnswer>;
  threads: Call<{ list: Thread[] }>;
  rows: Call<{ list: EmailRow[] }>;
}

export function askWindow(store: Store, { accountId, filter, sort, collapseThreads }: ListQuery, position: number, limit = WINDOW): WindowRequest {
  const request = new Batch(store.layer);
  const query = request.call<QueryAnswer>('Email/query', { accountId, filter, sort, collapseThreads, position, limit, calculateTotal: true });
  const first = request.call<{ list: EmailRow[] }>('Email/get', { accountId, '#ids': query.result('/ids'), properties: ['threadId'] });
  const threads = request.call<{ list: Thread[] }>('Thread/get', { accountId, '#ids': first.result('/list/*/threadId') });
  const rows = request.call<{ list: EmailRow[] }>('Email/get', { accountId, '#ids': threads.result('/list/*/emailIds'), properties: store.rowProperties });
  return { request, query, threads, rows };
}
