/** Paths below which the program is, whatever its seat: any of them has its page. Others, as /account, are the server's own pages. */
const PLACES = /^\/(mail|search|compose|settings|admin)(\/|$)/;

/** `path`: without its seat (seat.ts). */
export const isPlace = (path: string): boolean => PLACES.test(path);
