/** Why the server did not take a mail, in words. */
import { t } from '../../base/words.ts';
import { Refused } from './remote.ts';

export function wordsOf(error: unknown): string {
  if (!(error instanceof Refused)) return t('compose.problem.failed');
  switch (error.type) {
    case 'tooManyRecipients': return t('compose.problem.tooManyRecipients');
    case 'invalidRecipients': return t('compose.problem.refusedRecipients', { who: error.recipients.join(', ') });
    case 'noRecipients': return t('compose.problem.noRecipients');
    case 'forbiddenFrom': case 'forbiddenMailFrom': return t('compose.problem.forbiddenFrom');
    case 'forbiddenToSend': return t('compose.problem.forbiddenToSend');
    case 'tooLarge': case 'requestTooLarge': return t('compose.problem.tooLarge');
    case 'overQuota': return t('compose.problem.overQuota');
    case 'rateLimit': return t('compose.problem.rateLimit');
    default: return t('compose.problem.refused', { why: error.description || error.type });
  }
}
