/** A password that nobody guesses and that can be read out: groups of letters and digits that are not taken for others. */
const SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789';
/** 20 of 31 signs: 99 bits. */
const GROUPS = 5;
const IN_A_GROUP = 4;
/** The largest multiple of the signs' number that an octet holds: those above it would make some signs more likely. */
const FAIR = 256 - (256 % SIGNS.length);

export function newPassword(): string {
  let signs = '';
  while (signs.length < GROUPS * IN_A_GROUP) for (const octet of crypto.getRandomValues(new Uint8Array(GROUPS * IN_A_GROUP))) if (octet < FAIR) signs += SIGNS[octet % SIGNS.length]!;
  return Array.from({ length: GROUPS }, (_, at) => signs.slice(at * IN_A_GROUP, (at + 1) * IN_A_GROUP)).join('-');
}
