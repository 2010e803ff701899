/*
 * What is wrong with a script, told to whoever wrote it: all errors and not only the first, each with its
 * place, in plain sentences: what was expected, what stands there, and a hint where there is one.
 */
#ifndef SIEVE_SIEVE_ERROR_H
#define SIEVE_SIEVE_ERROR_H

#include "base/arena.h"
#include "sieve/sieve_limits.h"

struct sieve_place {
	uint32_t line, column; /* from 1; the column counts characters */
};

struct sieve_error {
	struct sieve_place place;
	struct view text; /* one line of UTF-8, without control characters */
};

struct sieve_errors {
	struct arena arena; /* of the texts */
	struct sieve_error items[SIEVE_ERRORS_MAX];
	size_t count;
	size_t more; /* errors that are not told, past SIEVE_ERRORS_MAX */
};

void sieve_errors_init(struct sieve_errors *errors);
void sieve_errors_done(struct sieve_errors *errors);

/* Notes an error. What the script holds must come through sieve_quote. */
void sieve_error_add(struct sieve_errors *errors, struct sieve_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Text of the script for an error: safe to show, between quotes, cut when it is long. */
enum { SIEVE_QUOTE_SIZE = 200 };
struct sieve_quoted {
	char text[SIEVE_QUOTE_SIZE];
};
struct sieve_quoted sieve_quote(struct view text);

/* Sorts the errors by their place. */
void sieve_errors_sort(struct sieve_errors *errors);

#endif
