/** The checks of this window's recipients (`checks.ts`), by the account that one signed in to. */
import { Batch } from '../../jmap/batch.ts';
import { mail } from '../../model/current.ts';
import { type Check, Checks, fails, RECIPIENTS } from './checks.ts';
import type { Composer } from './composer.ts';
import { isAddress } from './draft/people.ts';

function most(): number {
  const store = mail();
  if (store.status.peek().connection !== 'online') return 0;
  const capability = store.layer.session.accounts[store.mainAccount]?.accountCapabilities[RECIPIENTS] as { maxAddresses?: number } | undefined;
  return capability?.maxAddresses ?? 0;
}

async function ask(addresses: string[]): Promise<Check[]> {
  const store = mail();
  const request = new Batch(store.layer);
  const checked = request.call<{ list: Check[] }>('Recipient/check', { accountId: store.mainAccount, addresses });
  await request.send();
  return checked.answer.list;
}

export const checks = new Checks({ now: () => Date.now(), later: (ms, run) => setTimeout(run, ms), most, ask });

/** Recipients to whom the mail surely does not come. */
export function failing(composer: Composer): string[] {
  const { to, cc, bcc } = composer.draft.peek();
  return [...to, ...cc, ...bcc].map(({ email }) => email).filter((email) => isAddress(email) && fails(checks.of(email)));
}
