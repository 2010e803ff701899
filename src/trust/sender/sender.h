/*
 * What was found out about who sent a message: RFC 8601 section 2.7. The words that SPF, DKIM, DMARC, ARC and
 * the look at the client's name have in common. Each evaluation is a function over known DNS answers
 * (trust/dns/answers.h) and says besides its result what it was made from, as values: a sentence for people
 * is made from them elsewhere.
 */
#ifndef TRUST_SENDER_SENDER_H
#define TRUST_SENDER_SENDER_H

#include "base/view.h"

/* Stored with messages: a number keeps its meaning. */
enum sender_result {
	SENDER_NONE,      /* there was nothing to check */
	SENDER_PASS,      /* proven */
	SENDER_FAIL,      /* disproven */
	SENDER_SOFTFAIL,  /* SPF: probably disproven, says the domain */
	SENDER_NEUTRAL,   /* nothing can be concluded */
	SENDER_POLICY,    /* proven, but in a way that is not good enough here: a short key */
	SENDER_TEMPERROR, /* an answer is missing now */
	SENDER_PERMERROR, /* what the domain or the message says cannot be understood */
	SENDER_RESULTS
};

/* The keyword of RFC 8601 section 2.7; "none" for a number that is no result. */
const char *sender_result_name(enum sender_result result);

#endif
