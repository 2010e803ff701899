/*
 * Whose turn it is with the content role. It reads one thing at a time, in the order in which the last pieces
 * of the questions came to it, and answers in that order. When it ends, only what it was reading may be the
 * cause; what waited behind that is asked again and has nothing held against it.
 */
#ifndef ROLE_STORE_CONTENT_TURN_H
#define ROLE_STORE_CONTENT_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "process/link.h"

/* Of one question, kept by who asks. All 0: content has not been sent all of it. */
struct content_turn {
	uint64_t number;
	uint64_t generation; /* of the link that it went over */
};

/* The last piece of the question has been sent. */
void content_turn_sent(struct content_turn *t, struct calls *content, uint32_t request);
/* The same where the link's generation is known. */
void content_turn_given(struct content_turn *t, uint64_t generation);

void content_turn_answered(struct content_turn *t);

/* The link has closed before the answer: whether content was reading this. False as well when that is not
 * certain, because a question before it was dropped by who asked. */
bool content_turn_was_on(const struct content_turn *t);

#endif
