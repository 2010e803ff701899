/*
 * queue: what waits, why, and what is to become of it. The running store is asked (queue_command.h); its
 * lines of JSON are passed on, or put into words by cli_queue_text.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/cli_queue_text.h"
#include "cli/cli_queue_table.h"
#include "format/plain.h"
#include "process/queue_command.h"
#include "cli/store_client.h"
#include "format/json_read.h"

enum { WORDS_MAX = 200, LINE_MAX_BYTES = 16 << 20 };

static const struct verb {
	const char *name;
	bool acts; /* changes something: the invoking user goes along */
	bool needs_why;
	bool needs_which; /* an id, a filter or --all */
} verbs[] = {
    {"list", false, false, false},
    {"show", false, false, true},
    {"stats", false, false, false},
    {"age", false, false, false},
    {"cat", false, false, true},
    {"pause", true, false, false},
    {"resume", true, false, false},
    {"retry", true, false, true},
    {"requeue", true, false, true},
    {"hold", true, true, true},
    {"release", true, false, true},
    {"delete", true, true, true},
    {"route", true, false, false},
};

/* ---- the question ---- */

static bool is_verb(const struct verb *verb, const char *name)
{
	return strcmp(verb->name, name) == 0;
}

struct question {
	struct buf text; /* the words, one behind the other */
	size_t ends[WORDS_MAX], count;
	bool which;        /* it says which messages are meant */
	const char *where; /* the destination of a pause; NULL: all */
	bool mx;           /* a route is taken away again */
};

static bool add_word(struct question *q, const char *name, const char *value)
{
	if (q->count == WORDS_MAX)
		return false;
	if (name)
		buf_printf(&q->text, "%s=", name);
	buf_append_string(&q->text, value);
	q->ends[q->count++] = q->text.len;
	return !buf_failed(&q->text);
}

static bool take_filters(struct cli *cli, struct question *q)
{
	static const char *const names[] = {"sender", "domain", "error"};
	char option[32], seconds[24];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(option, sizeof option, "--%s", names[i]);
		const char *value = cli_value(cli, option);
		if (value) {
			add_word(q, names[i], value);
			q->which = true;
		}
	}
	const char *older = cli_value(cli, "--older");
	uint64_t age;
	if (older && !plain_read_duration(older, &age)) {
		cli_usage(cli, "--older takes a time such as 90s, 15m, 2h or 3d");
		return false;
	}
	if (older) {
		snprintf(seconds, sizeof seconds, "%" PRIu64, age);
		add_word(q, "older", seconds);
		q->which = true;
	}
	if (cli_option(cli, "--all")) {
		add_word(q, "all", "1");
		q->which = true;
	}
	return true;
}

static bool take_limit(struct cli *cli, struct question *q)
{
	const char *limit = cli_value(cli, "--limit");
	uint64_t n;
	if (limit && (!view_to_u64(view_from_string(limit), INT32_MAX, &n) || n == 0)) {
		cli_usage(cli, "--limit takes a number");
		return false;
	}
	if (limit)
		add_word(q, "limit", limit);
	return true;
}

/* hold --for 2h: it goes on by itself then. */
static bool take_hold(struct cli *cli, struct question *q)
{
	const char *length = cli_value(cli, "--for");
	char until[24];
	uint64_t seconds;
	if (length == NULL)
		return true;
	if (!plain_read_duration(length, &seconds)) {
		cli_usage(cli, "--for takes a time such as 90s, 15m, 2h or 3d");
		return false;
	}
	snprintf(until, sizeof until, "%" PRId64, clock_wall() + (int64_t)seconds);
	return add_word(q, "until", until);
}

static bool take_actor(struct cli *cli, const struct verb *verb, struct question *q)
{
	const char *why = cli_value(cli, "--why");
	if (why)
		add_word(q, "why", why);
	if (verb->needs_why && (why == NULL || why[0] == '\0')) {
		cli_usage(cli, "--why TEXT is missing: the reason goes into the log and the trace, for those "
		               "who ask later");
		return false;
	}
	return add_word(q, "by", cli_invoking_user());
}

