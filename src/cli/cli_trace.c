/* trace: what became of a message. Asked of the running server, which has the newest lines; else read from
 * the files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/cli_queue_text.h"
#include "cli/store_client.h"
#include "trace/trace_search.h"
#include "trace/trace_text.h"

enum { ASKED_MAX = 50 /* messages whose state the queue is asked for: the newest */ };

struct answer {
	struct buf lines;
	struct trace_result result;
	struct buf problem; /* a sentence of the server */
};

/* Lines come in pieces; the last piece is the summary, or a sentence when something is wrong. */
static void take(struct view text, bool last, void *arg)
{
	struct answer *a = arg;
	struct view rest = text, word[3] = {{0}};
	uint64_t n[3];
	if (!last) {
		buf_append(&a->lines, text);
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		if (!view_next(&rest, ' ', &word[i]) || !view_to_u64(word[i], TRACE_OUTPUT_MAX, &n[i])) {
			buf_append(&a->problem, text);
			return;
		}
	}
	a->result = (struct trace_result){.messages = (size_t)n[0], .more = n[1], .cut = n[2]};
}

static int ask_server(int fd, const char *text, unsigned days, unsigned limit, struct answer *a)
{
	char numbers[2][16];
	snprintf(numbers[0], sizeof numbers[0], "%u", days);
	snprintf(numbers[1], sizeof numbers[1], "%u", limit);
	const struct view words[] = {VIEW("trace"), view_from_string(text), view_from_string(numbers[0]),
	    view_from_string(numbers[1])};
	int status = store_client_ask(fd, words, 4, false, take, a);
	if (a->problem.len)
		fprintf(stderr, "postrider: %s", buf_string(&a->problem));
	return status;
}

static int read_files(struct cli *cli, const char *text, unsigned days, unsigned limit, struct answer *a)
{
	char folder[1024];
	snprintf(folder, sizeof folder, "%.*s", VIEW_FMT(cli->settings.data));
	cli_become_owner(folder);
	struct trace_query query = {.text = view_from_string(text), .days = days, .limit = limit};
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? -errno : trace_search(fd, &query, &a->lines, &a->result);
	if (fd < 0 || (error && error != -ENOENT)) {
		fprintf(stderr, "postrider: the trace records in %s cannot be read: %s\n", folder,
		    strerror(-error));
		if (fd >= 0)
			close(fd);
		return error == -EACCES ? EXIT_REFUSED : EXIT_UNAVAILABLE;
	}
	close(fd);
	return 0;
}

/* ---- what the queue says of a message that still waits ---- */

struct waiting {
	int64_t now;
	struct buf line, text;
};

static void take_record(struct view text, bool last, void *arg)
{
	struct waiting *w = arg;
	struct queue_record_view record;
	struct arena arena;
	buf_append(&w->line, text);
	if (!last)
		return;
	arena_init(&arena, QUEUE_RECORD_ARENA);
	if (queue_record_read(view_trim(buf_view(&w->line)), &arena, &record) == 0)
		queue_text_next(&record, w->now, &w->text);
	arena_done(&arena);
}

/* Without an answer the lines have to do. */
static void ask_queue(struct cli *cli, struct view id, struct waiting *w)
{
	char word[80];
	int fd = store_client_connect(&cli->settings);
	if (fd < 0)
		return;
	snprintf(word, sizeof word, "id=%.*s", VIEW_FMT(view_take(id, 64)));
	const struct view words[] = {VIEW("queue"), VIEW("show"), view_from_string(word)};
	store_client_ask(fd, words, 3, true, take_record, w);
}

/* ---- output ---- */

static void print_group(struct cli *cli, struct view group, bool ask, bool first)
{
	struct buf out, id;
	struct waiting w = {.now = clock_wall()};
	buf_init(&out, 8 * TRACE_OUTPUT_MAX);
	buf_init(&id, 256);
	buf_init(&w.line, TRACE_OUTPUT_MAX);
	buf_init(&w.text, 64 * 1024);
	if (ask && trace_waits(group, &id))
		ask_queue(cli, buf_view(&id), &w);
	if (cli->json) {
		buf_append_string(&out, first ? "[" : ",\n");
		trace_json(group, w.now, buf_view(&w.text), &out);
	} else {
		buf_append_string(&out, first ? "" : "\n");
		trace_text(group, w.now, buf_view(&w.text), &out);
	}
	fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	buf_done(&out);
	buf_done(&id);
	buf_done(&w.line);
	buf_done(&w.text);
}

/* Groups of lines have an empty line behind them. */
static void print(struct cli *cli, const struct answer *a, bool ask)
{
	struct view rest = buf_view(&a->lines);
	size_t count = 0;
	while (rest.len) {
		const char *end = memmem(rest.data, rest.len, "\n\n", 2);
		size_t len = end ? (size_t)(end - rest.data) + 1 : rest.len;
		print_group(cli, view_take(rest, len), ask && count < ASKED_MAX, count == 0);
		rest = view_skip(rest, len + 1);
		count++;
	}
	if (cli->json)
		fputs(count ? "]\n" : "[]\n", stdout);
}

static void print_notes(const struct cli *cli, const struct answer *a, const char *text, unsigned days)
{
	fflush(stdout);
	if (a->result.messages == 0)
		fprintf(stderr, "postrider: no record of %s in the last %llu days%s\n", text,
		    days ? (unsigned long long)days : (unsigned long long)cli->settings.trace_days,
		    days ? "" : " (setting: trace_days)");
	if (a->result.more)
		fputs("postrider: there are older messages too; --limit N shows more of them\n", stderr);
	if (a->result.cut)
		fputs(
		    "postrider: the answer was cut short; ask for less, by a message's id or with --days N\n",
		    stderr);
}

static bool number_option(struct cli *cli, const char *name, uint64_t max, unsigned *number)
{
	const char *text = cli_value(cli, name);
	uint64_t n = 0;
	if (text && (!view_to_u64(view_from_string(text), max, &n) || n == 0))
		return false;
	*number = (unsigned)n;
	return true;
}

int cli_trace(struct cli *cli)
{
	unsigned days, limit;
	struct answer a = {0};
	if (!number_option(cli, "--days", 100000, &days) ||
	    !number_option(cli, "--limit", TRACE_LIMIT_MAX, &limit))
		return cli_usage(cli, "--days and --limit take a number; --limit takes at most 1000");
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	const char *text = cli->argv[0];
	int status = cli_settings(cli);
	if (status)
		return status;
	buf_init(&a.lines, TRACE_OUTPUT_MAX + 1024);
	buf_init(&a.problem, 1024);
	int fd = store_client_connect(&cli->settings);
	status = fd >= 0 ? ask_server(fd, text, days, limit, &a) : read_files(cli, text, days, limit, &a);
	if (status == 0) {
		print(cli, &a, fd >= 0);
		print_notes(cli, &a, text, days);
		if (a.result.messages == 0)
			status = EXIT_NOTHING;
	}
	buf_done(&a.lines);
	buf_done(&a.problem);
	return status;
}
