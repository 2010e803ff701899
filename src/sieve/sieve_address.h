/* The parts of addresses that tests compare: RFC 5228 section 2.7.4, RFC 5233. */
#ifndef SIEVE_SIEVE_ADDRESS_H
#define SIEVE_SIEVE_ADDRESS_H

#include "sieve/sieve_match.h"

/*
 * Matches the part that the step names. An address without it (no detail, no domain) is no value. The null
 * sender, an empty address, has empty parts.
 */
enum sieve_truth sieve_match_address(struct sieve_matching *m, struct view local_part, struct view domain);

/* Matches all addresses of a field. */
enum sieve_truth sieve_match_addresses(struct sieve_matching *m, struct sieve_field *field);

#endif
