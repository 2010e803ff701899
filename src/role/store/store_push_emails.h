/*
 * What is pushed of emails that were delivered (mail/email_push.h): what store keeps of them is gathered,
 * tested by a subscriber's filter, and written as an EmailPush. No message is read for it.
 */
#ifndef ROLE_STORE_STORE_PUSH_EMAILS_H
#define ROLE_STORE_STORE_PUSH_EMAILS_H

#include "account/emails.h"
#include "account/keyword_names.h"
#include "mail/email_push.h"

enum { PUSH_GATHER_MAX = 2 * EMAIL_PUSH_EMAILS_MAX /* of all subscribers together: others come next time */ };

struct push_emails {
	uint64_t shard, account; /* account: its number, for ids */
	uint64_t ids[PUSH_GATHER_MAX];
	size_t count;
	void (*done)(struct push_emails *e, int result);
	void *arg;

	/* Results: the first `known` of them. */
	size_t known;

	/* Internal. */
	struct account_emails emails;
	struct account_fetch fetch;
	struct account_keyword_names names;
};

/* Adds one that is not among them yet. False: there is no room. */
bool push_emails_add(struct push_emails *e, uint64_t id);
void push_emails_gather(struct push_emails *e);
void push_emails_free(struct push_emails *e);

/*
 * Appends the EmailPush of those of `ids` that are in the form's filter: as many as have room. *passed: so
 * many of `ids`, from the first on, are written or in no filter. False: none of these is to be told.
 */
bool push_emails_write(struct buf *out, const struct push_emails *e, const struct email_push_form *form,
    const uint64_t *ids, size_t count, uint64_t state, size_t *passed);

#endif
