/*
 * Push of what others share (RFC 8620 section 7.1: a StateChange names accounts): each shared mailbox that
 * the user has accepted is watched, and when one changes, the states of its account are asked for, as this
 * user may see them.
 */
#ifndef ROLE_WEB_WEB_SHARES_H
#define ROLE_WEB_WEB_SHARES_H

#include "format/json_out.h"
#include "role/web/web_user.h"

struct web_shares;

/* Asks what is shared. */
struct web_shares *web_shares_new(struct web_user *user);
/* Ends the watches. NULL is allowed. */
void web_shares_free(struct web_shares *s);

/* What is shared may be something else now. */
void web_shares_look(struct web_shares *s);

/* An answer on the user's channel. True: web_shares_put has something new. */
bool web_shares_answer(struct web_shares *s, uint32_t request, unsigned type, const void *said);

/*
 * Writes members "A3": {"Email": "12-5"}, of these types (bits of mail_push_types): of accounts that have
 * changed since web_shares_told, or of all. False: there was none.
 */
bool web_shares_put(const struct web_shares *s, struct json_out *w, uint32_t types, bool all);
void web_shares_told(struct web_shares *s);

#endif
