/* What the rules role's files share. */
#ifndef ROLE_RULES_RULES_PRIVATE_H
#define ROLE_RULES_RULES_PRIVATE_H

#include "process/role.h"
#include "sieve/sieve_run.h"

enum {
	RULES_PIECE = 128 * 1024, /* octets of a form or message in one frame */
	/* Of the processor's time. The longest script takes 50 ms to compile; a program that uses up its
	 * steps some tenths of a second, and what it says has to be composed. */
	RULES_SECONDS_MAX = 5,
	/* Octets of a compiled form: the longest script has one of about its own size. */
	RULES_FORM_MAX = 4 << 20
};

/* ---- rules_compile.c ---- */

/* Store's verb. A new store: what was gathered is dropped. */
void rules_compile_begin(void);
void rules_compile_piece(struct link *link, struct channel_frame *frame, const void *message);

/* ---- rules_program.c: programs that ran lately, ready to run again ---- */

struct rules_program {
	struct sieve_program program;
	/* The module's own. */
	struct rules_program *newer, *older;
	uint64_t account, id, version;
	unsigned users;
	struct buf form;
	struct arena arena;
};

/* The program, held until it is given back; NULL: it must be asked for. */
struct rules_program *rules_program_hold(uint64_t account, uint64_t id, uint64_t version);
/* The same with its form, which is taken over. 0; -EINVAL: it is damaged, or of another version; -ENOMEM. */
int rules_program_add(
    uint64_t account, uint64_t id, uint64_t version, struct buf *form, struct rules_program **out);
void rules_program_give_back(struct rules_program *p); /* NULL is allowed */

/* ---- rules_run.c: programs over one message ---- */

/* Store's verbs. A new store: what was under way is dropped. */
void rules_run_begin(void);
void rules_run_message(struct link *link, struct channel_frame *frame, const void *message);
void rules_run_piece(struct link *link, struct channel_frame *frame, const void *message);
void rules_run_answer(struct link *link, struct channel_frame *frame, const void *message);

/* ---- rules_outcome.c: what several programs want together, in the form of our messages ---- */

/* What an action is made of, where something is to be sent; else NULL. */
struct rules_source {
	const struct sieve_vacation *vacation;
	const struct sieve_notify *notify;
	struct buf message; /* composed */
};

struct rules_outcome {
	struct arena *arena; /* of the run */
	struct view bytes;   /* the message */
	bool cut;            /* it is only the beginning of one: there are no versions of it */
	bool utf8;           /* its sender's host reads UTF-8 (SMTPUTF8) */
	struct message_rules_action *actions;
	struct rules_source *sources; /* of each */
	size_t count, room;
	const struct sieve_version *versions[SIEVE_ACTIONS_MAX];
	size_t version_count;
	struct message_rules_mark *marks;
	size_t mark_count;
	struct message_rules_edit *edits;
	size_t edit_count;
};

/* Adds what program number `i` wants. keeps: its keeps are wanted as well; answers_only: nothing but answers
 * is. NULL; or why the run ends, as a sentence. */
const char *rules_outcome_add(
    struct rules_outcome *all, const struct sieve_outcome *from, size_t i, bool keeps, bool answers_only);

/* Where no program has decided, the mail is kept. False: there is no memory. */
bool rules_outcome_keep_undecided(struct rules_outcome *all, bool decided)
    __attribute__((warn_unused_result));

/* Takes back what would answer the sender. */
void rules_outcome_unsay(struct rules_outcome *all);

/* Whether a program's outcome keeps the mail where it came; whether it does nothing but throw it away;
 * whether the mail stays anywhere. */
bool rules_outcome_keeps(const struct sieve_outcome *from);
bool rules_outcome_discards(const struct sieve_outcome *from);
bool rules_outcome_stays(const struct rules_outcome *all);

/* ---- rules_answer.c ---- */

/* Composes what is to be sent for the actions; of one that cannot be, `silent` says why. */
void rules_answer_compose(struct rules_outcome *all, const struct message_rules_run *m,
    const struct view *addresses, struct view hostname);
void rules_answer_free(struct rules_outcome *all);

/* ---- rules_outcome.c, again ---- */

/* A text as one line, cut to so many octets; without memory: empty. */
struct view rules_line(struct arena *arena, struct view text, size_t max);

/* Sends the bytes of all versions, what was composed, and then the end. */
void rules_outcome_send(struct rules_outcome *all, struct link *link, uint32_t request);
/* The keep alone, and why. */
void rules_outcome_send_failure(
    struct link *link, uint32_t request, struct view why, size_t program, uint32_t line);

/* What scripts may ask of the envelope; texts live in the arena, or in the request. */
void rules_terms(const struct message_rules_run *m, struct arena *arena, struct sieve_terms *terms);
/* What is known of spam, or of viruses, as struct sieve_world answers. */
enum sieve_answer rules_verdict(const struct message_rules_run *m, bool spam, struct view *value);

#endif
