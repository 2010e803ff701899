/** Whether a text speaks of a file that goes along. */

/** `list`: words of the writer's language, separated by commas; "*" at a word's end stands for any ending. */
export function speaksOfFile(text: string, list: string): boolean {
  const words = list.split(',').map((word) => word.trim().toLowerCase()).filter(Boolean);
  const lower = text.toLowerCase();
  return words.some((word) => {
    const stem = word.replace(/\*$/, '');
    for (let at = lower.indexOf(stem); at >= 0; at = lower.indexOf(stem, at + 1)) {
      const before = at === 0 || !/[\p{L}\p{N}]/u.test(lower[at - 1]!);
      const next = lower[at + stem.length];
      // Languages without blanks between words have no word boundaries either.
      const isLetterless = /[\u3040-\u30ff\u4e00-\u9fff]/.test(stem);
      if (isLetterless || (before && (word.endsWith('*') || next === undefined || !/[\p{L}\p{N}]/u.test(next)))) return true;
    }
    return false;
  });
}
