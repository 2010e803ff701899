/*
 * As whom an account sends: JMAP's Identity (RFC 8621 section 6), as questions on the account's channel, as
 * mail/mail.h has them; each ends with MAIL_DONE.
 *
 * There is one for each address that leads to the account alone: it comes and goes with the address, and
 * cannot be removed. Others are made by people, of whatever address reaches them.
 */
#ifndef MAIL_IDENTITY_H
#define MAIL_IDENTITY_H

#include "base/view.h"

enum identity_type {
	/* Questions. */
	IDENTITY_GET = 1450, /* IDENTITY_ENTRY for each */
	IDENTITY_CHANGES,    /* IDENTITY_CHANGED */
	IDENTITY_SET,        /* struct identity_set */
	IDENTITY_REMOVE,     /* struct identity_number */

	/* Answers. */
	IDENTITY_ENTRY,
	IDENTITY_CHANGED,
	IDENTITY_TYPES_END
};

enum {
	IDENTITY_COUNT_MAX = 100,          /* of an account */
	IDENTITY_NAME_MAX = 250,           /* octets */
	IDENTITY_EMAIL_MAX = 320,          /* octets: 64 and 255, and the "@" */
	IDENTITY_ADDRESSES_MAX = 400,      /* octets of replyTo, and of bcc, as JSON: an entry holds both */
	IDENTITY_SIGNATURE_MAX = 64 * 1024 /* octets of each: an image within may need some */
};

/* All. Done: modseq: the state. */
struct identity_get {
	uint64_t unused;
};
struct identity_entry {
	uint64_t number, created, modseq; /* modseq of its beginning, and of its last change */
	uint64_t may_delete;
	struct view name, email;
	struct view reply_to, bcc; /* JSON: an array of EmailAddress; empty: null */
	struct view text, html;    /* signatures */
};

/* As of submissions (mail/submission.h). */
struct identity_changes {
	uint64_t since;
};
struct identity_changed {
	struct view created, updated, destroyed;
};

/* Which members of an identity are set. */
enum {
	IDENTITY_HAS_NAME = 1,
	IDENTITY_HAS_REPLY_TO = 2,
	IDENTITY_HAS_BCC = 4,
	IDENTITY_HAS_TEXT = 8,
	IDENTITY_HAS_HTML = 16,
	IDENTITY_HAS_ALL = 31
};

/*
 * number 0: a new one, with this address. Done: number; modseq: the state. -EPERM: mail for the address does
 * not reach the account; -EMLINK: IDENTITY_COUNT_MAX; -ENOENT.
 */
struct identity_set {
	uint64_t number, has;
	struct view name, email, reply_to, bcc, text, html;
};

/* Removes it. -EPERM: its address gives it; -ENOENT. Done: modseq: the state. */
struct identity_number {
	uint64_t number;
};

#endif
