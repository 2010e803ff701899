/*
 * Inside account/: the account's keywords. A name has a number, which messages' flags name; numbers below
 * FLAG_KEYWORDS have a bit, and the first names that an account uses get these. A name that no message has
 * any more is forgotten, and its number given to another.
 */
#ifndef ACCOUNT_KEYWORDS_H
#define ACCOUNT_KEYWORDS_H

#include <string.h>

#include "account/change.h"

/* A message's flags whole. */
struct message_flags {
	uint64_t bits;            /* FLAG_MORE says that `more` isn't empty */
	struct account_more more; /* its count is set; the numbers only so far */
};

/* Most messages have no more keywords, and each change copies the flags of each message. */
static inline void message_flags_copy(struct message_flags *to, const struct message_flags *from)
{
	to->bits = from->bits;
	to->more.count = from->more.count;
	if (from->more.count)
		memcpy(to->more.numbers, from->more.numbers, from->more.count * sizeof *to->more.numbers);
}

/* The number of a name; -ENOENT. Case makes no difference. */
int keywords_find(struct account_change *c, struct view name, uint32_t *number)
    __attribute__((warn_unused_result));

/*
 * The same, with a number for a new name: a message that gets it must follow in this change. -EINVAL: no
 * name, or longer than MAIL_KEYWORD_MAX; -EMLINK: the account has ACCOUNT_KEYWORDS_MAX.
 */
int keywords_get(struct account_change *c, struct view name, uint32_t *number)
    __attribute__((warn_unused_result));

/* Counts that a message has, or has no longer, all keywords in these flags. */
int keywords_count(struct account_change *c, const struct message_flags *flags, int messages)
    __attribute__((warn_unused_result));

/* Adds or takes away a keyword. -EMLINK: the message has ACCOUNT_MORE_KEYWORDS_MAX already. Not counted. */
int keywords_add(struct message_flags *flags, uint32_t number) __attribute__((warn_unused_result));
void keywords_remove(struct message_flags *flags, uint32_t number);

/* Forgets a name that no message has: for one that was got, and not given after all. */
int keywords_settle(struct account_change *c, uint32_t number) __attribute__((warn_unused_result));

/* For change_end: what was counted and not yet written. */
int keywords_write_uses(struct account_change *c) __attribute__((warn_unused_result));

#endif
