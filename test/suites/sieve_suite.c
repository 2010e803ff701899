/*
 * Plays the .svtest files of Pigeonhole's test suite: scripts that test the language with the commands of
 * vnd.dovecot.testsuite, which are rows of this program's own. A file that needs what is not there is left
 * out, with the reason.
 *
 *     build/test/sieve_suite FILE.svtest ...
 *
 * says for each file how many of its tests passed, which failed and why, or why it was left out. It returns 1
 * when a test failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "sieve/sieve_match.h"
#include "sieve/sieve_run.h"

enum {
	FILE_MAX = 4 << 20,    /* octets of a file of the suite */
	MEMORY_MAX = 256 << 20 /* a file sets many messages, and its scripts are kept to its end */
};

static struct suite {
	const char *file;
	struct arena arena;
	struct sieve_world world;
	struct view failure; /* of the test under way */
	bool failed;
	unsigned passed, failures;
	struct sieve_errors errors; /* of the script that was compiled last */
	struct sieve_program program;
	bool compiled;
	struct sieve_outcome outcome; /* of its run */
} suite;

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)value;
	/* RFC 5183 section 4.1, as far as a program that serves nobody can tell. */
	if (question->kind == SIEVE_ASK_ENVIRONMENT && view_equal_nocase(question->name, VIEW("location"))) {
		*value = VIEW("MS");
		return SIEVE_YES;
	}
	return SIEVE_NO;
}

static bool read_file(const char *path, struct arena *arena, struct view *text)
{
	char *bytes = arena_alloc(arena, FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 && bytes ? read(fd, bytes, FILE_MAX) : -1;

	if (fd >= 0)
		close(fd);
	if (len < 0)
		return false;
	*text = view_of(bytes, (size_t)len);
	return true;
}

/* ---- commands ---- */

static bool act_test(struct sieve_run *run, const struct sieve_step *step)
{
	struct view name = sieve_positional(step, 0)->strings[0];

	suite.failed = false;
	run->outcome->count = 0;
	if (!sieve_run_block(run, step->block))
		return false;
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

/* The suite writes paths as SMTP has them: in brackets, behind a source route (RFC 5321 section 4.1.2). */
static struct view path_address(struct view path)
{
	ptrdiff_t colon;

	if (!view_starts(path, VIEW("<")) || !path.len || path.data[path.len - 1] != '>')
		return path;
	path = view_skip(view_take(path, path.len - 1), 1);
	colon = view_starts(path, VIEW("@")) ? view_find(path, ':') : -1;
	return view_skip(path, (size_t)(colon + 1));
}

static bool act_test_set(struct sieve_run *run, const struct sieve_step *step)
{
	struct view name = sieve_positional(step, 0)->strings[0], value;
	struct sieve_message *m = run->message, old = *m;

	if (!sieve_run_text(run, sieve_positional(step, 1)->strings[0], &value))
		return false;
	if (view_equal_nocase(name, VIEW("message"))) {
		sieve_message_done(m);
		sieve_message_init(m, value, run->arena);
		m->sender = old.sender;
		m->recipient = old.recipient;
		m->authenticated = old.authenticated;
	} else if (view_equal_nocase(name, VIEW("envelope.from"))) {
		m->sender = path_address(value);
	} else if (view_equal_nocase(name, VIEW("envelope.to"))) {
		m->recipient = path_address(value);
	} else if (view_equal_nocase(name, VIEW("envelope.auth"))) {
		m->authenticated = value;
	} else {
		sieve_run_fail(run, "test_set sets what this program does not know");
		return false;
	}
	return true;
}

static bool act_test_config_set(struct sieve_run *run, const struct sieve_step *step)
{
	if (!view_equal(sieve_positional(step, 0)->strings[0], VIEW("recipient_delimiter"))) {
		sieve_run_fail(run, "test_config_set sets what this program has no setting for");
		return false;
	}
	return sieve_run_text(run, sieve_positional(step, 1)->strings[0], &suite.world.subaddress);
}

static bool act_nothing(struct sieve_run *run, const struct sieve_step *step)
{
	(void)run, (void)step; /* settings hold at once */
	return true;
}

static bool act_test_result_reset(struct sieve_run *run, const struct sieve_step *step)
{
	(void)step;
	run->outcome->count = 0;
	suite.outcome.count = 0;
	return true;
}

/* ---- tests ---- */

static enum sieve_truth test_compile(struct sieve_run *run, const struct sieve_step *step)
{
	static const struct sieve_language language;
	const char *slash = strrchr(suite.file, '/');
	struct view name, script;
	char path[4096];

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &name))
		return SIEVE_BROKEN;
	snprintf(path, sizeof(path), "%.*s/%.*s", slash ? (int)(slash - suite.file) : 1,
	    slash ? suite.file : ".", VIEW_FMT(name));
	sieve_errors_done(&suite.errors);
	sieve_errors_init(&suite.errors);
	if (!read_file(path, &suite.arena, &script))
		return sieve_run_fail(run, "a script of the suite cannot be read");
	suite.compiled = sieve_compile(script, &language, &suite.arena, &suite.errors, &suite.program);
	return suite.compiled ? SIEVE_TRUE : SIEVE_FALSE;
}

