/*
 * Answers that were had lately. The resolver has them too; but there a question needs a place, and here it
 * needs none: what is known is answered however many others are waited for. Times are milliseconds of the
 * monotonic clock.
 */
#ifndef ROLE_DNS_DNS_CACHE_H
#define ROLE_DNS_DNS_CACHE_H

#include "base/buf.h"
#include "process/messages.h"

enum {
	DNS_CACHE_MAX = 10000,
	DNS_CACHE_BYTES = 8 << 20,
	DNS_CACHE_ANSWER = 8 * 1024, /* larger ones are rare, and not kept */
	DNS_CACHE_TTL = 86400        /* seconds: a day, whatever a record says */
};

/* Keeps a copy of an answer for as long as it says. Failures, and what does not validate, are not kept. */
void dns_cache_put(struct view name, unsigned type, const struct message_answer *m, int64_t now);

/* The answer, with what is left of its time: encoded by message_answer_schema, in `out`. False when none is
 * known. */
bool dns_cache_get(
    struct view name, unsigned type, int64_t now, struct arena *arena, struct message_answer *out);

/* For tests. */
void dns_cache_forget(void);

#endif
