/*
 * Threads of messages: THREAD of RFC 5256 section 3, with ORDEREDSUBJECT, REFERENCES, and REFS (of
 * draft-ietf-morg-inthread), which asks nothing of subjects and puts the thread with the
 * message that was sent last at the end (as Dovecot does).
 * Messages are given one by one; then the trees are made. Pure: whoever uses it fetches (query_gather.h).
 *
 * Identifiers of messages are known by their hashes, and of a message's references those that mime/digest.h
 * keeps.
 */
#ifndef QUERY_QUERY_THREAD_H
#define QUERY_QUERY_THREAD_H

#include "mail/message_wire.h"

enum query_thread_by { QUERY_THREAD_ORDEREDSUBJECT, QUERY_THREAD_REFERENCES, QUERY_THREAD_REFS };

/* A message, or a dummy, which stands for one that isn't here. Indexes of 0 are none; node 0 is the root,
 * whose children are the threads. */
struct query_node {
	uint32_t parent, child, next; /* child: the first one; next: sibling */
	uint32_t number;              /* as it was added; of a dummy 0 */
};

struct query_thread;

/* Never NULL. */
struct query_thread *query_thread_new(enum query_thread_by by);
void query_thread_free(struct query_thread *t); /* NULL is allowed */

/* What of each message is to be fetched: MAIL_WANT_*. */
uint64_t query_thread_wants(const struct query_thread *t);

/* number: above 0, and above the last one's. 0 or -ENOMEM. */
int query_thread_add(struct query_thread *t, uint32_t number, const struct mail_message *message);

/* Makes the threads; the nodes live as long as `t`. To be called once. 0 or -ENOMEM. */
int query_thread_end(struct query_thread *t, const struct query_node **nodes);

#endif
