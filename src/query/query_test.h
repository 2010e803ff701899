/* Whether a message meets a search program, by as much of it as is known. */
#ifndef QUERY_QUERY_TEST_H
#define QUERY_QUERY_TEST_H

#include "mail/message_wire.h"
#include "query/query.h"
#include "query/query_set.h"

enum query_truth { QUERY_NO, QUERY_MAYBE, QUERY_YES };

/* What is known of a condition on text, of all messages. Neither: the message doesn't have it. */
struct query_text {
	const struct query *condition;
	struct query_set sure, maybe;
};

struct query_known {
	uint64_t owner; /* the account's number */
	uint64_t want;  /* MAIL_WANT_*: what of `message` is filled in */
	const struct mail_message *message;
	uint32_t place;
	const struct query_text *texts;
	const struct query_set *uids;      /* of each condition QUERY_UIDS, by number_of_text */
	const struct message_order *order; /* of `message`, or made of its header; NULL: not known yet */
};

enum query_truth query_test(const struct query *q, const struct query_known *known);

/* By UIDs and the conditions on text alone, of all messages of `open` at once: those that meet the program go
 * to `yes`, and those that may stay. */
void query_test_all(
    const struct query *q, const struct query_known *known, struct query_set *open, struct query_set *yes);

/* The date of a header, where nothing else of the order is known. */
void query_read_date(struct view header, struct message_order *order);

/* What of a message conditions need that aren't on text: MAIL_WANT_*. */
uint64_t query_wants(const struct query *q);

/* Flags that each message must have, and must not have, which is met. */
void query_flags_demanded(const struct query *q, uint64_t *with, uint64_t *without);

#endif
