/* trace: what became of a message. Asked of the running server, which has the newest lines; else read from
 * the files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/cli_queue_text.h"
#include "cli/cli_time.h"
#include "cli/store_client.h"
#include "trace/trace_search.h"
#include "trace/trace_share.h"
#include "trace/trace_text.h"

enum { ASKED_MAX = 50 /* messages whose state the queue is asked for: the newest */ };

struct answer {
	struct buf lines;
	struct trace_result result;
	struct buf problem; /* a sentence of the server */
};

/* What is asked. */
struct asked {
	const char *text, *subject; /* either may be empty */
	const char *user;           /* whose mail alone is shown; NULL: everybody's */
	unsigned days, limit;
	int64_t since, until;
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

static int ask_server(int fd, const struct asked *q, struct answer *a)
{
	char numbers[4][24];
	snprintf(numbers[0], sizeof numbers[0], "%u", q->days);
	snprintf(numbers[1], sizeof numbers[1], "%u", q->limit);
	snprintf(numbers[2], sizeof numbers[2], "%" PRId64, q->since);
	snprintf(numbers[3], sizeof numbers[3], "%" PRId64, q->until);
	const struct view words[] = {VIEW("trace"), view_from_string(q->text), view_from_string(numbers[0]),
	    view_from_string(numbers[1]), view_from_string(numbers[2]), view_from_string(numbers[3]),
	    view_from_string(q->subject)};
	int status = store_client_ask(fd, words, 7, false, take, a);
	if (a->problem.len)
		fprintf(stderr, "postrider: %s", buf_string(&a->problem));
	return status;
}

static int read_files(struct cli *cli, const struct asked *q, struct answer *a)
{
	char folder[1024];
	snprintf(folder, sizeof folder, "%.*s", VIEW_FMT(cli->settings.data));
	cli_become_owner(folder);
	struct trace_query query = {.text = view_from_string(q->text),
	    .subject = view_from_string(q->subject),
	    .days = q->days,
	    .limit = q->limit,
	    .since = q->since,
	    .until = q->until};
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
static size_t print(struct cli *cli, const struct asked *q, const struct answer *a, bool ask)
{
	struct view rest = buf_view(&a->lines);
	size_t count = 0;
	struct buf shown;
	buf_init(&shown, TRACE_OUTPUT_MAX + 1024);
	while (rest.len) {
		const char *end = memmem(rest.data, rest.len, "\n\n", 2);
		size_t len = end ? (size_t)(end - rest.data) + 1 : rest.len;
		struct view group = view_take(rest, len);
		rest = view_skip(rest, len + 1);
		buf_clear(&shown);
		if (q->user && !trace_for_user(group, view_from_string(q->user), &shown))
			continue;
		/* Of a user's own the queue is not asked: it would tell of others. */
		print_group(cli, q->user ? buf_view(&shown) : group, ask && !q->user && count < ASKED_MAX,
		    count == 0);
		count++;
	}
	buf_done(&shown);
	if (cli->json)
		fputs(count ? "]\n" : "[]\n", stdout);
	return count;
}

static void print_notes(const struct cli *cli, const struct answer *a, const struct asked *q, size_t shown)
{
	const char *what = q->text[0] ? q->text : q->subject[0] ? "such a subject" : "any message";
	fflush(stdout);
	if (shown == 0 && (q->since || q->until))
		fprintf(stderr,
		    "postrider: no record of %s in that time; records are kept for %llu days "
		    "(setting: trace_days)\n",
		    what, (unsigned long long)cli->settings.trace_days);
	else if (shown == 0)
		fprintf(stderr, "postrider: no record of %s in the last %llu days%s\n", what,
		    q->days ? (unsigned long long)q->days : (unsigned long long)cli->settings.trace_days,
		    q->days ? "" : " (setting: trace_days)");
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

/* 0, or an exit code. */
static int take_words(struct cli *cli, struct asked *q)
{
	const char *since = cli_value(cli, "--since"), *until = cli_value(cli, "--until"),
	           *subject = cli_value(cli, "--subject");
	q->user = cli_value(cli, "--for");
	q->subject = subject ? subject : "";
	if (!number_option(cli, "--days", 100000, &q->days) ||
	    !number_option(cli, "--limit", TRACE_LIMIT_MAX, &q->limit))
		return cli_usage(cli, "--days and --limit take a number; --limit takes at most 1000");
	if ((since && !cli_read_time(since, false, &q->since)) ||
	    (until && !cli_read_time(until, true, &q->until)))
		return cli_usage(cli, "--since and --until take a time: " CLI_TIME_FORMS);
	bool alone = since || until || subject;
	if (!cli_words(cli, 0, 1))
		return EXIT_USAGE;
	if (!alone && cli->argc == 0)
		return cli_usage(cli, "missing argument: ID, ADDRESS, --subject, --since or --until");
	q->text = cli->argc ? cli->argv[0] : "";
	return 0;
}

int cli_trace(struct cli *cli)
{
	struct answer a = {0};
	struct asked q = {0};
	int status = take_words(cli, &q);
	if (status)
		return status;
	status = cli_settings(cli);
	if (status)
		return status;
	buf_init(&a.lines, TRACE_OUTPUT_MAX + 1024);
	buf_init(&a.problem, 1024);
	int fd = store_client_connect(&cli->settings);
	status = fd >= 0 ? ask_server(fd, &q, &a) : read_files(cli, &q, &a);
	if (status == 0) {
		size_t shown = print(cli, &q, &a, fd >= 0);
		print_notes(cli, &a, &q, shown);
		if (shown == 0)
			status = EXIT_NOTHING;
	}
	buf_done(&a.lines);
	buf_done(&a.problem);
	return status;
}
