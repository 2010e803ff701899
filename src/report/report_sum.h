/*
 * What many DMARC reports say together about a domain: who sends in its name, from where, whether that was
 * proven, and what a stricter policy would have cost.
 */
#ifndef REPORT_REPORT_SUM_H
#define REPORT_REPORT_SUM_H

#include "base/map.h"
#include "report/report.h"

enum {
	REPORT_SOURCES_MAX =
	    20000 /* addresses that are told apart; what comes after them is counted as "others" */
};

/* Messages. Each belongs to one of the first four. */
struct report_counts {
	uint64_t both, dkim_only, spf_only; /* proven: aligned, and passed */
	uint64_t unproven;
	/* Of the unproven: another domain has proven that it sent them, as lists, forwarders and services do.
	 */
	uint64_t others_proof;
	/* Of the proven: not if alignment were strict. */
	uint64_t relaxed_only;
	/* What the receivers did. */
	uint64_t delivered, quarantined, rejected;
};

uint64_t report_counts_all(const struct report_counts *c);
uint64_t report_counts_proven(const struct report_counts *c);
void report_counts_add(struct report_counts *to, const struct report_counts *more);

/* Of one row. */
struct report_counts report_counts_of(const struct report_row *row);

struct report_source {
	char *address;
	struct report_counts counts;
	char *domains; /* that the messages named in From, or that proved them: up to some, by blanks */
};

struct report_sum {
	struct map sources; /* address -> struct report_source */
	struct report_counts all, others;
	uint64_t begin, end; /* of all reports */
	uint64_t reports;
};

void report_sum_init(struct report_sum *s);
void report_sum_done(struct report_sum *s);
void report_sum_add(struct report_sum *s, const struct report_dmarc *r);

/* The sources, those with the most messages first; an array on the heap. */
struct report_source **report_sum_sources(const struct report_sum *s, size_t *count);

/*
 * What would have become of these messages under a policy: delivered, into Junk, refused. `strict`: with
 * adkim=s and aspf=s too.
 */
struct report_cost {
	uint64_t delivered, junk, refused;
};
enum report_wish { REPORT_WISH_NONE, REPORT_WISH_QUARANTINE, REPORT_WISH_REJECT };
struct report_cost report_cost_of(const struct report_counts *c, enum report_wish wish, bool strict);

#endif
