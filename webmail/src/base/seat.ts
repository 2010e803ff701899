/**
 * Several people signed in in one browser: each has a seat, as the server has it (src/role/web/web_seat.h). "/u/1/..." is seat 1 and its
 * cookie, whatever has no such prefix is seat 0. The address of a page says whose it is, and so does that of a service worker; a worker is
 * told by its name. What they ask, keep and say to each other is that person's alone.
 */

/** There are so many: WEB_SEATS of the server, which test/seat.test.ts compares. All else that has to do with their number comes from here. */
const SEATS = 5;

/** The number of a seat as a pattern; seat 0 has none in any name. */
export const SEAT_NUMBER = `[1-${SEATS - 1}]`;

const PREFIX = new RegExp(`^/u/(${SEAT_NUMBER})(?=/|$)`);
const OWN_KEY_OF_OTHERS = new RegExp(`^postrider\\.${SEAT_NUMBER}\\.`);

export const seatOf = (path: string): number => Number(PREFIX.exec(path)?.[1] ?? 0);
export const withoutSeat = (path: string): string => path.replace(PREFIX, '') || '/';
export const prefixOf = (of: number): string => (of ? `/u/${of}` : '');

/** The name of a worker of this seat. Its address would say nothing: a file that the browser kept has the one that it was kept under. */
export const workerName = (name: string, of = seat): string => `${name} ${prefixOf(of)}/`;

export function seatOfProgram({ document, name, location }: { document?: unknown; name?: string; location?: { pathname: string } }): number {
  const isWorker = document === undefined && name !== undefined;
  return seatOf(isWorker ? name.slice(name.indexOf('/')) : (location?.pathname ?? '/'));
}

/** The seat that this program runs in. */
export const seat = seatOfProgram(globalThis as Parameters<typeof seatOfProgram>[0]);

/** A path of this server, in this seat. */
export const at = (path: string): string => prefixOf(seat) + path;

/** What a thing of the browser is called that each seat has one of: locks, channels, caches. */
export const named = (name: string, of = seat): string => (of ? `${name}-${of}` : name);

/** The same of what stands in the browser's small store (localStorage), where all of ours begins alike. */
export const ownKey = (name: string, of = seat): string => (of ? `postrider.${of}.${name}` : `postrider.${name}`);

export function isOwnKey(key: string, of = seat): boolean {
  return key.startsWith(ownKey('', of)) && (of > 0 || !OWN_KEY_OF_OTHERS.test(key));
}

/** A page of this seat. */
export const isOwnUrl = (url: string): boolean => seatOf(new URL(url).pathname) === seat;

/** The service worker of this seat: each seat has one, with a subscription of its own. */
export async function ownRegistration(): Promise<ServiceWorkerRegistration | undefined> {
  const all = await navigator.serviceWorker.getRegistrations();
  return all.find(({ scope }) => new URL(scope).pathname === at('/'));
}

export interface Person {
  seat: number;
  address: string;
  /** As the person writes it in front of the address; empty: not known. */
  name: string;
}

function kept(key: string): string | null {
  try {
    return globalThis.localStorage?.getItem(key) ?? null;
  } catch {
    // A browser that keeps nothing knows of nobody else.
    return null;
  }
}

/** All seats but those where somebody stays. */
export function seatsBut(stay: readonly { seat: number }[]): number[] {
  return Array.from({ length: SEATS }, (_, of) => of).filter((of) => !stay.some((one) => one.seat === of));
}

/** Who else is signed in in this browser: their programs have noted it (model/person.ts). The session may have ended unheard: see signedInBeside. */
export function others(): Person[] {
  return seatsBut([{ seat }])
    .flatMap((of) => {
      const address = kept(ownKey('person', of));
      return address === null ? [] : [{ seat: of, address, name: kept(ownKey('name', of)) ?? '' }];
    });
}

/** There is a seat for one more person. */
export const hasFreeSeat = (): boolean => seatsBut([{ seat }, ...others()]).length > 0;

export interface Seats {
  seats: number;
  /** Those with a cookie; its session may have ended. */
  taken: number[];
}

export async function fetchSeats(): Promise<Seats> {
  const answer = await fetch(at('/auth/seats'));
  if (!answer.ok) throw new Error(`The server answered with ${answer.status}.`);
  return (await answer.json()) as Seats;
}

/** Others whose things stay at a sign-out: noted here, and not without a cookie. Where the server does not say it, all who are noted. */
export async function signedInBeside(): Promise<Person[]> {
  const noted = others();
  if (!noted.length) return noted;
  try {
    const { taken } = await fetchSeats();
    return noted.filter((one) => taken.includes(one.seat));
  } catch {
    return noted;
  }
}
