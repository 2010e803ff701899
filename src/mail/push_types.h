/* Which types are pushed, and what their states are made of (RFC 8620 section 7.1, RFC 8621 section 1.5): a
 * method that tells a state, and a push, tell the same. */
#ifndef MAIL_PUSH_TYPES_H
#define MAIL_PUSH_TYPES_H

#include "mail/mail_email.h"

struct mail_push_type {
	const char *name;
	enum mail_state states[2]; /* the later one of the two counts */
};

enum { MAIL_PUSH_TYPES = 10 };
extern const struct mail_push_type mail_push_types[MAIL_PUSH_TYPES];

/* The state of a type: a modseq. `modseqs` are those of struct email_state, MAIL_STATES of them. */
uint64_t mail_push_state(const struct mail_push_type *type, const uint64_t *modseqs);

#endif
