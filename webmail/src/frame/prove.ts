/**
 * Asks role web what is no JMAP: all below /auth (src/role/web/web_auth.c). What may need a proof that it is still the same person asks for
 * that proof, and is done again.
 */
import { t } from '../base/words.ts';
import { say } from '../model/undo.ts';
import { askText } from '../ui/Dialog.tsx';

export class AuthError extends Error {
  constructor(readonly reason: string, words: string) {
    super(words);
  }
}

export async function readAuth(answer: Response): Promise<any> {
  const told = (await answer.json()) as { reason?: string; detail?: string };
  if (!answer.ok) throw new AuthError(told.reason ?? '', told.detail ?? '');
  return told;
}

async function post(path: string, question: Record<string, unknown>): Promise<any> {
  return readAuth(await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(question) }));
}

/** undefined: it was not done; why is said. */
export async function doProved(path: string, question: Record<string, unknown>): Promise<any> {
  try {
    return await post(path, question);
  } catch (error) {
    if (!(error instanceof AuthError) || error.reason !== 'unproved') {
      sayWhy(error);
      return undefined;
    }
  }
  try {
    const { codes } = (await readAuth(await fetch('/auth/account'))) as { codes: boolean };
    const secret = await askText({
      title: t('prove.title'),
      text: t(codes ? 'prove.byCode' : 'prove.byPassword'),
      label: t(codes ? 'prove.code' : 'prove.password'),
      value: '',
      secret: true,
      ok: t('prove.goOn'),
      cancel: t('prove.cancel'),
    });
    if (secret === undefined) return undefined;
    await post('/auth/prove', { secret });
    return await post(path, question);
  } catch (error) {
    sayWhy(error);
    return undefined;
  }
}

function sayWhy(error: unknown): void {
  say(error instanceof AuthError && error.message ? error.message : t('prove.notDone'), true);
}
