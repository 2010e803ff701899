/*
 * who, kick: which clients are logged in now, and ending their sessions. Store knows them by the channels
 * that it has made for them, so that a session counts while it can reach its mail. Submission has no such
 * channel.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/store_client.h"
#include "format/date.h"
#include "format/json_read.h"
#include "format/plain.h"

enum { OUTPUT_MAX = 32 << 20, LINE_ARENA = 64 * 1024 };

struct people {
	struct buf lines;
	size_t count;
};

static void take(struct view text, bool last, void *arg)
{
	struct people *p = arg;
	(void)last;
	buf_append(&p->lines, text);
}

/* 0, or an exit code with the reason printed. */
static int ask(struct cli *cli, const char *address, struct people *p)
{
	const struct view words[] = {VIEW("who"), view_from_string(address)};
	int status = cli_settings(cli);
	if (status)
		return status;
	int fd = store_client_connect(&cli->settings);
	if (fd < 0)
		return store_client_no_server();
	buf_init(&p->lines, OUTPUT_MAX);
	status = store_client_ask(fd, words, address ? 2 : 1, true, take, p);
	struct view rest = buf_view(&p->lines), line;
	while (view_next(&rest, '\n', &line))
		p->count += line.len > 0;
	return status;
}

static void print_words(struct view line, int64_t now)
{
	struct arena arena;
	struct json_value v;
	struct buf out;
	arena_init(&arena, LINE_ARENA);
	buf_init(&out, LINE_ARENA);
	if (json_parse(line, &arena, &v) == 0) {
		size_t before = 0;
		const struct view columns[] = {
		    json_text_of(&v, "address"), json_text_of(&v, "service"), json_text_of(&v, "client")};
		static const size_t widths[] = {32, 12, 24};
		for (size_t i = 0; i < 3; i++) {
			before = buf_view(&out).len;
			plain_text(&out, columns[i].len ? columns[i] : VIEW("-"));
			do
				buf_append_byte(&out, ' ');
			while (buf_view(&out).len - before < widths[i]);
		}
		struct date date = {.seconds = now};
		date_parse(json_text_of(&v, "since"), &date);
		int64_t since = date.seconds;
		buf_append_string(&out, "since ");
		plain_time(&out, since);
		buf_append_string(&out, " (");
		duration_write(&out, now > since ? now - since : 0);
		buf_append_string(&out, ")\n");
		fputs(buf_string(&out), stdout);
	}
	buf_done(&out);
	arena_done(&arena);
}

int cli_who(struct cli *cli)
{
	struct people p = {.count = 0};
	struct view rest, line;
	bool first = true;
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	int status = ask(cli, cli->argc ? cli->argv[0] : NULL, &p);
	if (status) {
		buf_done(&p.lines);
		return status;
	}
	rest = buf_view(&p.lines);
	while (view_next(&rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		if (cli->json)
			printf("%s%.*s", first ? "[" : ",\n", VIEW_FMT(line));
		else
			print_words(line, clock_wall());
		first = false;
	}
	if (cli->json)
		puts(first ? "[]" : "]");
	else if (first)
		puts(cli->argc ? "Nobody is logged in there." : "Nobody is logged in.");
	buf_done(&p.lines);
	return 0;
}

/* ---- kick ---- */

static int end_sessions(struct cli *cli, struct directory_client *client, size_t count)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(cli->argv[0]);
	int error = directory_client_ask(client, DIRECTORY_KICK, 0, &field, 1, &answer);
	if (error)
		return cli_directory_problem(cli->argv[0], error);
	if (cli->json)
		printf("{\"ended\":%zu}\n", count);
	else
		printf("%zu session%s of %s ended. Whoever knows the password can log in again: `postrider "
		       "account "
		       "password %s` or `postrider account disable %s` prevents that.\n",
		    count, count == 1 ? "" : "s", cli->argv[0], cli->argv[0], cli->argv[0]);
	return 0;
}

int cli_kick(struct cli *cli)
{
	struct people p = {.count = 0};
	struct directory_client *client;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	int status = ask(cli, cli->argv[0], &p);
	buf_done(&p.lines);
	if (status)
		return status;
	status = directory_client_open(cli, &client);
	if (status)
		return status;
	status = end_sessions(cli, client, p.count);
	directory_client_close(client);
	return status;
}
