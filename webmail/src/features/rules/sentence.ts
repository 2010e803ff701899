/** A rule in the reader's language, on one line: what the dialog would show of it. */
import { currentLanguage, t } from '../../base/words.ts';
import { aboutOf, FLAGS, howOf, isEditable, kindOf, labelFor, sizeOf, splitFlags } from './parts.ts';
import type { Condition, Deed, Rule } from './scripts.ts';

export const howWords = (about: string, how: string): string => t(about === 'attachment' ? `rules.attachment.${how.replace(' ', '.')}` : `rules.how.${how.replace(' ', '.')}`);

export function sizeWords(octets: number): string {
  const { amount, unit } = sizeOf(octets);
  return t(`rules.size.${unit}`, { amount });
}

const list = (parts: string[], type: 'conjunction' | 'disjunction'): string => new Intl.ListFormat(currentLanguage(), { type }).format(parts);
const quoted = (text: string): string => t('rules.quoted', { text });

function conditionWords(condition: Condition): string {
  const about = aboutOf(condition)!;
  const words = `${t(`rules.about.${about}`)} ${howWords(about, howOf(condition))}`;
  if (about === 'attachment') return words;
  return `${words} ${about === 'size' ? sizeWords(condition.number ?? 0) : list((condition.values ?? []).map(quoted), 'disjunction')}`;
}

function deedWords(deed: Deed): string {
  const kind = kindOf(deed)!;
  const what = kind === 'file' ? deed.mailbox : kind === 'forward' ? deed.address : kind === 'label' ? labelFor(deed) : undefined;
  if (what !== undefined) return `${t(`rules.do.${kind}`)} ${quoted(what)}`;
  const flag = deed.flags?.[0] ?? '';
  return kind === 'flags' ? `${t('rules.do.flags')} ${FLAGS[flag] ? t(FLAGS[flag]) : flag}` : t(`rules.do.${kind}`);
}

/** undefined: the dialog cannot show it; the server has words of its own. */
export function sentenceOf(rule: Rule): string | undefined {
  if (!isEditable(rule)) return undefined;
  const what = splitFlags(rule).actions.map(deedWords).join(' · ');
  if (rule.conditions.length === 0) return t('rules.sentenceAll', { what });
  return t('rules.sentence', { when: list(rule.conditions.map(conditionWords), rule.match === 'any' ? 'disjunction' : 'conjunction'), what });
}
