/* What the check of a message's sender (smtp_sender.c) and what follows from it (smtp_sender_policy.c) share.
 */
#ifndef ROLE_SMTP_SMTP_SENDER_PRIVATE_H
#define ROLE_SMTP_SMTP_SENDER_PRIVATE_H

#include "process/lookup.h"
#include "role/smtp/smtp_sender.h"
#include "trust/sender/sender_list.h"
#include "trust/sender/sender_policy.h"

enum { SENDER_REASON_MAX = 500 /* of a reply's text */ };

/* Whether a recipient reads the list by which the message came. */
enum smtp_sender_reader { SENDER_NOT_ASKED, SENDER_READER, SENDER_NO_READER };

struct smtp_sender;
typedef enum smtp_hook_result smtp_sender_step(struct smtp_sender *s, struct smtp_verdict *verdict);

struct smtp_sender {
	struct smtp_connection *connection;
	struct sender_request request;
	struct sender_check *check; /* NULL: given up, there was no memory for it */
	struct lookup lookup;
	struct loop_timer patience;
	bool ended;     /* the message has, and the hook waits */
	bool judged;    /* the verdicts stay as they are: what follows is under way */
	size_t charged; /* of the memory of all checks */

	/* After the verdicts: which of the domains that the message claims is ours. */
	struct sender_claim claims[SENDER_CLAIMS_MAX];
	size_t claim_count, claim_next;
	const struct sender_claim *ours; /* NULL: none */

	/* The mailing list by which it came, and of each recipient whether that is read; NULL: not asked. */
	struct sender_list list;
	enum smtp_sender_reader *readers;
	size_t target_next, questions;
	smtp_sender_step *then; /* when all have been asked */
	char reason[SENDER_REASON_MAX];
};

/* All verdicts are there: what a hook says then, now or by smtp_hooks_resume. */
enum smtp_hook_result smtp_sender_decide(struct smtp_sender *s, struct smtp_verdict *verdict);

/* smtp_sender_list.c: asks who reads the list, then does what `then` says. The result is as above. */
enum smtp_hook_result smtp_sender_ask_lists(
    struct smtp_sender *s, smtp_sender_step *then, struct smtp_verdict *verdict);

#endif
