/*
 * JMAP's machine of a user (jmap/jmap.h): made when it is first wanted, and given up when it has not been for
 * ten minutes, with the tables that it keeps.
 */
#ifndef ROLE_WEB_WEB_JMAP_H
#define ROLE_WEB_WEB_JMAP_H

#include "jmap/jmap.h"
#include "role/web/web_user.h"

extern const struct web_user_part web_jmap_part;

/* NULL: the user is lost. */
struct jmap_session *web_jmap_of(struct web_user *user);

/* Whether one more request of the user may be carried out; counts it, until web_jmap_end. */
bool web_jmap_begin(struct web_user *user);
void web_jmap_end(struct web_user *user);

/*
 * What is held in memory for requests, of all users: bodies that are being gathered, and responses that wait
 * to be taken. False: it would be too much, and nothing is counted: the request is answered with 503. A user
 * who holds little is not refused for the others' sake.
 */
bool web_jmap_hold(struct web_user *user, size_t octets);
void web_jmap_let_go(struct web_user *user, size_t octets);
/* The same for what is there already; a request that would make more is refused meanwhile. */
void web_jmap_note(struct web_user *user, size_t octets);
bool web_jmap_is_full(const struct web_user *user);

#endif