/* An id is 12 letters, digits, "-" or "_"; a domain usually has a dot. */
static bool looks_like_id(const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_alnum(word[i]) && word[i] != '-' && word[i] != '_')
			return false;
	return len == 12;
}

/* route DOMAIN|ID HOST[:PORT], or --mx instead of the host. */
static bool take_route(struct cli *cli, struct question *q)
{
	q->mx = cli_option(cli, "--mx");
	if (!cli_words(cli, q->mx ? 2 : 3, q->mx ? 2 : 3))
		return false;
	add_word(q, looks_like_id(cli->argv[1]) ? "id" : "domain", cli->argv[1]);
	return add_word(q, "to", q->mx ? "" : cli->argv[2]);
}

static bool take_ids(struct cli *cli, const struct verb *verb, struct question *q)
{
	if (!cli_words(cli, 1, 1 + 100))
		return false;
	for (int i = 1; i < cli->argc; i++) {
		if (!add_word(q, "id", cli->argv[i])) {
			cli_usage(cli, "too many arguments");
			return false;
		}
		q->which = true;
	}
	if (verb->needs_which && !q->which) {
		cli_usage(cli, "which messages? Name their ids, or give --sender, --domain, --older or "
		               "--error, or --all");
		return false;
	}
	return true;
}

/* pause, resume: of one destination, or of all. */
static bool take_destination(struct cli *cli, struct question *q)
{
	const char *name = cli_value(cli, "--destination");
	if (!cli_words(cli, 1, 1))
		return false;
	q->where = name;
	return name == NULL || add_word(q, "domain", name);
}

/* cat ID */
static bool take_one_id(struct cli *cli, struct question *q)
{
	return cli_words(cli, 2, 2) && add_word(q, "id", cli->argv[1]);
}

static bool make_question(struct cli *cli, const struct verb *verb, struct question *q)
{
	add_word(q, NULL, "queue");
	add_word(q, NULL, verb->name);
	if (verb->acts && !take_actor(cli, verb, q))
		return false;
	if (is_verb(verb, "route"))
		return take_route(cli, q);
	if (is_verb(verb, "pause") || is_verb(verb, "resume"))
		return take_destination(cli, q);
	if (is_verb(verb, "cat"))
		return take_one_id(cli, q);
	if (!is_verb(verb, "stats") && (!take_filters(cli, q) || !take_limit(cli, q)))
		return false;
	if (is_verb(verb, "delete") && cli_option(cli, "--bounce"))
		add_word(q, "bounce", "1");
	if (is_verb(verb, "hold") && !take_hold(cli, q))
		return false;
	if (is_verb(verb, "stats") || is_verb(verb, "age"))
		return cli_words(cli, 1, 1);
	return take_ids(cli, verb, q);
}

/* ---- the answer ---- */

struct answer {
	const struct verb *verb;
	bool json;
	struct buf line;    /* one that has not ended yet */
	struct buf problem; /* the last piece, when it is no JSON */
	size_t lines;
	bool unreadable;
	bool filtered;     /* not all messages were asked for */
	const char *where; /* of pause and resume: the destination, NULL: all */
	bool mx;           /* of route: it is taken away again */
	char nothing[256]; /* why nothing was changed, where it is not that no message fits */
};

static void print_words(struct answer *a, struct view line)
{
	struct arena arena;
	struct queue_record_view record;
	struct buf out;
	int64_t now = clock_wall();
	arena_init(&arena, QUEUE_RECORD_ARENA);
	buf_init(&out, LINE_MAX_BYTES);
	if (is_verb(a->verb, "stats")) {
		a->unreadable = !queue_text_stats(line, now, &out) || a->unreadable;
		queue_text_pauses(line, &out);
	} else if (is_verb(a->verb, "age")) {
		a->unreadable = !queue_text_age(line, &out) || a->unreadable;
	} else if (queue_record_read(line, &arena, &record) != 0) {
		a->unreadable = true;
	} else if (is_verb(a->verb, "show")) {
		buf_append_string(&out, a->lines ? "\n" : "");
		queue_text_full(&record, now, &out);
	} else {
		queue_text_brief(&record, now, &out);
	}
	fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	buf_done(&out);
	arena_done(&arena);
}

