/* What the two files of store_filter.h share. */
#ifndef ROLE_STORE_STORE_FILTER_PRIVATE_H
#define ROLE_STORE_STORE_FILTER_PRIVATE_H

#include "role/store/store_filter.h"

/* store_filter_ask.c: what the rules role asks. The answer goes to it, sooner or later. */
void filter_answer(struct filter *f, const struct message_rules_asks *asks);
/* Nobody waits for the answer any more. */
void filter_question_drop(struct filter *f);

#endif
