/*
 * Plays the .svtest files of Pigeonhole's test suite: scripts that test the language with the commands of
 * vnd.dovecot.testsuite, which are rows of this program's own. A file that needs what is not there is left
 * out, with the reason.
 *
 *     build/test/sieve_suite FILE.svtest ...
 *
 * says for each file how many of its tests passed, which failed and why, or why it was left out; behind -e
 * also what is said of each script that cannot be compiled. It returns 1 when a test failed. sieve_suite.py
 * runs the whole suite.
 */
#include "sieve_suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct suite suite;
bool suite_shows_errors;

struct view suite_keep(struct view text)
{
	struct view kept;

	if (!arena_copy(&suite.arena, text, &kept)) {
		fprintf(stderr, "%s takes more memory than this program has for a file\n", suite.file);
		exit(2);
	}
	return kept;
}

static bool read_whole(const char *path, struct view *text)
{
	static char bytes[SUITE_FILE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : -1;

	if (fd >= 0)
		close(fd);
	if (len < 0)
		return false;
	*text = suite_keep(view_of(bytes, (size_t)len));
	return true;
}

bool suite_read_file(const char *name, struct view *text)
{
	const char *slash = strrchr(suite.file, '/');
	char path[4096];

	snprintf(path, sizeof(path), "%.*s/%s", slash ? (int)(slash - suite.file) : 1,
	    slash ? suite.file : ".", name);
	return read_whole(path, text);
}

void suite_no_errors(void)
{
	sieve_errors_done(&suite.errors);
	sieve_errors_init(&suite.errors);
}

void suite_error(uint32_t line, const char *format, ...)
{
	char text[1000];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sieve_error_add(&suite.errors, (struct sieve_place){line, 1}, "%s", text);
}

enum sieve_truth suite_match_all(
    struct sieve_run *run, const struct sieve_step *step, size_t count, struct view (*text)(size_t i))
{
	size_t index = sieve_tag(step, 0)->kind == SIEVE_ABSENT ? 0 : sieve_tag(step, 0)->number;
	enum sieve_truth truth = SIEVE_FALSE;
	struct sieve_matching m;

	if (!sieve_matching_begin(&m, run, step, sieve_positional(step, 0)))
		return SIEVE_BROKEN;
	for (size_t i = 0; i < count && truth == SIEVE_FALSE; i++)
		if (index == 0 || index == i + 1)
			truth = sieve_matching_value(&m, text(i));
	return truth == SIEVE_FALSE ? sieve_matching_end(&m) : truth;
}

/* ---- commands ---- */

static bool act_test(struct sieve_run *run, const struct sieve_step *step)
{
	struct view name = sieve_positional(step, 0)->strings[0];

	suite.failed = false;
	run->outcome->count = 0;
	run->notified = 0;
	run->keeps = true;
	if (!sieve_run_block(run, step->block)) {
		suite.failed = run->outcome->failed;
		suite.failure = run->outcome->failed_text;
		run->outcome->failed = false; /* the next test begins anew */
		run->loop = NULL;
		if (!suite.failed)
			return false;
	}
	run->stopped = false;
	if (suite.failed) {
		suite.failures++;
		printf("%s: FAILED: %.*s: %.*s\n", suite.file, VIEW_FMT(name), VIEW_FMT(suite.failure));
	} else {
		suite.passed++;
	}
	return true;
}

static bool act_test_fail(struct sieve_run *run, const struct sieve_step *step)
{
	suite.failed = true;
	run->stopped = true; /* ends the test */
	return sieve_run_text(run, sieve_positional(step, 0)->strings[0], &suite.failure);
}

/* vnd.dovecot.debug, which only this program has: the suite logs by it, and compares nothing of that. */
static bool act_debug_log(struct sieve_run *run, const struct sieve_step *step)
{
	struct view text;

	return sieve_run_text(run, sieve_positional(step, 0)->strings[0], &text);
}

static const struct sieve_word rows[] = {
    {.name = "test",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a name")},
        .block = true,
        .act = act_test},
    {.name = "test_fail",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("why")},
        .act = act_test_fail},
    {.name = "debug_log",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a text")},
        .act = act_debug_log},
};

