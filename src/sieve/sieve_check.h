/* What a word's own check may ask and say: sieve_words.h. */
#ifndef SIEVE_SIEVE_CHECK_H
#define SIEVE_SIEVE_CHECK_H

#include "sieve/sieve_program.h"
#include "sieve/sieve_tree.h"

struct sieve_checker {
	const struct sieve_language *language;
	struct arena *arena;
	struct sieve_errors *errors;
	struct sieve_errors *warnings; /* or NULL: nobody wants them */
	uint64_t used;                 /* extensions that something of the script needs */
	uint64_t required;             /* extensions, by require or by ihave around this place */
	struct sieve_place places[SIEVE_EXTENSIONS]; /* where each was required; line 0: nowhere */
	bool settled; /* a command other than require was met: no require may follow */
	unsigned depth;
	uint32_t rules;                                  /* counted so far */
	const struct sieve_step *loops[SIEVE_LOOPS_MAX]; /* around this place, the innermost last */
	unsigned loop_count;
	struct sieve_check_name {
		struct view name;
		bool global;
	} * names; /* of variables, with include: SIEVE_VARIABLES_MAX */
	size_t name_count;
	bool failed;
};

void sieve_check_error(struct sieve_checker *checker, struct sieve_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What is no error, but may not have been meant. */
void sieve_check_warn(struct sieve_checker *checker, struct sieve_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Something here needs the extension: it is not required in vain. */
void sieve_check_uses(struct sieve_checker *checker, enum sieve_extension extension);

bool sieve_check_requires(const struct sieve_checker *checker, enum sieve_extension extension);

/* For require and ihave: takes what the extension brings; false: nobody knows it. */
bool sieve_check_enable(struct sieve_checker *checker, struct view name, uint64_t *set);

/* A variable is set, or declared to be global: false if it was set before and is global no more. */
bool sieve_check_variable(struct sieve_checker *checker, struct view name, bool global);

/* The name that a comment (sieve_lex.h) gives the command behind it; or empty. */
struct view sieve_rule_name(struct view comment);

/* For the two files of the checker: the arguments of one node (false: one of them is wrong, and was told);
 * its word and the word's kind in sentences; memory, or NULL, and an error was noted. */
bool sieve_check_arguments(
    struct sieve_checker *checker, const struct sieve_node *node, struct sieve_step *step);
const char *sieve_kind_name(const struct sieve_word *word);
void *sieve_check_room(struct sieve_checker *checker, struct sieve_place place, size_t count, size_t size);

#endif
