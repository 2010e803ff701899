/** What the dialog of a rule can say: conditions and deeds as people choose them, and what each is in a rule. No screen, no network. */
import { isLabelKeyword, keywordOfLabel, labelOfKeyword } from '../../base/labels.ts';
import type { Condition, Deed, Rule } from './scripts.ts';

/** What a condition is about, in the words of people, and what that is in a rule. */
export const ABOUT: Record<string, Pick<Condition, 'test' | 'fields'>> = {
  from: { test: 'address', fields: ['from'] },
  to: { test: 'address', fields: ['to', 'cc'] },
  subject: { test: 'header', fields: ['subject'] },
  list: { test: 'header', fields: ['list-id'] },
  body: { test: 'body' },
  attachment: { test: 'attachment' },
  size: { test: 'size' },
};

const TEXT_HOWS = ['contains', 'is', 'begins', 'ends', 'matches'];
const not = (how: string): string => `not ${how}`;
/** With "not" before it where the opposite is meant; as options are named. */
const HOWS: Record<string, string[]> = {
  attachment: ['exists', not('exists')],
  size: ['over', 'under'],
  '': [...TEXT_HOWS, ...TEXT_HOWS.map(not)],
};

export function howsOf(about: string): string[] {
  return HOWS[about] ?? HOWS['']!;
}

export function howOf(condition: Condition): string {
  return condition.not ? not(condition.how) : condition.how;
}

/** undefined: the dialog has no words for it, and it is edited as text. */
export function aboutOf(condition: Condition): string | undefined {
  const fields = (condition.fields ?? []).map((field) => field.toLowerCase()).join();
  const about = Object.keys(ABOUT).find((name) => ABOUT[name]!.test === condition.test && (ABOUT[name]!.fields ?? []).join() === fields);
  return about !== undefined && howsOf(about).includes(howOf(condition)) ? about : undefined;
}

/** The usual size to begin with: more than a letter has. */
const SIZE = 1 << 20;

/** The same condition about something else: it keeps what still makes sense. */
export function withAbout(condition: Condition | undefined, about: string): Condition {
  const old = condition && howsOf(about).includes(howOf(condition)) ? condition : undefined;
  const made: Condition = { ...ABOUT[about]!, how: old?.how ?? howsOf(about)[0]!, ...(old?.not && { not: true }) };
  if (about === 'attachment') return made;
  if (about === 'size') return { ...made, number: condition?.number || SIZE };
  return { ...made, values: condition?.values ?? [] };
}

export function withHow(condition: Condition, how: string): Condition {
  const { not: _, ...rest } = condition;
  return how.startsWith('not ') ? { ...rest, how: how.slice(4), not: true } : { ...rest, how };
}

export const UNITS = { KB: 1 << 10, MB: 1 << 20 } as const;
export type Unit = keyof typeof UNITS;

/** The largest unit of which it is a whole number; what is less than either is told in the smaller one. */
export function sizeOf(octets: number): { amount: number; unit: Unit } {
  const unit: Unit = octets >= UNITS.MB && octets % UNITS.MB === 0 ? 'MB' : 'KB';
  return { amount: octets / UNITS[unit], unit };
}

// ---- deeds ----

/** A label is a flag with a name of its own. */
export type DeedKind = 'file' | 'label' | 'flags' | 'forward' | 'discard' | 'stop';
export const DEEDS: DeedKind[] = ['file', 'label', 'flags', 'forward', 'discard', 'stop'];

/** Flags that have words here: as IMAP names them. */
export const FLAGS: Record<string, string> = { '\\Seen': 'rules.flag.seen', '\\Flagged': 'rules.flag.flagged' };

export function kindOf(deed: Deed): DeedKind | undefined {
  if (deed.do === 'flags') return deed.flags?.length === 0 || isLabelKeyword((deed.flags?.[0] ?? '').toLowerCase()) ? 'label' : 'flags';
  return DEEDS.find((kind) => kind === deed.do);
}

export function emptyDeed(kind: DeedKind): Deed {
  if (kind === 'file') return { do: 'file', mailbox: '', create: true };
  if (kind === 'label') return { do: 'flags', flags: [] };
  if (kind === 'flags') return { do: 'flags', flags: ['\\Seen'] };
  if (kind === 'forward') return { do: 'forward', address: '', copy: true };
  return { do: kind };
}

/** undefined: no label can have this name. */
export function keywordFor(name: string): string | undefined {
  const keyword = keywordOfLabel(name);
  return keyword !== undefined && isLabelKeyword(keyword) ? keyword : undefined;
}

export function labelFor(deed: Deed): string {
  const keyword = deed.flags?.[0];
  return keyword === undefined ? '' : labelOfKeyword(keyword.toLowerCase());
}

/** Labels that this rule gives. */
export function labelsOf(rule: Rule): string[] {
  return rule.actions.flatMap((deed) => (kindOf(deed) === 'label' ? (deed.flags ?? []).map((flag) => flag.toLowerCase()) : []));
}

/** For the dialog: a deed of several flags is one for each. */
export function splitFlags(rule: Rule): Rule {
  return { ...rule, actions: rule.actions.flatMap((deed) => (deed.do === 'flags' ? (deed.flags ?? []).map((flag): Deed => ({ do: 'flags', flags: [flag] })) : [deed])) };
}

export function isEditable(rule: Rule): boolean {
  return rule.conditions.every((one) => aboutOf(one) !== undefined) && splitFlags(rule).actions.every((one) => kindOf(one) !== undefined);
}

// ---- mail of a list ----

/** A list's name and its id, of a List-Id field (RFC 2919); undefined: it has none. */
export function listOf(field: string | null | undefined): { id: string; name: string } | undefined {
  const [, phrase = '', inside] = /^([^<]*)<([^<>]+)>\s*$/.exec(field?.trim() ?? '') ?? [];
  const id = (inside ?? (/^[^\s<>]+$/.test(field?.trim() ?? '') ? field!.trim() : '')).trim();
  return id === '' ? undefined : { id, name: phrase.replaceAll('"', '').trim() || id };
}
