/** HTML as text, without a document: what a browser has serialised, or what is made here. */

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&quot;'));
}

/** Lines of text as HTML that shows them alike. */
export function htmlOfText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => `<div>${escapeHtml(line).replace(/^ | (?= )| $/g, '&nbsp;') || '<br>'}</div>`)
    .join('');
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', shy: '', zwnj: '', ndash: '–', mdash: '—', hellip: '…', copy: '©', euro: '€' };

function unescapeHtml(text: string): string {
  return text
    .replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,10}));/gi, (whole, hex: string, decimal: string, name: string) => {
      if (name) return NAMED[name] ?? whole;
      const code = hex ? parseInt(hex, 16) : parseInt(decimal, 10);
      return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : '\ufffd';
    });
}

interface Tag {
  name: string;
  closes: boolean;
  attributes: string;
}

/** Where the tag that begins at `open` ends: behind its ">" outside of quotes. -1: nowhere. */
function endOfTag(html: string, open: number): number {
  for (let at = open; at < html.length; at++) {
    const c = html[at]!;
    if (c === '>') return at + 1;
    if (c === '"' || c === "'") {
      at = html.indexOf(c, at + 1);
      if (at < 0) return -1;
    }
  }
  return -1;
}

/** Cuts HTML into tags and texts, in one pass. Comments and declarations are dropped; "<" that begins nothing is text; a tag without an end is dropped. */
function* tokens(html: string): Generator<Tag | string> {
  let text = 0;
  for (let open = html.indexOf('<'); open >= 0; open = html.indexOf('<', open)) {
    const next = html[open + 1] ?? '';
    if (!/[a-z/!?]/i.test(next)) {
      open++;
      continue;
    }
    if (open > text) yield html.slice(text, open);
    const comment = html.startsWith('<!--', open);
    const end = comment ? html.indexOf('-->', open + 4) + 3 : next === '!' || next === '?' ? html.indexOf('>', open) + 1 : endOfTag(html, open);
    if (end < 3) return;
    const found = comment ? null : /^<(\/?)([a-z][a-z0-9:-]*)/i.exec(html.slice(open, open + 80));
    if (found) yield { name: found[2]!.toLowerCase(), closes: found[1] === '/', attributes: html.slice(open + found[0].length, end - 1) };
    text = open = end;
  }
  if (text < html.length) yield html.slice(text);
}

export function attribute(attributes: string, name: string): string | null {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(attributes);
  return found ? unescapeHtml(found[1] ?? found[2] ?? found[3] ?? '') : null;
}

const BLOCKS = new Set('address article aside blockquote center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul'.split(' '));
const SPACED = new Set('p h1 h2 h3 h4 h5 h6 ul ol dl table pre'.split(' '));
const SILENT = new Set('script style head title template noscript textarea object svg math select'.split(' '));

/** Deepest quoting that is shown; what lies deeper stays at this depth. */
const DEPTH_MAX = 30;

class TextWriter {
  private lines: string[] = [];
  private line = '';
  private hasText = false;
  private prefixes: string[] = [];
  private gap = false;

  text(text: string, pre: boolean): void {
    if (pre) {
      const [first, ...more] = text.split('\n');
      this.put(first!);
      for (const line of more) {
        this.end(true);
        this.put(line);
      }
      return;
    }
    let words = text.replace(/[ \t\r\n\f]+/g, ' ');
    if (!this.hasText || this.line.endsWith(' ')) words = words.replace(/^ /, '');
    if (words) this.put(words);
  }

  private put(text: string): void {
    if (!text) return;
    if (this.gap) {
      if (this.lines.length && this.lines.at(-1) !== this.prefix().trimEnd()) this.lines.push(this.prefix().trimEnd());
      this.gap = false;
    }
    this.line += text;
    this.hasText = true;
  }

  prefix(): string {
    return this.prefixes.slice(0, DEPTH_MAX).join('');
  }

  /** Ends the line; `always`: an empty one as well. */
  end(always = false): void {
    if (this.hasText || always) {
      if (this.gap && this.lines.length) this.put('');
      this.gap = false;
      const text = this.line === '-- ' ? this.line : this.line.trimEnd();
      this.lines.push(text ? this.prefix() + text : this.prefix().trimEnd());
    }
    this.line = '';
    this.hasText = false;
  }

  paragraph(): void {
    this.end();
    this.gap = this.lines.length > 0;
  }

  push(prefix: string): void {
    this.prefixes.push(prefix);
  }

  pop(): void {
    this.prefixes.pop();
  }

  result(): string {
    this.end();
    return this.lines.join('\n').replace(/\u00a0/g, ' ');
  }
}

interface List {
  ordered: boolean;
  number: number;
}

/** The plain text twin of HTML: lines, "> " before quotes, "- " and numbers before items, addresses of links where the text hides them. */
export function textOfHtml(html: string): string {
  const out = new TextWriter();
  const lists: List[] = [];
  const quotes: boolean[] = [];
  const links: { href: string; text: string }[] = [];
  let silent: string | null = null;
  let pre = 0;
  for (const token of tokens(html)) {
    if (typeof token === 'string') {
      if (silent) continue;
      const text = unescapeHtml(token);
      for (const link of links) link.text += text;
      out.text(text, pre > 0);
      continue;
    }
    const { name, closes, attributes } = token;
    if (silent) {
      if (closes && name === silent) silent = null;
      continue;
    }
    if (SILENT.has(name)) {
      if (!closes && !attributes.endsWith('/')) silent = name;
      continue;
    }
    if (name === 'br') out.end(true);
    else if (name === 'hr') {
      out.end();
      out.text('-'.repeat(40), false);
      out.end();
    } else if (name === 'img') {
      const alt = attribute(attributes, 'alt');
      if (alt) out.text(`[${alt}]`, false);
    } else if (name === 'a') {
      if (!closes) links.push({ href: attribute(attributes, 'href') ?? '', text: '' });
      else {
        const link = links.pop();
        const shown = link?.text.trim() ?? '';
        if (link && /^(?:https?|mailto|tel):/i.test(link.href) && shown && !link.href.replace(/^(?:mailto|tel):/i, '').includes(shown)) out.text(` <${link.href}>`, false);
      }
    } else if (name === 'td' || name === 'th') {
      if (closes) out.text(' ', false);
    } else if (BLOCKS.has(name)) {
      if (!closes && name === 'div' && /\bpostrider-signature\b/.test(attribute(attributes, 'class') ?? '')) {
        out.end();
        out.text('-- ', true);
      }
      if (SPACED.has(name)) out.paragraph();
      else out.end();
      if (name === 'pre') pre = Math.max(0, pre + (closes ? -1 : 1));
      if (name === 'blockquote') {
        if (!closes) {
          const cited = !/\bstyle\s*=\s*["'][^"']*(?:margin|padding)/i.test(attributes) || /type\s*=\s*["']?cite/i.test(attributes);
          quotes.push(cited);
          out.push(cited ? '> ' : '    ');
        } else if (quotes.pop() !== undefined) out.pop();
      }
      if (name === 'ul' || name === 'ol') {
        if (!closes) {
          if (lists.length) out.push('  ');
          lists.push({ ordered: name === 'ol', number: 0 });
        } else if (lists.pop() && lists.length) out.pop();
      }
      if (name === 'li' && !closes) {
        const list = lists.at(-1);
        out.text(list?.ordered ? `${++list.number}. ` : '- ', true);
      }
    }
  }
  return out.result().replace(/\n+$/, '');
}
