/* The fields of a header that a test looks at: all of one name, or one of them by :index (RFC 5260 section
 * 6). */
#ifndef SIEVE_SIEVE_FIELDS_H
#define SIEVE_SIEVE_FIELDS_H

#include "sieve/sieve_mime.h"

/* Takes a field; FALSE: the next one is wanted. */
typedef enum sieve_truth sieve_take_field(struct sieve_run *run, struct sieve_field *field, void *arg);

/* Gives the fields of that name, until one makes `take` something else than FALSE; that is the result. */
enum sieve_truth sieve_each_field(struct sieve_run *run, const struct sieve_step *step, struct view name,
    sieve_take_field *take, void *arg);

/*
 * The same in the headers of several parts, which count as one. *wanted, at first the step's index, is what
 * is still to be passed over, and 0 when the field was met: names are asked for one after the other (section
 * 6; from the last one on, for :last).
 */
enum sieve_truth sieve_each_field_in(struct sieve_run *run, const struct sieve_step *step,
    struct sieve_scope scope, struct view name, size_t *wanted, sieve_take_field *take, void *arg);

#endif
