/*
 * Runs Sieve scripts over messages, for tests that compare us with others.
 *
 *     sieve_tool SENDER RECIPIENT
 *
 * reads lines "SCRIPT MESSAGE", two paths, and answers each with a line: what is to be done, or why the
 * script cannot be compiled or run. Actions have a tab between them: keep [FLAGS], store MAILBOX [FLAGS],
 * redirect ADDRESS, discard, "errors N LINE: TEXT", "fails LINE: TEXT".
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "sieve/sieve_run.h"

enum { FILE_MAX = 8 << 20 };

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)question, (void)value;
	return SIEVE_NO;
}

static bool read_file(const char *path, char *bytes, struct view *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, bytes, FILE_MAX) : -1;

	if (fd >= 0)
		close(fd);
	*text = view_of(bytes, len < 0 ? 0 : (size_t)len);
	return len >= 0;
}

static void tell(const struct sieve_outcome *outcome)
{
	static const char *const kinds[] = {"keep", "store", "redirect", "discard"};

	for (size_t i = 0; i < outcome->count; i++) {
		const struct sieve_action *a = &outcome->actions[i];
		size_t kind = (size_t)a->kind;

		printf("%s%s", i ? "\t" : "", kind < 4 ? kinds[kind] : "other");
		if (a->target.len)
			printf(" %.*s", VIEW_FMT(a->target));
		if (kind < 2)
			printf(" [%.*s]", VIEW_FMT(a->flags));
	}
	printf("\n");
}

static void run(struct view script, struct view message, const char *sender, const char *recipient)
{
	static const struct sieve_language language;
	const struct sieve_world world = {.ask = ask, .now = 1715000000, .subaddress = VIEW("+")};
	static struct sieve_errors errors;
	static struct sieve_outcome outcome;
	struct sieve_program program;
	struct arena compiled, arena;
	struct sieve_message m;

	arena_init(&compiled, SIEVE_COMPILE_MEMORY_MAX);
	arena_init(&arena, SIEVE_RUN_MEMORY_MAX);
	sieve_errors_init(&errors);
	sieve_message_init(&m, message, &arena);
	m.sender = view_from_string(sender);
	m.recipient = view_from_string(recipient);
	if (!sieve_compile(script, &language, &compiled, &errors, &program))
		printf("errors %zu %u: %.*s\n", errors.count, errors.items[0].place.line,
		    VIEW_FMT(errors.items[0].text));
	else if (sieve_run(&program, &m, &world, &arena, &outcome) == SIEVE_FAILED)
		printf("fails %u: %.*s\n", outcome.failed_line, VIEW_FMT(outcome.failed_text));
	else
		tell(&outcome);
	fflush(stdout);
	sieve_message_done(&m);
	sieve_errors_done(&errors);
	arena_done(&arena);
	arena_done(&compiled);
}

int main(int argc, char **argv)
{
	static char line[8192], script_bytes[FILE_MAX], message_bytes[FILE_MAX];
	struct view script, message;

	if (argc != 3)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		char *blank = strchr(line, ' ');

		line[strcspn(line, "\n")] = 0;
		if (!blank)
			return 2;
		*blank = 0;
		if (!read_file(line, script_bytes, &script) || !read_file(blank + 1, message_bytes, &message))
			return 2;
		run(script, message, argv[1], argv[2]);
	}
	return 0;
}
