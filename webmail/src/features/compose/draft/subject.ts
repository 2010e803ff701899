/** Subjects of answers. */

/** What mail programs of many languages put in front of an answer's subject, with counters such as "Re[2]:". */
const REPLY = /^\s*(?:re|aw|antw|antwort|sv|vs|ref|rif|r|odp|ynt|res|回复|答复|回覆|返信|отв|ответ|رد)(?:\s*\[\d+\]|\s*\(\d+\)|\*\d+)?\s*[:：]\s*/iu;
const FORWARD = /^\s*(?:fwd?|wg|tr|rv|enc|i|doorst|vl|pd|fs|vb|转发|轉寄|転送|пересл|إعادة توجيه)(?:\s*\[\d+\]|\s*\(\d+\))?\s*[:：]\s*/iu;

/** Line ends and controls never get into a header field. */
export function oneLine(subject: string): string {
  return subject.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

function without(subject: string, prefix: RegExp): string {
  let text = subject;
  for (let i = 0; i < 20 && prefix.test(text); i++) text = text.replace(prefix, '');
  return text;
}

export function replySubject(subject: string): string {
  return `Re: ${without(oneLine(subject), REPLY)}`.trimEnd();
}

export function forwardSubject(subject: string): string {
  return `Fwd: ${without(oneLine(subject), FORWARD)}`.trimEnd();
}
