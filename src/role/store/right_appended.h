/* A message of MAIL_APPEND as the store wants it: for sessions (right_append.c) and imports (right_import.c).
 */
#ifndef ROLE_STORE_RIGHT_APPENDED_H
#define ROLE_STORE_RIGHT_APPENDED_H

#include "account/messages.h"
#include "mail/mail.h"
#include "role/store/right.h"
#include "role/store/annotations_taken.h"

struct appended {
	struct account_delivery delivery; /* with one target, which has one place */
	struct account_target target;
	struct account_wanted_place place;
	struct view words[ACCOUNT_FLAGS_KEYWORDS_MAX];
	uint64_t references[MESSAGE_REFERENCES_MAX];
	char *keywords, *summary, *structure;
	struct annotations_taken annotations;
	struct account_annotate annotate; /* of these */
};

/*
 * Takes the message's upload (r NULL: it has none), and copies what the question says of it; where it goes
 * (target.shard, place.number) is left open. 0 or a negative errno; appended_free in both cases.
 */
int appended_take(struct appended *a, struct right *r, const struct mail_append *m);

/* given: the upload is the store's. */
void appended_free(struct appended *a, bool given);

#endif
