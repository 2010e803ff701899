/*
 * Simple rules: if any or all of these conditions hold, then do this. A script is read as a list of items: a
 * rule where the script says nothing that a rule could not hold, and text for everything else. An item that
 * nobody changes is written as it stood there, byte for byte; so who edits one rule of a foreign script
 * touches nothing else of it. What this file writes, it reads as the same rule, in the same words.
 *
 * Each text of a rule is typed: it is written as a string of Sieve or of a comment, escaped, and never joined
 * to the script's own words. So no name, mailbox or address can bring a command along.
 */
#ifndef SIEVE_SIEVE_SIMPLE_H
#define SIEVE_SIEVE_SIMPLE_H

#include "base/buf.h"
#include "sieve/sieve_error.h"

struct json_value;

enum {
	/* Rules of a script: more than any person reads. */
	SIEVE_SIMPLE_RULES_MAX = 1000,
	SIEVE_SIMPLE_CONDITIONS_MAX = 100,
	/* Not more than the interpreter would do, SIEVE_ACTIONS_MAX. */
	SIEVE_SIMPLE_ACTIONS_MAX = 16,
	/* Texts of one condition: people paste lists of addresses. */
	SIEVE_SIMPLE_VALUES_MAX = 1000,
	/* Octets of any other text; a mailbox or address has limits of its own. */
	SIEVE_SIMPLE_TEXT_MAX = 16 << 10,
	/* Days between two answers to one sender. */
	SIEVE_SIMPLE_DAYS_MAX = 365,
	/* Octets that all rules of one script take in memory, with the script. */
	SIEVE_SIMPLE_MEMORY_MAX = 32 << 20,
};

enum sieve_simple_test {
	SIEVE_SIMPLE_HEADER,   /* names: fields, whose text is compared */
	SIEVE_SIMPLE_ADDRESS,  /* names: fields; the addresses in them are compared, */
	SIEVE_SIMPLE_DOMAIN,   /* or what stands behind their '@', */
	SIEVE_SIMPLE_USER,     /* or before it */
	SIEVE_SIMPLE_EXISTS,   /* names: fields, which all are there */
	SIEVE_SIMPLE_ENVELOPE, /* names: "from", "to" */
	SIEVE_SIMPLE_BODY,     /* the text of the message */
	SIEVE_SIMPLE_SIZE,     /* number: octets */
	SIEVE_SIMPLE_DATE,  /* names: one field, or none for the time of delivery; part: RFC 5260 section 4 */
	SIEVE_SIMPLE_SPAM,  /* number: 0 to 10, as spamtest has it */
	SIEVE_SIMPLE_VIRUS, /* number: 0 to 5, as virustest has it */
	SIEVE_SIMPLE_ATTACHMENT, /* a part that its sender calls an attachment (RFC 2183) */
	SIEVE_SIMPLE_TESTS
};

enum sieve_simple_how {
	SIEVE_SIMPLE_IS,
	SIEVE_SIMPLE_CONTAINS,
	SIEVE_SIMPLE_BEGINS,
	SIEVE_SIMPLE_ENDS,
	SIEVE_SIMPLE_MATCHES, /* with '*' and '?' */
	SIEVE_SIMPLE_REGEX,
	/* Of SIZE: */
	SIEVE_SIMPLE_OVER,
	SIEVE_SIMPLE_UNDER,
	/* Of DATE, with one value: */
	SIEVE_SIMPLE_BEFORE,
	SIEVE_SIMPLE_SINCE,
	SIEVE_SIMPLE_AFTER,
	SIEVE_SIMPLE_UNTIL,
	/* Of SPAM and VIRUS: */
	SIEVE_SIMPLE_AT_LEAST,
	/* Of EXISTS and ATTACHMENT: */
	SIEVE_SIMPLE_THERE,
	SIEVE_SIMPLE_HOWS
};

struct sieve_simple_condition {
	enum sieve_simple_test test;
	enum sieve_simple_how how;
	bool negated;
	const struct view *names, *values; /* one of the values must fit */
	size_t name_count, value_count;
	struct view part;
	uint64_t number;
};

enum sieve_simple_do {
	SIEVE_SIMPLE_FILE,    /* text: a mailbox's path; create: make it if it is not there */
	SIEVE_SIMPLE_COPY,    /* the same, and the mail goes on */
	SIEVE_SIMPLE_FLAGS,   /* flags: added to what is kept or filed from here on */
	SIEVE_SIMPLE_FORWARD, /* text: an address; copy: the mail goes on here, too */
	SIEVE_SIMPLE_REJECT,  /* text: what the sender is told */
	SIEVE_SIMPLE_ANSWER,  /* text, subject, days: a vacation answer, RFC 5230 */
	SIEVE_SIMPLE_DISCARD,
	SIEVE_SIMPLE_KEEP,
	SIEVE_SIMPLE_STOP, /* no rule behind this one is asked */
	SIEVE_SIMPLE_DOS
};

