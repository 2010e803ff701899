/** Text of lines that flow (RFC 3676): long lines are broken where a reader's screen may break them anew. */

/** RFC 3676 section 4.2: lines of at most 78 characters; 72 leave room for a few levels of quoting. */
const WIDTH = 72;

interface Line {
  depth: number;
  text: string;
}

/** "> > text" and ">> text" both are text at depth 2. */
function readQuoting(line: string): Line {
  const marks = /^(?:> ?)+/.exec(line);
  if (!marks) return { depth: 0, text: line };
  return { depth: marks[0].replace(/ /g, '').length, text: line.slice(marks[0].length) };
}

function writeLine(depth: number, text: string): string {
  if (depth > 0) return '>'.repeat(depth) + (text ? ` ${text}` : '');
  return /^(?: |>|From )/.test(text) ? ` ${text}` : text;
}

/** Pieces that end with a blank but for the last. A word that is longer than a line stays whole. */
function broken(text: string, width: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > width) {
    let cut = rest.lastIndexOf(' ', width);
    if (cut <= 0) cut = rest.indexOf(' ', width);
    // A piece that began with a blank would be read as stuffed; blanks stay at the end of the one before.
    while (cut > 0 && rest[cut + 1] === ' ') cut++;
    if (cut <= 0 || cut + 1 >= rest.length) break;
    pieces.push(rest.slice(0, cut + 1));
    rest = rest.slice(cut + 1);
  }
  pieces.push(rest);
  return pieces;
}

/** Text whose lines are paragraphs, as text/plain; format=flowed. "> " at the head of a line is quoting. */
export function flow(text: string): string {
  const out: string[] = [];
  for (const whole of text.replace(/\r\n?/g, '\n').split('\n')) {
    const { depth, text: words } = readQuoting(whole);
    if (words === '-- ') {
      out.push(writeLine(depth, words));
      continue;
    }
    // A blank at the end would make a hard line end soft (section 4.2).
    for (const piece of broken(words.replace(/ +$/, ''), WIDTH - depth)) out.push(writeLine(depth, piece));
  }
  return out.join('\n');
}

/** What `flow` was made of: each paragraph is one line again. */
export function unflow(text: string, delsp = false): string {
  const out: string[] = [];
  let open: Line | null = null;
  for (const whole of text.replace(/\r\n?/g, '\n').split('\n')) {
    const marks = /^>*/.exec(whole)![0].length;
    const words = whole.slice(marks).replace(/^ /, '');
    const line: Line = { depth: marks, text: words };
    // A signature's mark is no soft line end, and other depth ends a paragraph (sections 4.3 and 4.5).
    const joins: boolean = open !== null && open.depth === line.depth && words !== '-- ';
    const text: string = joins ? (delsp ? open!.text.replace(/ $/, '') : open!.text) + words : words;
    if (open && !joins) out.push(quoted(open));
    const current: Line = { depth: line.depth, text };
    if (words.endsWith(' ') && words !== '-- ') open = current;
    else {
      out.push(quoted(current));
      open = null;
    }
  }
  if (open) out.push(quoted(open));
  return out.join('\n');
}

function quoted(line: Line): string {
  return line.depth ? `${'> '.repeat(line.depth)}${line.text}`.trimEnd() : line.text;
}

/** Each line one level deeper. */
export function quoteText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => (line.startsWith('>') ? `>${line}` : line ? `> ${line}` : '>'))
    .join('\n');
}
