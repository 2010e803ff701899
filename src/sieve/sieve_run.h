/*
 * Runs a program over a message. It has no effect but its outcome: what must be asked of others is answered
 * by the world, or ends the run, which is made again when the answer is there.
 */
#ifndef SIEVE_SIEVE_RUN_H
#define SIEVE_SIEVE_RUN_H

#include "sieve/sieve_message.h"
#include "sieve/sieve_outcome.h"
#include "sieve/sieve_program.h"
#include "sieve/sieve_regex.h"

enum sieve_answer { SIEVE_NO, SIEVE_YES, SIEVE_UNKNOWN };

/* Seconds, as the administrator has set them: what a script may ask for, and what holds when it asks for
 * nothing. All 0: the module's own. */
struct sieve_period {
	uint64_t least, usual, most;
};

struct sieve_world {
	/* Answers at once. A value (of SIEVE_ASK_ENVIRONMENT) lives as long as the run. UNKNOWN: somebody
	 * must be asked first. */
	enum sieve_answer (*ask)(void *arg, const struct sieve_question *question, struct view *value);
	/*
	 * The program of a script that is included (RFC 6609); it lives as long as the run, perhaps in its
	 * arena. UNKNOWN: the outcome asks for it by SIEVE_ASK_SCRIPT. NULL: there are none.
	 */
	enum sieve_answer (*script)(void *arg, struct view name, bool global, struct arena *arena,
	    const struct sieve_program **program);
	void *arg;
	const struct view *addresses; /* the owner's, for vacation (RFC 5230 section 4.5) */
	size_t address_count;
	struct sieve_period vacation; /* seconds between two answers to one sender */
	int64_t now;                  /* seconds since 1970 */
	/* The script runs since a message in a mailbox was put there or changed by IMAP (RFC 6785): there is
	 * no envelope, and nobody can be answered. */
	bool imap_event;
	struct view flags; /* that the message has when the script begins: RFC 5232; or what a script before
	                      this one has set */
	int16_t zone_minutes; /* of the account's owner, east of UTC */
	struct view
	    subaddress; /* characters, each of which parts the user's name from the detail (RFC 5233) */
};

enum sieve_result {
	SIEVE_DONE,
	SIEVE_ASKS,   /* outcome->question must be answered by the world; then run again */
	SIEVE_FAILED, /* outcome->failed_text says why; the outcome is to keep the mail */
};

/*
 * `arena` must have SIEVE_RUN_MEMORY_MAX at most; the outcome's texts live there, or in the program or the
 * message. The message may be used for several runs with one arena.
 */
enum sieve_result sieve_run(const struct sieve_program *program, struct sieve_message *message,
    const struct sieve_world *world, struct arena *arena, struct sieve_outcome *outcome);

/* ---- for the words ---- */

struct sieve_variable {
	struct view name, value;
	bool shared; /* the name stands for the global variable of that name */
};

/* The variables of a script, or the global ones. */
struct sieve_variables {
	struct sieve_variables *next;               /* while it waits to be used again */
	struct view matches[SIEVE_MATCHES_MAX + 1]; /* RFC 5229 section 3.2; 0: the whole */
	size_t match_count;
	struct sieve_variable variables[SIEVE_VARIABLES_MAX];
	size_t count;
};

/* A script that was included. */
struct sieve_included {
	struct sieve_included *next;
	struct view name;
	bool global, running;
	const struct sieve_program *program;
};

/* A regular expression that was read. */
struct sieve_run_regex {
	struct sieve_run_regex *next;
	struct view pattern;
	bool lower;
	const struct sieve_regex *regex; /* NULL: it is none */
};

/* A test that held, and where. */
struct sieve_note {
	const struct sieve_step *test;
	const struct sieve_step *child; /* of anyof: the test that held */
	struct view field, key;         /* of a match */
};

/* Why a block of commands runs; the blocks that it lies in, from the inside out. */
struct sieve_held {
	const struct sieve_held *outer;
	const struct sieve_step *command, *test; /* test NULL: else */
};

/* A foreverypart that runs: RFC 5703 section 3. */
struct sieve_loop {
	struct sieve_loop *outer;
	struct view name;
	size_t part; /* where it is; in the message's tree */
	bool left;   /* it ends before its next command */
};

struct sieve_run {
	const struct sieve_program *program;
	struct sieve_message *message;
	const struct sieve_world *world;
	struct sieve_outcome *outcome;
	struct arena *arena;
	uint64_t steps; /* done so far */
	uint32_t line;  /* of the command or test under way */
	bool stopped, keeps, asks;
	struct sieve_loop *loop; /* the innermost one, or NULL */
	struct sieve_variables *scope, *globals, *free_scopes;
	struct sieve_included *included;
	unsigned includes, include_depth;
	bool returning; /* from an included script; it stops, and nothing else does */
	struct sieve_run_regex *regexes;
	struct view flags; /* RFC 5232: the internal variable */
	const struct sieve_step
	    *rule; /* the command at the top that is under way, when it is part of a rule */
	const struct sieve_held *held;
	struct sieve_note notes[SIEVE_NOTES_MAX]; /* of the tests that lead here */
	size_t note_count;
	struct sieve_edit *last_edit; /* of the outcome's */
	unsigned notified;            /* people */
	unsigned mark_count;          /* of duplicates */
	unsigned depth;               /* of blocks */
	struct view script;           /* the name of the included script under way; or empty */
	struct buf scratch;           /* a value that is compared, folded; until the next one */
};

/* Each sets why the run ends, and gives what the caller returns. */
enum sieve_truth sieve_run_fail(struct sieve_run *run, const char *text);
enum sieve_truth sieve_run_no_memory(struct sieve_run *run);

/* Counts work that grows with what strangers send; false: it was too much, and the run ends. */
bool sieve_run_work(struct sieve_run *run, uint64_t steps);

/* The text with its variables' values; false: the run ends. */
bool sieve_run_text(struct sieve_run *run, struct view text, struct view *out);

/* A text that an action needs, judged now, since variables may have made it; *text stays when there is no
 * value. False: the run ends. */
bool sieve_run_take(
    struct sieve_run *run, const struct sieve_value *value, enum sieve_use use, struct view *text);

/* A variable's value; empty when it was never set. */
struct view sieve_run_variable(struct sieve_run *run, struct view name);
bool sieve_run_set(struct sieve_run *run, struct view name, struct view value);
/* From now on the name stands for the global variable. */
bool sieve_run_share(struct sieve_run *run, struct view name);

/* Asks the world: YES is TRUE. */
enum sieve_truth sieve_run_ask(
    struct sieve_run *run, const struct sieve_question *question, struct view *value);

/* Notes where a test held; sieve_why.c. */
void sieve_run_note(struct sieve_run *run, const struct sieve_note *note);
/* Why what runs now runs. False: the arena is full. */
bool sieve_run_why(const struct sieve_run *run, struct sieve_reason *why);

/* Adds an action with its reason and its version, unless the same was added; false: the run ends. */
bool sieve_run_add(struct sieve_run *run, const struct sieve_action *action);

/* The tests of a step; a block. */
enum sieve_truth sieve_run_test(struct sieve_run *run, const struct sieve_step *test);
bool sieve_run_block(struct sieve_run *run, const struct sieve_step *first);

#endif
