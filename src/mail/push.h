/*
 * Who wants to be told by HTTPS that an account has changed: JMAP's PushSubscription (RFC 8620 section 7.2),
 * as questions on the account's channel, as mail/mail.h has them; each ends with MAIL_DONE.
 *
 * A subscription belongs to what the person has signed in with when it was made: nobody else sees it, and it
 * goes when that is revoked. Before it is verified, which takes the code that was pushed to its URL, nothing
 * else is pushed there.
 */
#ifndef MAIL_PUSH_H
#define MAIL_PUSH_H

#include "base/view.h"
#include "mail/email_push.h"

enum push_type {
	/* Questions. */
	PUSH_GET = 1600, /* PUSH_ENTRY for each */
	PUSH_CREATE,     /* struct push_create */
	PUSH_UPDATE,     /* struct push_update */
	PUSH_REMOVE,     /* struct push_number */

	/* Answers. */
	PUSH_ENTRY,
	PUSH_TYPES_END
};

enum {
	PUSH_COUNT_MAX = 20,   /* of an account: more devices than a person has */
	PUSH_URL_MAX = 1024,   /* octets; push services' have some 200, Windows' up to 1,024 */
	PUSH_DEVICE_MAX = 255, /* octets of deviceClientId */
	PUSH_TYPES_MAX = 300,  /* octets of the names of types: all of ours, and some of others */
	PUSH_POINT_SIZE = 65,  /* octets of a public key of P-256, uncompressed */
	PUSH_AUTH_SIZE = 16,   /* of a subscriber's secret (RFC 8291 section 3.2) */
	PUSH_CODE_SIZE = 32,   /* letters of a verification code: 160 bits */
	/* A client that lives sees its expiry at least once a week (RFC 8620 section 7.2: at least 7 days).
	 */
	PUSH_SECONDS_MAX = 7 * 86400,
	/* Each makes this server ask a stranger: so many in an hour, for all who try devices. */
	PUSH_CREATED_MAX = 40
};

/* Done: modseq: 0. */
struct push_get {
	uint64_t unused;
};
struct push_entry {
	uint64_t number, expires; /* expires: seconds since 1970 */
	uint64_t all_types;
	struct view types; /* names, a line each */
	struct view device;
	struct view code;       /* empty: it is not verified */
	struct view email_json; /* what it wants to know of emails; empty: nothing */
};

/*
 * Makes one, and has its code pushed. Done: number; uidnext: when it expires. -EMLINK: PUSH_COUNT_MAX;
 * -EUSERS: PUSH_CREATED_MAX.
 */
struct push_create {
	uint64_t expires; /* 0: as late as may be */
	uint64_t all_types;
	struct view url, device, types;
	struct view point, auth; /* both empty: what is pushed is not encrypted */
	/* What it wants to know of emails that are delivered: the client's words, a JSON text, and their form
	   (mail/email_push.h). Both empty: nothing. With keys alone: -EPERM. */
	struct view email_json, email_form;
};

enum { PUSH_HAS_EXPIRES = 1, PUSH_HAS_TYPES = 2, PUSH_HAS_CODE = 4, PUSH_HAS_EMAILS = 8, PUSH_HAS_ALL = 15 };

/* Done: uidnext: when it expires. -ENOENT; -EACCES: the code is another one; -EPERM: it has no keys. */
struct push_update {
	uint64_t number, has;
	uint64_t expires, all_types;
	struct view types, code;
	struct view email_json, email_form; /* as in push_create */
};

/* Removes it. -ENOENT. */
struct push_number {
	uint64_t number;
};

#endif
