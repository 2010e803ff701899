/** A mail goes out under a masked address that is made for whom it is to. */
import { effect } from '@preact/signals';
import { t } from '../../base/words.ts';
import type { Id } from '../../jmap/types.ts';
import { mail } from '../../model/current.ts';
import { hasMasked, makeMasked } from '../../model/masked.ts';
import { say } from '../../model/undo.ts';
import type { MenuItem } from '../../ui/Menu.tsx';
import type { Composer } from './composer.ts';
import { newIdentity } from './identities.ts';

/** A server that is there answers long before. */
const SERVER_MS = 20_000;

export function maskedItems(composer: Composer): MenuItem[] {
  if (!hasMasked() || composer.draft.peek().accountId !== mail().mainAccount) return [];
  return [{ separator: 'masked' }, { id: 'masked', words: t('masked.use'), icon: 'venetian-mask', run: () => void writeMasked(composer) }];
}

async function writeMasked(composer: Composer): Promise<void> {
  const { accountId, to } = composer.draft.peek();
  const forDomain = to[0]?.email.split('@').at(-1)?.toLowerCase() ?? '';
  const made = await makeMasked(forDomain ? { forDomain } : {});
  if (!made) return;
  const problem = await newIdentity(accountId, made.email, '');
  if (problem !== null) {
    say(problem, true);
    return;
  }
  const id = await identityOf(accountId, made.email);
  if (id === undefined) {
    say(t('masked.failed'), true);
    return;
  }
  composer.setSender(id, null);
  say(t('masked.used', { address: made.email }));
}

/** The identity as the server knows it: the layer gives one a name of its own first. Undefined: the server does not answer. */
function identityOf(accountId: Id, email: string): Promise<Id | undefined> {
  return new Promise((resolve) => {
    const finish = (id: Id | undefined): void => {
      clearTimeout(late);
      resolve(id);
      queueMicrotask(() => end());
    };
    const late = setTimeout(() => finish(undefined), SERVER_MS);
    const end = effect(() => {
      const found = mail().identities.all(accountId).find((one) => one.email === email && !one.id.startsWith('local-'));
      if (found) finish(found.id);
    });
  });
}