static void print_pause(struct answer *a, struct view line)
{
	bool pause = is_verb(a->verb, "pause");
	struct arena arena;
	struct json_value v;
	arena_init(&arena, 1 << 16);
	bool read = json_parse(line, &arena, &v) == 0 && json_member(&v, "changed") != NULL;
	bool changed = read && json_number_of(&v, "changed") > 0;
	arena_done(&arena);
	a->unreadable = a->unreadable || !read;
	if (changed && pause)
		printf("sending to %s is paused; mail for it waits, and what is on its way is finished. "
		       "`postrider "
		       "queue resume%s%s` goes on.\n",
		    a->where ? a->where : "all destinations", a->where ? " --destination " : "",
		    a->where ? a->where : "");
	else if (changed)
		printf("sending to %s goes on\n", a->where ? a->where : "all destinations");
	else
		snprintf(a->nothing, sizeof a->nothing, "sending to %.200s is %s\n",
		    a->where ? a->where : "all destinations", pause ? "paused already" : "not paused");
}

/* "3 messages were held." */
static void print_change(struct answer *a, struct view line)
{
	static const struct {
		const char *verb, *done;
	} words[] = {{"retry", "due now"}, {"requeue", "resolved anew, and due now"}, {"hold", "held"},
	    {"release", "released"}, {"delete", "taken out of the queue"}};
	struct arena arena;
	struct json_value v;
	if (is_verb(a->verb, "pause") || is_verb(a->verb, "resume")) {
		print_pause(a, line);
		return;
	}
	arena_init(&arena, 1 << 16);
	if (json_parse(line, &arena, &v) != 0 || json_member(&v, "changed") == NULL) {
		a->unreadable = true;
	} else {
		long long n = json_number_of(&v, "changed");
		long long left = json_member(&v, "left") ? json_number_of(&v, "left") : 0;
		if (left > 0)
			fprintf(stderr,
			    "postrider: %lld message%s left as before: being sent right now, or not to be "
			    "changed; try again in a moment\n",
			    left, left == 1 ? " is" : "s are");
		/* None: the status says so too. */
		bool route = n > 0;
		for (size_t i = 0; n > 0 && i < sizeof words / sizeof words[0]; i++) {
			if (strcmp(a->verb->name, words[i].verb) != 0)
				continue;
			printf("%lld message%s %s\n", n, n == 1 ? " is" : "s are", words[i].done);
			route = false;
		}
		if (route && a->mx)
			printf("the route is taken away; %lld message%s the usual way again\n", n,
			    n == 1 ? " goes" : "s go");
		else if (route)
			printf("the route is set; %lld message%s it now\n", n, n == 1 ? " takes" : "s take");
	}
	arena_done(&arena);
}

static void take_line(struct answer *a, struct view line)
{
	bool list = is_verb(a->verb, "list") || is_verb(a->verb, "show");
	if (line.len == 0)
		return;
	if (a->json) {
		if (list)
			fputs(a->lines ? ",\n" : "[", stdout);
		fwrite(line.data, 1, line.len, stdout);
		if (!list)
			fputc('\n', stdout);
	} else if (a->verb->acts) {
		print_change(a, line);
	} else {
		print_words(a, line);
	}
	a->lines++;
}

/* A message as it is; at the end, if there is a text, why there is none. */
static void take_content(struct answer *a, struct view text, bool last)
{
	if (last)
		buf_append(&a->problem, text);
	else if (a->json)
		buf_append(&a->line, text);
	else
		fwrite(text.data, 1, text.len, stdout);
	a->lines += !last;
}

