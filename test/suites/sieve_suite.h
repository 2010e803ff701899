/* What the files of the driver of Pigeonhole's suite share: the state of the file that is played. */
#ifndef SUITES_SIEVE_SUITE_H
#define SUITES_SIEVE_SUITE_H

#include "sieve/sieve_match.h"
#include "sieve/sieve_run.h"

enum {
	SUITE_FILE_MAX = 4 << 20,     /* octets of a file of the suite */
	SUITE_MEMORY_MAX = 256 << 20, /* a file sets many messages, and its scripts are kept to its end */
	SUITE_MAILBOXES_MAX = 100,
	SUITE_MAILS_MAX = 100, /* in one mailbox; that were sent */
	SUITE_SETTINGS_MAX = 100,
	SUITE_ANNOTATIONS_MAX = 100,
	SUITE_PROGRAMS_MAX = 20,
	SUITE_MARKS_MAX = 100,
};

struct suite_mail {
	struct view bytes, sender, recipient, flags;
};

struct suite_mailbox {
	struct view path;
	struct suite_mail mails[SUITE_MAILS_MAX];
	size_t count;
};

struct suite_pair {
	struct view place, name, value; /* place: an annotation's mailbox; empty: the server's */
};

struct suite_program {
	struct view name;
	struct sieve_program program;
};

struct suite {
	const char *file;
	struct arena arena;
	struct sieve_world world;
	const struct sieve_language *language; /* of the files, and of the scripts that they test */
	struct sieve_message *message;         /* that is looked at */

	struct view failure; /* of the test under way */
	bool failed;
	unsigned passed, failures;

	/* The model of what a server keeps. */
	struct suite_mailbox mailboxes[SUITE_MAILBOXES_MAX];
	size_t mailbox_count;
	struct suite_mail sent[SUITE_MAILS_MAX];
	size_t sent_count;
	struct suite_pair settings[SUITE_SETTINGS_MAX], annotations[SUITE_ANNOTATIONS_MAX];
	size_t setting_count, annotation_count;
	struct view original_recipient;
	struct view own[2]; /* the account's addresses, by settings */

	/* The script that was compiled last, those that were saved, and what was said of them. */
	struct sieve_errors errors;
	struct sieve_program program;
	bool compiled;
	struct suite_program programs[SUITE_PROGRAMS_MAX];
	size_t program_count;
	struct sieve_outcome outcome; /* of a script's run */
};
extern struct suite suite;
extern bool suite_shows_errors;

/* A text that stays. */
struct view suite_keep(struct view text);
bool suite_read_file(const char *name, struct view *text);

/* Forgets what was said of scripts; says something of one. */
void suite_no_errors(void);
void suite_error(uint32_t line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A setting's value; empty: it has none. */
struct view suite_setting(const char *name);

/* sieve_suite_world.c: what scripts ask, and the commands that change it. */
enum sieve_answer suite_ask(void *arg, const struct sieve_question *question, struct view *value);
enum sieve_answer suite_script(
    void *arg, struct view name, bool global, struct arena *arena, const struct sieve_program **program);
struct suite_mailbox *suite_mailbox(struct view path);
extern const struct sieve_words suite_world_words;

/* sieve_suite_verdict.c: what is known of the message's badness, as the world gives it; of lists. */
bool suite_spam(struct view *value);
bool suite_virus(struct view *value);
bool suite_list_valid(struct view list);
bool suite_list_holds(struct view list, struct view value);

/* sieve_suite_result.c: what a script wanted is done. Places of actions among what it did. */
struct view suite_owner(const struct sieve_run *run); /* the address of whose script runs */
bool suite_send(struct view sender, struct view recipient, struct view bytes);
/* sieve_suite_answer.c: vacation and notify; reject and ereject. */
bool suite_answer(struct sieve_run *run, const struct sieve_action *action);
bool suite_refuse(struct sieve_run *run, const struct sieve_action *action);
bool suite_execute(struct sieve_run *run, const struct sieve_outcome *outcome, bool keeps);
extern const struct sieve_words suite_result_words;

/* sieve_suite_script.c: scripts of the suite. */
extern const struct sieve_words suite_script_words;

/* Matches the text at :index, the word's first tag, or all of them. */
enum sieve_truth suite_match_all(
    struct sieve_run *run, const struct sieve_step *step, size_t count, struct view (*text)(size_t i));

/* clang-format off */
#define SUITE_TEXT(what) {what, SIEVE_STRING, SIEVE_USE_TEXT}
#define SUITE_COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* clang-format on */

#endif
