/* A host for a JMAP session: it notes what is asked, answers what every session asks, and gathers responses.
 */
#ifndef TEST_JMAP_FAKE_H
#define TEST_JMAP_FAKE_H

#include "../unit.h"

#include "base/buf.h"
#include "jmap/jmap.h"
#include "mail/mail.h"

enum { FAKE_ACCOUNT = 7, FAKE_OTHER = 9 };

struct jmap_fake {
	struct jmap_session *session;
	struct buf out;
	unsigned status; /* of the last request that has ended; 0: none has */
	/* Questions that wait for the test, the oldest first. */
	struct {
		uint32_t number;
		unsigned type;
	} asked[100];
	size_t count;
	/* What a test answers by itself; true: it did, or the question is to wait no longer. */
	bool (*answer)(struct jmap_fake *f, uint32_t number, unsigned type, const void *question);
	void *arg;
};

void jmap_fake_begin(struct jmap_fake *f);
void jmap_fake_end(struct jmap_fake *f);

/* Begins a request; what the fake answers by itself is answered at once. */
struct jmap_request *jmap_fake_send(struct jmap_fake *f, const char *body);
/* Carries a whole request out: its response must be this. */
void jmap_fake_says(struct jmap_fake *f, const char *body, const char *expected);
/* Only this call, with all capabilities that are true, and what stands in methodResponses. */
void jmap_fake_call(struct jmap_fake *f, const char *using, const char *calls, const char *expected);
void jmap_fake_work(struct jmap_fake *f);

#endif
