/* rule put, rule check: a script from a file, compiled by the server before it is put down, or here. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli_rule.h"
#include "cli/rule_complaints.h"
#include "cli/rule_owner.h"
#include "sieve/sieve_program.h"

_Static_assert(SCRIPT_SIZE_MAX == (int)SIEVE_SCRIPT_MAX, "what can be compiled can be put down");

/* ---- the file ---- */

/* One octet more than a script has tells that there are too many. */
static int read_all(int fd, struct buf *text)
{
	char piece[16 * 1024];
	ssize_t n;
	while ((n = read(fd, piece, sizeof piece)) > 0)
		if (buf_append(text, view_of(piece, (size_t)n)) != 0)
			return -EFBIG;
	return n < 0 ? -errno : 0;
}

int rule_read_file(const char *file, struct buf *text)
{
	bool standard = strcmp(file, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : read_all(fd, text);
	if (fd >= 0 && !standard)
		close(fd);
	if (error == 0)
		return 0;
	if (error == -EFBIG)
		fprintf(stderr, "postrider: %s: a script has 1 MB at most\n", file);
	else
		fprintf(stderr, "postrider: %s cannot be read: %s\n", file, strerror(-error));
	return error == -EFBIG ? EXIT_DATA : EXIT_NOTHING;
}

/* ---- put ---- */

/* "folder/main.sieve" is called "main". */
static void name_of(const char *file, struct buf *name)
{
	const char *slash = strrchr(file, '/');
	struct view base = view_from_string(slash ? slash + 1 : file);
	if (base.len > 6 && view_ends_nocase(base, VIEW(".sieve")))
		base = view_take(base, base.len - 6);
	buf_append(name, base);
}

static void take_complaint(void *arg, unsigned type, const union mailbox_answer *answer)
{
	if (type == SCRIPT_COMPLAINT)
		rule_complaint(arg, &answer->complaint);
}

int rule_send_text(struct mailbox_client *client, struct view text)
{
	int error = 0;
	for (; text.len > 0 && error == 0; text = view_skip(text, SCRIPT_PIECE_MAX)) {
		struct script_piece m = {.bytes = view_take(text, SCRIPT_PIECE_MAX)};
		error = mailbox_client_ask(client, SCRIPT_PIECE, &m, NULL);
	}
	return error;
}

static int put_text(struct rule_owner *owner, struct script_put *put, struct rule_complaints *c)
{
	struct mail_done done = {0};
	int error = rule_send_text(&owner->client, c->text);
	if (c->json) {
		fputs("{\"name\":", stdout);
		cli_json_string(put->name);
		putchar(',');
	}
	rule_complaints_begin(c);
	if (error == 0)
		error = mailbox_client_run(&owner->client, SCRIPT_PUT, put, take_complaint, c, &done);
	rule_complaints_end(c);
	if (c->json)
		printf(",\"put\":%s}\n", error ? "false" : "true");
	if (error == -ENOEXEC) {
		fprintf(stderr, "postrider: %s: the script has %zu error%s, and was not put down\n",
		    owner->subject, c->errors, c->errors == 1 ? "" : "s");
		return EXIT_DATA;
	}
	return error ? error : 0;
}

int rule_put(struct cli *cli, struct directory_client *directory)
{
	struct rule_owner owner;
	struct buf name, text;
	const char *given = cli_value(cli, "--name");
	bool activate = cli_option(cli, "--activate");
	int status = rule_open(cli, directory, 1, 1, &owner);
	if (status)
		return status;
	const char *file = cli->argv[0];
	buf_init(&name, 2 * SCRIPT_NAME_MAX);
	buf_init(&text, SCRIPT_SIZE_MAX);
	if (given)
		buf_append_string(&name, given);
	else
		name_of(file, &name);
	if (activate && owner.place != SCRIPT_OWN)
		status =
		    cli_usage(cli, "the server's scripts run as long as they are there: without --activate");
	else if (!given && strcmp(file, "-") == 0)
		status = cli_usage(cli, "a script from standard input needs --name");
	else
		status = rule_read_file(file, &text);
	if (status == 0) {
		struct script_put put = {.place = owner.place, .activate = activate, .name = buf_view(&name)};
		struct rule_complaints c = {.file = file, .text = buf_view(&text), .json = cli->json};
		status = put_text(&owner, &put, &c);
		if (status < 0)
			status = rule_problem(&owner, buf_string(&name), status);
	}
	buf_done(&name);
	buf_done(&text);
	rule_close(&owner);
	return status;
}

/* ---- check ---- */

static void complain(struct rule_complaints *c, const struct sieve_errors *errors, bool warning)
{
	for (size_t i = 0; i < errors->count; i++)
		rule_complaint(c, &(struct script_complaint){.line = errors->items[i].place.line,
		                      .column = errors->items[i].place.column,
		                      .warning = warning,
		                      .text = errors->items[i].text});
	if (errors->more && !c->json)
		printf("and %zu more\n", errors->more);
}

/* Here, without a server: a script that is being written is tried often. */
static int check_text(struct rule_complaints *c)
{
	static const struct sieve_language language;
	struct sieve_errors *errors = mem_alloc(sizeof *errors), *warnings = mem_alloc(sizeof *warnings);
	struct sieve_program program;
	struct arena arena;
	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	sieve_errors_init(errors);
	sieve_errors_init(warnings);
	if (c->json)
		putchar('{');
	rule_complaints_begin(c);
	bool good = sieve_compile_warned(c->text, &language, &arena, errors, warnings, &program);
	complain(c, errors, false);
	if (good)
		complain(c, warnings, true);
	rule_complaints_end(c);
	if (c->json)
		printf(",\"good\":%s}\n", good ? "true" : "false");
	sieve_errors_done(errors);
	sieve_errors_done(warnings);
	mem_free(errors);
	mem_free(warnings);
	arena_done(&arena);
	return good ? 0 : EXIT_DATA;
}

int rule_check(struct cli *cli)
{
	struct buf text;
	cli->verb = cli->argv[0];
	cli->argc--;
	cli->argv++;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	buf_init(&text, SCRIPT_SIZE_MAX);
	int status = rule_read_file(cli->argv[0], &text);
	if (status == 0) {
		struct rule_complaints c = {.file = cli->argv[0], .text = buf_view(&text), .json = cli->json};
		status = check_text(&c);
	}
	buf_done(&text);
	return status;
}
