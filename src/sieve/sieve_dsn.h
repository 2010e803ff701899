/* What senders ask of the transport, and scripts of it: RFC 6009. */
#ifndef SIEVE_SIEVE_DSN_H
#define SIEVE_SIEVE_DSN_H

#include "sieve/sieve_check.h"
#include "sieve/sieve_match.h"
#include "sieve/sieve_words_run.h"

/* Parts of the envelope, those of envelope-dsn first. PARTS: it is none of these. */
enum sieve_dsn_part {
	SIEVE_DSN_NOTIFY,
	SIEVE_DSN_ORCPT,
	SIEVE_DSN_RET,
	SIEVE_DSN_ENVID,
	SIEVE_DSN_ABSOLUTE,
	SIEVE_DSN_RELATIVE,
	SIEVE_DSN_MODE,
	SIEVE_DSN_TRACE,
	SIEVE_DSN_PARTS
};
enum sieve_dsn_part sieve_dsn_part(struct view name);
enum sieve_truth sieve_dsn_match(struct sieve_matching *m, struct view name);

/* What the tags of redirect say is put into the action. False: the run ends. */
bool sieve_dsn_redirect(struct sieve_run *run, const struct sieve_step *step, struct sieve_action *action);

/* The checks of the two words; and of texts, as sieve_use_problem. */
void sieve_check_envelope(struct sieve_checker *checker, struct sieve_step *step);
void sieve_check_redirect(struct sieve_checker *checker, struct sieve_step *step);
const char *sieve_dsn_problem(enum sieve_use use, struct view text);

#endif
