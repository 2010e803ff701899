/*
 * A table of known DNS answers, for evaluations (trust/route, trust/sender)
 * that are functions over it: they give a verdict, or name all the questions that are missing, and are run
 * again from the start when these have been answered. No evaluation waits, asks or remembers anything itself.
 *
 *     for (;;) {
 *             verdict = next_hop_find(&answers, ...);
 *             if (verdict != NEXT_HOP_WAIT) break;
 *             while (answers_next(&answers, &question)) ask(question);   (many at once)
 *             ... each answer: answers_put(&answers, number, &answer); when answers_open is 0, go round again
 *     }
 *
 * One table serves the evaluations of one purpose; it is bounded, and every evaluation comes to an end: past
 * its limit each further question counts as failed.
 */
#ifndef TRUST_DNS_ANSWERS_H
#define TRUST_DNS_ANSWERS_H

#include "base/arena.h"
#include "format/dns_record.h"

enum answer_status {
	ANSWER_GOOD,     /* records, or none of this type */
	ANSWER_NXDOMAIN, /* there is no such name (RFC 8020) */
	ANSWER_FAILED,   /* SERVFAIL, time-out, no resolver: ask again later */
	ANSWER_BOGUS,    /* DNSSEC says that the answer is forged or broken (RFC 4035 section 4.3) */
};

struct answer {
	enum answer_status status;
	bool secure;                /* validated, also of an answer that says that there is nothing */
	bool no_room;               /* ANSWER_FAILED for want of room in the table, not of an answer */
	uint32_t ttl;               /* seconds */
	struct view canonical;      /* the name behind the CNAMEs; empty: the name that was asked for */
	struct view why;            /* of a failure, for people; may be empty */
	const struct view *records; /* data, as on the wire */
	size_t count;
};

enum {
	ANSWERS_QUESTIONS_MAX = 120,    /* 20 MX hosts with two families, TLSA records at two names, CNAME */
	ANSWERS_RECORDS_MAX = 100,      /* of one answer; the others are left out */
	ANSWERS_MEMORY_MAX = 256 * 1024 /* of one table; an answer that doesn't fit counts as failed. Answers
	                                   that are larger than their share have half of it. */
};

struct answers_entry;

struct answers {
	struct arena arena;
	struct answers_entry *first, *last; /* in the order in which they were named */
	struct answers_entry *next;         /* not given out yet */
	unsigned count, open, questions_max;
};

/* Takes memory only when something is asked. */
void answers_init(struct answers *a);
/* The same with other limits than ANSWERS_QUESTIONS_MAX and ANSWERS_MEMORY_MAX. */
void answers_init_for(struct answers *a, unsigned questions_max, size_t memory_max);
void answers_done(struct answers *a);

/* ---- for the driver ---- */

struct question {
	unsigned number;  /* for answers_put */
	const char *name; /* lower case, without the final dot; valid as long as the table */
	unsigned type;    /* enum dns_type */
};

/* The next question that was named and not given out yet; false when there is none. */
bool answers_next(struct answers *a, struct question *question);

/*
 * The answer to a question that was given out, copied; what has been answered stays as it is. An answer whose
 * canonical name is none (dns_name_parse) counts as failed.
 */
void answers_put(struct answers *a, unsigned number, const struct answer *answer);

/*
 * The questions in the order in which they were named, from number 1 on; false behind the last one. *answer
 * is NULL for one that has none yet.
 */
bool answers_at(
    const struct answers *a, unsigned number, struct question *question, const struct answer **answer);

/* Given out and not answered. */
unsigned answers_open(const struct answers *a);

/* ---- for evaluations ---- */

/*
 * The answer, valid as long as the table; NULL: not known yet, the question is on the list. A name that is
 * none (dns_question_parse) is answered with ANSWER_NXDOMAIN, not secure.
 */
const struct answer *answers_look(struct answers *a, const char *name, unsigned type);

#endif