static void take(struct view text, bool last, void *arg)
{
	struct answer *a = arg;
	struct view line;
	if (is_verb(a->verb, "cat")) {
		take_content(a, text, last);
		return;
	}
	if (last && text.len && text.data[0] != '{' && buf_view(&a->line).len == 0) {
		buf_append(&a->problem, text);
		return;
	}
	buf_append(&a->line, text);
	struct view rest = buf_view(&a->line);
	size_t taken = 0;
	while (view_find(rest, '\n') >= 0 && view_next(&rest, '\n', &line)) {
		take_line(a, line);
		taken += line.len + 1;
	}
	buf_consume(&a->line, taken);
	if (last)
		take_line(a, buf_view(&a->line));
}

static int finish(struct answer *a, int status)
{
	bool list = is_verb(a->verb, "list") || is_verb(a->verb, "show");
	if (a->json && list && (status == 0 || status == EXIT_NOTHING))
		fputs(a->lines ? "]\n" : "[]\n", stdout);
	if (is_verb(a->verb, "list") && status == 0 && a->lines == 0 && !a->json)
		puts(a->filtered ? "No message in the queue is like that." : "The queue is empty.");
	if (is_verb(a->verb, "cat") && a->json && status == 0 && !buf_failed(&a->line)) {
		fputs("{\"message\":", stdout);
		cli_json_string(buf_view(&a->line));
		fputs("}\n", stdout);
	}
	fflush(stdout);
	if (a->unreadable || buf_failed(&a->line)) {
		fprintf(stderr, "postrider: the server's answer cannot be understood; does the server run "
		                "another version?\n");
		return EXIT_SOFTWARE;
	}
	if (buf_view(&a->problem).len)
		fprintf(stderr, "postrider: %s", buf_string(&a->problem));
	else if (status == EXIT_NOTHING)
		fprintf(
		    stderr, "postrider: %s", a->nothing[0] ? a->nothing : "the queue has no such message\n");
	return status;
}

static void take_pauses(struct view text, bool last, void *arg)
{
	struct buf *line = arg;
	(void)last;
	buf_append(line, text);
}

/* Behind a list: that some of it, or all, is paused. Without an answer the list is still true. */
static void tell_pauses(struct cli *cli)
{
	const struct view words[] = {VIEW("queue"), VIEW("stats")};
	struct buf line, out;
	int fd = store_client_connect(&cli->settings);
	if (fd < 0)
		return;
	buf_init(&line, LINE_MAX_BYTES);
	buf_init(&out, LINE_MAX_BYTES);
	store_client_ask(fd, words, 2, true, take_pauses, &line);
	queue_text_pauses(view_trim(buf_view(&line)), &out);
	fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	buf_done(&line);
	buf_done(&out);
}

static int ask(struct cli *cli, const struct verb *verb, const struct question *q)
{
	struct view words[WORDS_MAX];
	struct answer a = {
	    .verb = verb, .json = cli->json, .filtered = q->which, .where = q->where, .mx = q->mx};
	int status = cli_settings(cli);
	if (status)
		return status;
	int fd = store_client_connect(&cli->settings);
	if (fd < 0)
		return store_client_no_server();
	for (size_t i = 0; i < q->count; i++) {
		size_t begin = i ? q->ends[i - 1] : 0;
		words[i] = view_take(view_skip(buf_view(&q->text), begin), q->ends[i] - begin);
	}
	buf_init(&a.line, LINE_MAX_BYTES);
	buf_init(&a.problem, 4096);
	status = finish(&a, store_client_ask(fd, words, q->count, cli->json, take, &a));
	if (status == 0 && is_verb(verb, "list") && !cli->json)
		tell_pauses(cli);
	buf_done(&a.line);
	buf_done(&a.problem);
	return status;
}

int cli_queue(struct cli *cli)
{
	const struct verb *verb = NULL;
	struct question q = {.count = 0};
	int status = EXIT_USAGE;
	for (size_t i = 0; cli->argc > 0 && i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(cli->argv[0], verbs[i].name) == 0)
			verb = &verbs[i];
	if (verb == NULL)
		return cli_no_verb(cli, "list, show, stats, age, cat, pause, resume, retry, requeue, hold, "
		                        "release, delete, route");
	buf_init(&q.text, 1 << 20);
	if (make_question(cli, verb, &q))
		status = ask(cli, verb, &q);
	buf_done(&q.text);
	return status;
}
