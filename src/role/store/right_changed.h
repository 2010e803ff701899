/* What has changed among numbered objects of an account, as three lists of numbers, 8 octets each: of
 * submissions and identities. */
#ifndef ROLE_STORE_RIGHT_CHANGED_H
#define ROLE_STORE_RIGHT_CHANGED_H

#include "base/buf.h"
#include "mail/submission.h"

struct right_changed {
	uint64_t since;
	struct buf created, updated, destroyed;
};

static inline void right_changed_init(struct right_changed *c, uint64_t since)
{
	c->since = since;
	buf_init(&c->created, SUBMISSION_NUMBERS_MAX);
	buf_init(&c->updated, SUBMISSION_NUMBERS_MAX);
	buf_init(&c->destroyed, SUBMISSION_NUMBERS_MAX);
}

/* One that is there, and has changed since. */
static inline void right_changed_add(struct right_changed *c, uint64_t number, uint64_t created)
{
	buf_append_u64(created > c->since ? &c->created : &c->updated, number);
}

/* One that went since. It may have come since as well, which whoever asks never learnt of: that does no harm.
 */
static inline void right_changed_gone(struct right_changed *c, uint64_t number)
{
	buf_append_u64(&c->destroyed, number);
}

/* False: more than a list holds. */
static inline bool right_changed_is_whole(const struct right_changed *c)
{
	return !buf_failed(&c->created) && !buf_failed(&c->updated) && !buf_failed(&c->destroyed);
}

static inline void right_changed_done(struct right_changed *c)
{
	buf_done(&c->created);
	buf_done(&c->updated);
	buf_done(&c->destroyed);
}

#endif
