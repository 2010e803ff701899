/*
 * Several people signed in in one browser. Each has a seat: a number, a cookie of its own, and a prefix of
 * the path that chooses it. What is below "/u/1/" is the same as below "/", with the cookie of seat 1;
 * without a prefix it is seat 0. The prefix is taken off before the path is looked at, so routes know nothing
 * of it.
 */
#ifndef ROLE_WEB_WEB_SEAT_H
#define ROLE_WEB_WEB_SEAT_H

#include "base/buf.h"

enum {
	/*
	 * All their cookies go along with every request: five tokens are some 4 KB of the 32 that a header
	 * may have. A person has one account or two, and a desk has few people.
	 */
	WEB_SEATS = 5
};

/*
 * Takes the prefix off a path that is decoded: the seat. "/u/1" alone is "/" of seat 1. What is no prefix
 * stays, and is seat 0: a number that there is not, "/u/0/", "/u/01/". Such a path is none of any route's.
 */
unsigned web_seat_take(struct view *path);

/*
 * The same, where the path stands as it was sent, too (`raw`): a prefix that is escaped in it is none. Our
 * pages' scripts read their seat from the address as it was sent, so they and the server never disagree.
 */
unsigned web_seat_take_literal(struct view *path, struct view raw);

/* "", or "/u/1": what stands before each path that leads back to the same seat. */
const char *web_seat_prefix(unsigned seat);

/* The name of its cookie. */
const char *web_seat_cookie(unsigned seat);

/* The first seat but this one whose cookie is in the request's field; WEB_SEATS: there is none. */
unsigned web_seat_other(struct view cookies, unsigned seat);

/* Appends {"seats": 5, "taken": [0, 2]}: how many there are, and which have a cookie. Whether its session
 * goes on is not looked at. */
void web_seat_tell(struct buf *out, struct view cookies);

#endif
