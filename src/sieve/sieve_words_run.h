/* The functions of the words in sieve_words_core.c: what runs them. */
#ifndef SIEVE_SIEVE_WORDS_RUN_H
#define SIEVE_SIEVE_WORDS_RUN_H

#include "sieve/sieve_run.h"

enum sieve_truth sieve_test_address(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_allof(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_anyof(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_envelope(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_exists(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_false(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_header(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_not(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_size(struct sieve_run *run, const struct sieve_step *step);
enum sieve_truth sieve_test_true(struct sieve_run *run, const struct sieve_step *step);

bool sieve_act_stop(struct sieve_run *run, const struct sieve_step *step);
bool sieve_act_keep(struct sieve_run *run, const struct sieve_step *step);
bool sieve_act_discard(struct sieve_run *run, const struct sieve_step *step);
bool sieve_act_redirect(struct sieve_run *run, const struct sieve_step *step);
bool sieve_act_fileinto(struct sieve_run *run, const struct sieve_step *step);

/* The tags of these words, by their numbers in the rows. */
enum { SIEVE_KEEP_FLAGS };
enum {
	SIEVE_REDIRECT_COPY,
	SIEVE_REDIRECT_NOTIFY,
	SIEVE_REDIRECT_RET,
	SIEVE_REDIRECT_BYTIMERELATIVE,
	SIEVE_REDIRECT_BYTIMEABSOLUTE,
	SIEVE_REDIRECT_BYMODE,
	SIEVE_REDIRECT_BYTRACE
};
enum { SIEVE_ENVELOPE_ZONE };
enum {
	SIEVE_FILEINTO_COPY,
	SIEVE_FILEINTO_FLAGS,
	SIEVE_FILEINTO_CREATE,
	SIEVE_FILEINTO_MAILBOXID,
	SIEVE_FILEINTO_SPECIALUSE
};
enum { SIEVE_SIZE_OVER, SIEVE_SIZE_UNDER };

#endif