static enum sieve_truth test_run(struct sieve_run *run, const struct sieve_step *step)
{
	(void)step;
	if (!suite.compiled)
		return sieve_run_fail(run, "test_script_run without a script");
	if (sieve_run(&suite.program, run->message, &suite.world, run->arena, &suite.outcome) == SIEVE_DONE)
		return SIEVE_TRUE;
	sieve_errors_done(&suite.errors);
	sieve_errors_init(&suite.errors);
	sieve_error_add(&suite.errors, (struct sieve_place){suite.outcome.failed_line, 1}, "%.*s",
	    VIEW_FMT(suite.outcome.failed_text));
	return SIEVE_FALSE;
}

/* Matches the text at :index, or all of them. */
static enum sieve_truth match_all(
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

static struct view error_text(size_t i)
{
	return i < suite.errors.count ? suite.errors.items[i].text : VIEW("the script cannot be compiled");
}

/* Pigeonhole counts as an error that there are some, when a script is compiled. */
static enum sieve_truth test_error(struct sieve_run *run, const struct sieve_step *step)
{
	return match_all(run, step, suite.errors.count + !suite.compiled, error_text);
}

static struct view action_text(size_t i)
{
	static const char *const names[] = {"keep", "store", "redirect", "discard"};

	return view_from_string(names[suite.outcome.actions[i].kind]);
}

static enum sieve_truth test_result_action(struct sieve_run *run, const struct sieve_step *step)
{
	return match_all(run, step, suite.outcome.count, action_text);
}

/* clang-format off */
#define TEXT(what) {what, SIEVE_STRING, SIEVE_USE_TEXT}
/* clang-format on */

static const struct sieve_tag index_tags[] = {
    {"index", SIEVE_INTERNAL, 0, {"a number", SIEVE_NUMBER, SIEVE_USE_TEXT}, false}};
static const struct sieve_tag extension_tags[] = {
    {"extension", SIEVE_INTERNAL, 0, TEXT("an extension"), false}};

static const struct sieve_word rows[] = {
    {.name = "test",
        .extension = SIEVE_INTERNAL,
        .positionals = {TEXT("a name")},
        .block = true,
        .act = act_test},
    {.name = "test_fail", .extension = SIEVE_INTERNAL, .positionals = {TEXT("why")}, .act = act_test_fail},
    {.name = "test_set",
        .extension = SIEVE_INTERNAL,
        .positionals = {TEXT("what"), TEXT("its value")},
        .act = act_test_set},
    {.name = "test_config_set",
        .extension = SIEVE_INTERNAL,
        .positionals = {TEXT("a setting"), TEXT("its value")},
        .act = act_test_config_set},
    {.name = "test_config_reload",
        .extension = SIEVE_INTERNAL,
        .tags = extension_tags,
        .tag_count = 1,
        .act = act_nothing},
    {.name = "test_result_reset", .extension = SIEVE_INTERNAL, .act = act_test_result_reset},
    {.name = "test_script_compile",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .positionals = {TEXT("a script")},
        .test = test_compile},
    {.name = "test_script_run", .kind = SIEVE_TEST, .extension = SIEVE_INTERNAL, .test = test_run},
    {.name = "test_error",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .positionals = {{"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = index_tags,
        .tag_count = 1,
        .has = SIEVE_HAS_MATCH,
        .test = test_error},
    {.name = "test_result_action",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .positionals = {{"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = index_tags,
        .tag_count = 1,
        .has = SIEVE_HAS_MATCH,
        .test = test_result_action},
};
static const struct sieve_words words = {rows, sizeof(rows) / sizeof(rows[0])};
static const struct sieve_language suite_language = {.extra = &words, .extra_name = "vnd.dovecot.testsuite"};

/* ---- files ---- */

static void left_out(uint32_t line, struct view text)
{
	printf("%s: left out: line %u: %.*s\n", suite.file, line, VIEW_FMT(text));
}

static void play(struct view script)
{
	static struct sieve_outcome outcome;
	static struct sieve_errors errors;
	struct sieve_program program;
	struct sieve_message message;

	sieve_errors_init(&errors);
	sieve_message_init(
	    &message, VIEW("From: ann@example.com\r\nTo: joe@example.com\r\n\r\nbody\r\n"), &suite.arena);
	message.sender = VIEW("ann@example.com");
	message.recipient = VIEW("joe@example.com");
	if (!sieve_compile(script, &suite_language, &suite.arena, &errors, &program)) {
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
	unsigned passed = 0, failures = 0;
	struct view script;

	for (int i = 1; i < argc; i++) {
		memset(&suite, 0, sizeof(suite));
		suite.file = argv[i];
		suite.world = (struct sieve_world){.ask = ask, .now = 1700000000, .subaddress = VIEW("+")};
		arena_init(&suite.arena, MEMORY_MAX);
		sieve_errors_init(&suite.errors);
		if (read_file(argv[i], &suite.arena, &script)) {
			play(script);
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
