/*
 * Failures that are to be told to the domains they concern: alike ones together, few for each domain, one
 * report after the other. RFC 9991 sections 2 and 7.1: the aim is to tell what differs, not to count.
 */
#ifndef ROLE_SMTP_SMTP_FAILURE_CASE_H
#define ROLE_SMTP_SMTP_FAILURE_CASE_H

#include "process/letter.h"
#include "report/failure.h"

/* In milliseconds; variables for tests. */
extern int64_t failure_gather_ms; /* until a failure is told: one message to many recipients comes within */
extern int64_t failure_remembered_ms; /* after that, until what is alike is told again */
extern int64_t failure_later_ms;      /* after DNS or another role was away */

enum {
	FAILURE_TRIES = 3,
	/* Reports in an hour. To a domain: an administrator reads no more of them. To a place: a service that
	   reads the reports of many domains. In all: a flood of forgeries makes no flood of mail. */
	FAILURE_DOMAIN_HOUR = 10,
	FAILURE_PLACE_HOUR = 60,
	FAILURE_ALL_HOUR = 200
};

struct failure_told {
	struct view domain; /* whose DMARC record asks for it, in A-labels */
	struct view ruf;    /* of that record */
	const struct report_failure *failure;
	struct view header; /* of failure_header */
};

void failure_cases_start(const struct letter_way *way, struct calls *dns);
void failure_cases_end(void);

/* Everything is copied. What is alike in all but its date and its message is told together. */
void failure_cases_add(const struct failure_told *told);

#endif