struct sieve_simple_action {
	enum sieve_simple_do what;
	struct view text, subject;
	const struct view *flags;
	size_t flag_count;
	bool create, copy;
	uint32_t days; /* 0: as the server thinks */
};

struct sieve_simple_rule {
	struct view name;
	bool enabled;
	bool any; /* any condition is enough; with less than two there is no difference, and it is false */
	struct sieve_simple_condition *conditions; /* none: all mail */
	size_t condition_count;
	struct sieve_simple_action *actions;
	size_t action_count;
};

struct sieve_simple_item {
	struct sieve_simple_item *next;
	struct sieve_simple_rule *rule; /* NULL: text */
	size_t rules;         /* how many rules it has: 1, or those that text holds (struct sieve_reason) */
	struct view source;   /* as it stood in the script; empty for a rule that was changed */
	uint32_t line, lines; /* of the source in the script that was read */
	bool commands;        /* it holds commands, and not only comments and requires */
	bool own;             /* the require that this file writes, with these names */
	const struct view *names;
	size_t name_count;
};

struct sieve_simple {
	struct arena *arena;
	struct sieve_simple_item *first;
	uint32_t required; /* by the script's other requires, a bit for each name of sieve_simple_needs */
	bool marked;       /* the script begins with a byte order mark */
	bool changed;      /* something is not as it was read: our require is written anew */
	bool variables, encoded; /* the script requires these: "${" may mean something else than itself */
};

/*
 * Reads a script. Everything lives in `arena` or in the script, which must outlive it. 0; -EINVAL: the script
 * has not the grammar of Sieve, and `errors` says where; -ENOMEM.
 */
int sieve_simple_read(
    struct view script, struct arena *arena, struct sieve_errors *errors, struct sieve_simple *simple);

/*
 * Appends the script. 0; -EINVAL: a text of a changed rule would mean something else in this script, since
 * that requires variables or encoded characters, and `words` says so. Otherwise the result of buf_append.
 */
int sieve_simple_write(const struct sieve_simple *simple, struct buf *out, struct buf *words);

/*
 * Rules have the numbers that struct sieve_reason gives them (sieve_outcome.h): those that are text count,
 * too.
 */
size_t sieve_simple_count(const struct sieve_simple *simple);
/* The item with the rule of a number, from 1; NULL. */
struct sieve_simple_item *sieve_simple_at(const struct sieve_simple *simple, size_t number);
/* The number of the first rule of that name that is no text; 0: there is none. */
size_t sieve_simple_named(const struct sieve_simple *simple, struct view name);

/*
 * Each number must be of a rule that is no text, but `before` may be any, and one more than there are: behind
 * all that there is. `rule` must live as long as the list. -ENOMEM, or -E2BIG: there are
 * SIEVE_SIMPLE_RULES_MAX.
 */
int sieve_simple_add(struct sieve_simple *simple, struct sieve_simple_rule *rule, size_t before);
void sieve_simple_remove(struct sieve_simple *simple, size_t number);
/* The rule will stand before the one that had the number `before`. */
void sieve_simple_move(struct sieve_simple *simple, size_t number, size_t before);
/* Says that the rule was changed: it is written anew. */
void sieve_simple_changed(struct sieve_simple *simple, struct sieve_simple_item *item);

/*
 * Judges a rule that somebody made, and gives it the form that reading gives: flags before what files or
 * keeps, a pattern "abc*" as a beginning. False: `words` says what is wrong, as a sentence without its point.
 */
bool sieve_simple_settle(struct sieve_simple_rule *rule, struct arena *arena, struct buf *words);

/* ---- in words: sieve_simple_tell.c, sieve_simple_hear.c ---- */

/*
 * "subject contains "invoice" or "bill"", "file into "Work"". Reading takes what writing gives, and values
 * without quotes; what it makes lives in the arena or in the text, and is not settled. False: `words` says
 * what was expected, likewise.
 */
int sieve_simple_tell_condition(const struct sieve_simple_condition *condition, struct buf *out);
int sieve_simple_tell_action(const struct sieve_simple_action *action, struct buf *out);
/* The whole: "if all of these: ..." on one line. */
int sieve_simple_tell(const struct sieve_simple_rule *rule, struct buf *out);
bool sieve_simple_hear_condition(
    struct view text, struct arena *arena, struct sieve_simple_condition *condition, struct buf *words);
bool sieve_simple_hear_action(
    struct view text, struct arena *arena, struct sieve_simple_action *action, struct buf *words);

/* ---- as JSON: sieve_simple_json.c ---- */

int sieve_simple_to_json(const struct sieve_simple_rule *rule, struct buf *out);
/* Settles the rule, too; false: `words` says what is wrong. */
bool sieve_simple_from_json(
    const struct json_value *value, struct arena *arena, struct sieve_simple_rule *rule, struct buf *words);
/* The same from a text, which must live as long as the rule. */
bool sieve_simple_from_json_text(
    struct view json, struct arena *arena, struct sieve_simple_rule *rule, struct buf *words);

#endif
