/** Things that were made here and are not at the server yet, as it would tell them. */
import type { Id } from '../../jmap/types.ts';
import type { Json } from './emails.ts';
import { localId } from './log.ts';

const PREVIEW_CHARACTERS = 256;

const EMPTY: Json = {
  from: null, to: null, cc: null, bcc: null, replyTo: null, sender: null, subject: null, sentAt: null, messageId: null, inReplyTo: null, references: null,
  headers: [], bodyValues: {}, textBody: [], htmlBody: [], attachments: [], preview: '', hasAttachment: false, size: 0,
};

/** An Email as the person's program makes it, with what a list needs of it. A Message-ID is given here, so that it can be found again. */
export function newEmail(create: Json, now: Date, domain: string): Json {
  const values = (create['bodyValues'] ?? {}) as Record<string, { value: string }>;
  const part = create['textBody']?.[0] ?? create['htmlBody']?.[0];
  const text = (part && values[part.partId]?.value) ?? Object.values(values)[0]?.value ?? '';
  const preview = text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, PREVIEW_CHARACTERS);
  return {
    ...create,
    keywords: Object.fromEntries(Object.entries(create['keywords'] ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    messageId: create['messageId'] ?? [`${crypto.randomUUID()}@${domain}`],
    '@': {
      threadId: localId(),
      blobId: localId(),
      receivedAt: create['receivedAt'] ?? now.toISOString().replace(/\.\d+Z$/, 'Z'),
      size: Object.values(values).reduce((sum, { value }) => sum + value.length, 0),
      hasAttachment: (create['attachments'] ?? []).some((one: Json) => one['disposition'] !== 'inline'),
      preview,
    },
  };
}

export function localEmail(made: Json, id: Id, args: Json): Json {
  const whole: Json = { ...EMPTY, ...made['@'], ...made, id };
  delete whole['@'];
  const values = whole['bodyValues'] as Record<string, Json>;
  whole['bodyValues'] = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { isEncodingProblem: false, isTruncated: false, ...value }]));
  // A message of one text is shown as either: RFC 8621 section 4.1.4.
  if (!whole['textBody'].length) whole['textBody'] = whole['htmlBody'];
  if (!whole['htmlBody'].length) whole['htmlBody'] = whole['textBody'];
  const properties = args['properties'] as string[] | null | undefined;
  if (!properties) return whole;
  const result: Json = { id };
  for (const name of properties) result[name] = name in whole ? whole[name] : null;
  return result;
}

/** What the server would tell of a new record beside its id. */
export function newRecord(type: string, made: Json): Json {
  if (type === 'EmailSubmission') return { undoStatus: 'pending', sendAt: made['sendAt'] ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z') };
  return {};
}
