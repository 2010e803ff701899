/*
 * What is thought of the S/MIME signatures of emails. Content looks at one message at a time, whoever asks;
 * what it says is remembered for a while. Nothing of it is on the disk: it follows from the message, the
 * anchors and the time.
 */
#ifndef ROLE_STORE_STORE_SMIME_H
#define ROLE_STORE_STORE_SMIME_H

#include "mail/smime.h"

#include <stdbool.h>

struct store_smime_known {
	struct smime_verdict verdict;
	int64_t at; /* when it was looked at; 0: it could not be, and both statuses are SMIME_SIGNED */
};

struct store_smime_ask {
	uint64_t shard, email;
	int64_t delivered; /* when the email came */
	void (*done)(struct store_smime_ask *a, const struct store_smime_known *known);

	struct store_smime_ask *next; /* its own */
	int64_t due;
};

void store_smime_start(void);
/* Before the store is closed: whoever waits is told that it could not be looked at. */
void store_smime_stop(void);

/* Anchors may be others: what was remembered is forgotten. */
void store_smime_forget(void);

/* Whether it is remembered. */
bool store_smime_find(uint64_t shard, uint64_t email, struct store_smime_known *known);

/* Ends with `done`, once, and never within this call; when content is busy with something else for seconds,
 * it could not be looked at. *a stays where it is until then. */
void store_smime_ask(struct store_smime_ask *a);

#endif
