/*
 * Fetches messages of a set, in as many questions as that takes, and hands them on: what a sort, a thread or
 * the like is made from.
 */
#ifndef QUERY_QUERY_GATHER_H
#define QUERY_QUERY_GATHER_H

#include "mail/message_wire.h"
#include "query/query_set.h"

struct query_gather;

struct query_gathering {
	uint64_t account, mailbox, want;
	const struct query_places *places; /* both live as long as the gathering */
	const struct query_set *set;
	void (*ask)(void *arg, enum mail_type type, const void *question); /* as in query_run.h */
	/* A message, and its place. 0, or a negative errno, which ends it. */
	int (*take)(void *arg, uint32_t place, const struct mail_message *message);
	void (*done)(void *arg, int64_t error); /* may free the gathering */
};

/* Never NULL. */
struct query_gather *query_gather_new(const struct query_gathering *gathering, void *arg);
void query_gather_free(struct query_gather *g);  /* NULL is allowed */
void query_gather_start(struct query_gather *g); /* may end at once */
void query_gather_answer(struct query_gather *g, enum mail_type type, const void *answer);

#endif
