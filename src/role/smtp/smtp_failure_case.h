/*
 * Failures that are to be told to the domains they concern: alike ones together, few for each domain, one
 * report after the other. RFC 9991 sections 2 and 7.1: the aim is to tell what differs, not to count.
 */
#ifndef ROLE_SMTP_SMTP_FAILURE_CASE_H
#define ROLE_SMTP_SMTP_FAILURE_CASE_H

#include "process/letter.h"
#include "report/failure.h"

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
