/* Which emails lie in a mailbox, and where: for what is looked up many times. */
#ifndef CLI_RULE_EMAILS_H
#define CLI_RULE_EMAILS_H

#include "cli/mailbox_client.h"

struct rule_email {
	uint64_t email;
	uint32_t uid;
};

struct rule_emails {
	struct rule_emails *next;
	uint32_t mailbox;
	struct rule_email *items; /* by email */
	size_t count, room;
};

/* The mailbox's emails, read once and kept in *all until rule_emails_free. A mailbox that is gone has none.
 * NULL: *error says why. */
const struct rule_emails *rule_emails_of(
    struct rule_emails **all, struct mailbox_client *client, uint32_t mailbox, int *error);
void rule_emails_free(struct rule_emails *all);

/* 0: it is not there. */
uint32_t rule_emails_uid(const struct rule_emails *emails, uint64_t email);

#endif
