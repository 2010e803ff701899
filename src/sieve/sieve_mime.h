/* What :mime makes of the tests of headers: RFC 5703 section 4. */
#ifndef SIEVE_SIEVE_MIME_H
#define SIEVE_SIEVE_MIME_H

#include "sieve/sieve_check.h"
#include "sieve/sieve_match.h"

/* The tags, as the first ones of a word's row; words that compare no texts have those up to ANYCHILD. */
enum {
	SIEVE_MIME_MIME,
	SIEVE_MIME_ANYCHILD,
	SIEVE_MIME_TYPE,
	SIEVE_MIME_SUBTYPE,
	SIEVE_MIME_CONTENTTYPE,
	SIEVE_MIME_PARAM,
};
extern const struct sieve_tag sieve_mime_tags[SIEVE_MIME_PARAM + 1];

/* The word's check: the others need :mime. */
void sieve_check_mime(struct sieve_checker *checker, struct sieve_step *step);

/* Parts whose headers a test looks at, by their numbers in the message's tree: `from` to before `to`. */
struct sieve_scope {
	size_t from, to;
};

/*
 * Without :mime, the message's header. With it the header of the part that the innermost foreverypart is at,
 * or the message's; with :anychild also those of all parts in it. False: the run ends.
 */
bool sieve_mime_scope(struct sieve_run *run, const struct sieve_step *step, struct sieve_scope *scope);

/* Behind the last part that lies in this one. */
size_t sieve_mime_end(const struct mime_tree *tree, size_t part);

/* Whether one of these tags asks for a piece of the field's body, and matches it then. */
bool sieve_mime_wants_piece(const struct sieve_step *step);
enum sieve_truth sieve_mime_match(struct sieve_matching *m, const struct sieve_field *field);

#endif
