/** The words of a body as it is kept (`bodies.ts`): plain text, and HTML without its tags. What others wrote is read in one go, from left to right. */
import type { Json } from './emails.ts';

/** Characters of a body that are looked at: longer ones are data, or hostile. */
const TEXT_MAX = 256 * 1024;

/** What stands in them is not shown. */
const HIDDEN = new Set(['style', 'script', 'title', 'template', 'head']);
/** Words go on over these. */
const WITHIN_WORDS = new Set(['a', 'abbr', 'b', 'bdi', 'bdo', 'big', 'code', 'del', 'em', 'font', 'i', 'ins', 'kbd', 'mark', 'q', 's', 'small', 'span', 'strike', 'strong', 'sub', 'sup', 'tt', 'u', 'wbr']);
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', shy: '' };

function character(whole: string, name: string): string {
  if (name[0] !== '#') return ENTITIES[name.toLowerCase()] ?? whole;
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
}

export function textOfHtml(html: string): string {
  let text = '';
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) break;
    text += html.slice(at, open);
    at = html.length;
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open + 4);
      if (end >= 0) at = end + 3;
      continue;
    }
    const name = /^<\/?([a-z][a-z0-9]*)/i.exec(html.slice(open, open + 24))?.[1]?.toLowerCase();
    if (!name) {
      text += '<';
      at = open + 1;
      continue;
    }
    const end = html.indexOf('>', open);
    if (end < 0) continue;
    at = end + 1;
    if (HIDDEN.has(name) && html[open + 1] !== '/') {
      const closing = new RegExp(`</${name}`, 'gi');
      closing.lastIndex = at;
      at = closing.exec(html)?.index ?? html.length;
    } else if (!WITHIN_WORDS.has(name)) text += ' ';
  }
  return (text + html.slice(at)).replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,8});/gi, character);
}

const isNamed = (key: string, name: string): boolean => key === name || key.startsWith(`${name} `);

/** The values of all parts, each once, whatever they were asked for with. */
export function textOfBody(body: Json): string {
  const html = new Set<string>();
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(body)) {
    if (isNamed(key, 'bodyValues')) for (const [part, told] of Object.entries((value ?? {}) as Record<string, { value?: string }>)) values.set(part, told?.value ?? '');
    else if (isNamed(key, 'textBody') || isNamed(key, 'htmlBody')) for (const { partId, type } of (value ?? []) as { partId?: string; type?: string }[]) if (partId && type === 'text/html') html.add(partId);
  }
  return [...values].map(([part, value]) => (html.has(part) ? textOfHtml(value.slice(0, TEXT_MAX)) : value.slice(0, TEXT_MAX))).join('\n');
}
