/* The ids of a Foo/get as numbers of a question, whose answers come in the order of the ids: those that are
 * passed over are missing. */
#ifndef JMAP_JMAP_ASKED_H
#define JMAP_JMAP_ASKED_H

#include "jmap/jmap_private.h"
#include "mail/mail_email.h"

struct jmap_asked {
	struct buf numbers; /* 8 octets each, as the question has them */
	size_t *index;      /* which of get.ids each is; NULL: nobody named them */
	size_t at;          /* the next one that is answered */
};

void jmap_asked_init(struct jmap_asked *a);
void jmap_asked_done(struct jmap_asked *a);

/* Takes the ids of this letter; those that are none of the call's account are missing. False: the call was
 * answered. */
bool jmap_asked_take(struct jmap_call *c, const struct jmap_get *get, char letter, struct jmap_asked *a);

/* `number` is answered: those before it are missing. */
void jmap_asked_pass(struct jmap_call *c, const struct jmap_get *get, struct jmap_asked *a, uint64_t number);
/* Nothing more comes. */
void jmap_asked_end(struct jmap_call *c, const struct jmap_get *get, struct jmap_asked *a);

#endif
