/** What a call refers to in the answer of one before it (RFC 8620 section 3.7), by the two kinds of paths that our program has. */
export function referred(answer: Record<string, any>, path: string): string[] {
  const name = path.split('/').at(-1)!;
  return path.startsWith('/list/*/') ? (answer['list'] as Record<string, any>[]).flatMap((one) => one[name]) : answer[name];
}