enum { WORDS_MAX = 40 };

/* All rows of this program in one table. */
static struct sieve_words gather(void)
{
	static struct sieve_word all[WORDS_MAX];
	const struct sieve_words tables[] = {
	    {rows, SUITE_COUNT(rows)}, suite_world_words, suite_result_words, suite_script_words};
	struct sieve_words words = {all, 0};

	for (size_t t = 0; t < SUITE_COUNT(tables); t++)
		for (size_t i = 0; i < tables[t].count && words.count < WORDS_MAX; i++)
			all[words.count++] = tables[t].rows[i];
	return words;
}

/* ---- files ---- */

static void left_out(uint32_t line, struct view text)
{
	printf("%s: left out: line %u: %.*s\n", suite.file, line, VIEW_FMT(text));
}

/* The suite names its folder by a variable of its own, which stands for "." here. */
static struct view with_paths(struct view script)
{
	static const struct view name = {"${tst.path}", 11};
	struct buf text;
	struct view kept;

	buf_init(&text, SUITE_FILE_MAX);
	for (const char *at; script.len && (at = memmem(script.data, script.len, name.data, name.len));) {
		buf_append(&text, view_take(script, (size_t)(at - script.data)));
		buf_append(&text, VIEW("."));
		script = view_skip(script, (size_t)(at - script.data) + name.len);
	}
	buf_append(&text, script);
	kept = suite_keep(buf_view(&text));
	buf_done(&text);
	return kept;
}

static void play(struct view script, const struct sieve_words *words)
{
	static const char *const names[] = {"vnd.dovecot.testsuite", "vnd.dovecot.debug", NULL};
	const struct sieve_language language = {.extra = words, .extra_names = names};
	static struct sieve_outcome outcome;
	static struct sieve_errors errors;
	struct sieve_program program;
	struct sieve_message message;

	sieve_errors_init(&errors);
	suite.message = &message;
	suite.language = &language;
	sieve_message_init(
	    &message, VIEW("From: ann@example.com\r\nTo: joe@example.com\r\n\r\nbody\r\n"), &suite.arena);
	message.sender = VIEW("sender@example.com");
	message.recipient = VIEW("recipient@example.com");
	if (!sieve_compile(script, &language, &suite.arena, &errors, &program)) {
		left_out(errors.items[0].place.line, errors.items[0].text);
	} else if (sieve_run(&program, &message, &suite.world, &suite.arena, &outcome) == SIEVE_FAILED) {
		left_out(outcome.failed_line, outcome.failed_text);
	}
	if (suite.passed || suite.failures)
		printf("%s: %u passed, %u failed\n", suite.file, suite.passed, suite.failures);
	sieve_message_done(&message);
	sieve_errors_done(&errors);
}

int main(int argc, char **argv)
{
	const struct sieve_words words = gather();
	unsigned passed = 0, failures = 0;
	struct view script;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-e") == 0) {
			suite_shows_errors = true;
			continue;
		}
		memset(&suite, 0, sizeof(suite));
		suite.file = argv[i];
		suite.world = (struct sieve_world){
		    .ask = suite_ask, .script = suite_script, .now = 1700000000, .subaddress = VIEW("+")};
		suite.mailboxes[suite.mailbox_count++].path = VIEW("INBOX");
		arena_init(&suite.arena, SUITE_MEMORY_MAX);
		sieve_errors_init(&suite.errors);
		if (read_whole(argv[i], &script)) {
			play(with_paths(script), &words);
		} else {
			printf("%s: %s\n", argv[i], strerror(errno));
			failures++;
		}
		passed += suite.passed;
		failures += suite.failures;
		sieve_errors_done(&suite.errors);
		arena_done(&suite.arena);
	}
	printf("%u passed, %u failed\n", passed, failures);
	return failures ? 1 : 0;
}
