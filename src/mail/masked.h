/*
 * Masked addresses: addresses that a user makes for himself, one for each whom he gives one, and turns off
 * when mail comes to it that he does not want. Questions on an account's channel, as mail/mail.h has them;
 * each ends with MAIL_DONE. Of the session's own account alone.
 */
#ifndef MAIL_MASKED_H
#define MAIL_MASKED_H

#include "base/view.h"

enum masked_type {
	/* Questions. */
	MASKED_GET = 1392, /* MASKED_ENTRY for each */
	MASKED_CREATE,     /* MASKED_ENTRY */
	MASKED_UPDATE,

	/* Answers. */
	MASKED_ENTRY,
	MASKED_TYPES_END
};

/* One that is not enabled takes no mail and sends none. Deleted ones are shown no more by programs. None is
 * ever given to somebody else. */
enum masked_state { MASKED_ENABLED, MASKED_DISABLED, MASKED_DELETED, MASKED_STATE_LAST = MASKED_DELETED };

enum {
	MASKED_HOUR_MAX = 20, /* made in an hour by one account: more than a person needs on a busy day */
	MASKED_EVER_MAX =
	    1000, /* made by one account in all, with those that are deleted: one slice of a read */
	MASKED_PREFIX_MAX = 24,
	MASKED_EMAIL_MAX = 320,
	MASKED_DOMAIN_MAX = 255,
	MASKED_TEXT_MAX = 300 /* octets of description and created_by */
};

struct masked_get {
	uint64_t unused;
};

/* Makes one at the account's own domain: the prefix (a-z, 0-9, "_", "-"), and what nobody can guess. Done:
 * number. -EMLINK: the settings masked_addresses and masked_domains,
 * or MASKED_EVER_MAX; -EUSERS: MASKED_HOUR_MAX; -EINVAL: the prefix. */
struct masked_create {
	uint64_t state;
	struct view prefix, for_domain, description, created_by;
};

enum {
	MASKED_HAS_STATE = 1 << 0,
	MASKED_HAS_DOMAIN = 1 << 1,
	MASKED_HAS_DESCRIPTION = 1 << 2,
	MASKED_HAS_ALL = 7
};

/* -ENOENT. -EACCES: an administrator has removed the address. -EMLINK: a deleted one would count again. */
struct masked_update {
	uint64_t number, has, state;
	struct view for_domain, description;
};

struct masked_entry {
	uint64_t number, state, created, last; /* seconds since 1970; last: when mail came to it; 0: never */
	struct view email, for_domain, description, created_by;
};

#endif
