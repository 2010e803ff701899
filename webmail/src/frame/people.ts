/** Others who are signed in in this browser: going over to them, and signing in beside them (base/seat.ts). */
import { effect } from '@preact/signals';
import { at, fetchSeats, others, type Person, prefixOf, seat, type Seats } from '../base/seat.ts';
import { t } from '../base/words.ts';
import { mail } from '../model/current.ts';
import { noteName } from '../model/person.ts';
import { say } from '../model/undo.ts';
import { HOME, pathOf } from './router.ts';

const HOME_OF = (of: number): string => prefixOf(of) + pathOf(HOME).slice(at('').length);

export const nameOfPerson = ({ name, address }: Person): string => (name ? t('frame.person', { name, address }) : address);

export function goToPerson(person: Person): void {
  location.assign(HOME_OF(person.seat));
}

/** Where one is after signing out: at somebody else's, or where anybody signs in. */
export function pathAfterSignOut(): string {
  const [next] = others();
  return next ? HOME_OF(next.seat) : '/?sign-in';
}

/** The seat that the next person gets; undefined: there is somebody in each. */
export function freeSeat({ seats, taken }: Seats, people: readonly { seat: number }[]): number | undefined {
  const all = Array.from({ length: seats }, (_, one) => one);
  const isEmpty = (one: number): boolean => !taken.includes(one) && !people.some((person) => person.seat === one);
  return all.find(isEmpty) ?? all.find((one) => !people.some((person) => person.seat === one));
}

export async function addAccount(): Promise<void> {
  let seats: Seats;
  try {
    seats = await fetchSeats();
  } catch {
    say(t('frame.notAdded'), true);
    return;
  }
  const free = freeSeat(seats, [{ seat }, ...others()]);
  if (free === undefined) say(t('frame.noSeat', { count: seats.seats }), true);
  else location.assign(`${prefixOf(free)}/?sign-in`);
}

/** Beside the address, others in this browser are shown the name with which the person writes. */
export function tellOthers(): void {
  const store = mail();
  effect(() => {
    const own = store.identities.all().find(({ email }) => email === store.layer.session.username);
    noteName(own?.name ?? '');
  });
}
