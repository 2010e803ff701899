/* vacation: an account's out of office. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/mailbox_client.h"
#include "mail/vacation.h"

enum { HOUR = 3600, DAY = 24 * HOUR, ARENA_MAX = 2 << 20, PERSONS_MAX = 10000 };

struct work {
	struct cli *cli;
	const char *address;
	struct mailbox_client client;
	struct arena arena; /* of the setting's texts */
	struct vacation v;
	bool any; /* there is a setting */
};

static int open_work(struct cli *cli, struct directory_client *directory, struct work *w)
{
	*w = (struct work){.cli = cli, .v = {.period = VACATION_PERIOD_USUAL}};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	w->address = cli->argv[0];
	arena_init(&w->arena, ARENA_MAX);
	return mailbox_client_open(cli, directory, w->address, &w->client);
}

static void close_work(struct work *w)
{
	mailbox_client_close(&w->client);
	arena_done(&w->arena);
}

static int problem(const struct work *w, int error)
{
	if (error == 0)
		return 0;
	if (error == -EINVAL)
		fprintf(stderr, "postrider: %s: the server does not take this setting\n", w->address);
	return error == -EINVAL ? EXIT_DATA : mailbox_client_problem(w->address, error);
}

/* ---- reading the setting ---- */

static void take_setting(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct work *w = arg;
	struct view *texts[] = {&w->v.subject, &w->v.text, &w->v.html, &w->v.inside, &w->v.inside_text};
	if (type != VACATION_SETTING)
		return;
	w->v = vacation_from_setting(&answer->vacation);
	w->any = true;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!arena_copy(&w->arena, *texts[i], texts[i]))
			w->any = false;
}

static int get(struct work *w)
{
	return mailbox_client_run(&w->client, VACATION_GET, &(struct vacation_get){0}, take_setting, w, NULL);
}

/* ---- show ---- */

static void print_time(const char *before, int64_t seconds, const char *behind)
{
	time_t t = (time_t)seconds;
	char text[64] = "";
	struct tm tm;
	if (localtime_r(&t, &tm))
		strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm);
	printf("%s%s%s", before, text, behind);
}

static void print_text(const char *title, struct view text)
{
	struct view line;
	if (text.len == 0)
		return;
	printf("%s\n", title);
	while (view_next(&text, '\n', &line)) {
		fputs("    ", stdout);
		cli_print(view_trim(line));
		putchar('\n');
	}
}

static void print_period(uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		const char *one, *many;
	} units[] = {{DAY, "a day", "days"}, {HOUR, "an hour", "hours"}, {1, "a second", "seconds"}};
	size_t i = 0;
	while (seconds % units[i].seconds)
		i++;
	uint64_t n = seconds / units[i].seconds;
	fputs("Each sender is answered at most once in ", stdout);
	if (n == 1)
		printf("%s.\n", units[i].one);
	else
		printf("%" PRIu64 " %s.\n", n, units[i].many);
}

static void print_words(const struct work *w)
{
	const struct vacation *v = &w->v;
	int64_t now = (int64_t)time(NULL);
	bool over = v->until > 0 && now >= v->until, begins = v->from > now;
	printf("Out of office of %s is %s", w->address,
	    !v->enabled ? "off"
	    : over      ? "on, and over"
	    : begins    ? "on, and not begun yet"
	                : "on");
	/* "is off until" would promise that it begins then. */
	if (v->from > 0)
		print_time(v->enabled ? ", from " : ". Switched on, it answers from ", v->from, "");
	if (v->until > 0)
		print_time(
		    v->enabled || v->from > 0 ? " until " : ". Switched on, it answers until ", v->until, "");
	puts(".");
	print_period(v->period);
	if (v->subject.len > 0)
		print_text("Subject:", v->subject);
	print_text(v->inside_only ? "Text, for those inside alone:" : "Text:", v->text);
	print_text("Text as HTML:", v->html);
	print_text("Inside are:", v->inside);
	print_text("Text for those inside:", v->inside_text);
}

static void print_setting(const struct work *w)
{
	struct buf json;
	buf_init(&json, 1 << 20);
	if (w->cli->json && w->any && vacation_json_write(&w->v, &json) == 0)
		puts(buf_string(&json));
	else if (w->cli->json)
		puts("{\"isEnabled\":false}");
	else if (w->any)
		print_words(w);
	else
		printf("%s has never set out of office\n", w->address);
	buf_done(&json);
}

static int show(struct cli *cli, struct directory_client *directory)
{
	struct work w;
	int status = open_work(cli, directory, &w);
	if (status)
		return status;
	int error = get(&w);
	if (error == 0)
		print_setting(&w);
	close_work(&w);
	return problem(&w, error);
}

/* ---- set ---- */

/* The options of `set`, before they are looked at. */
struct given {
	const char *from, *until, *subject, *text, *text_file, *html_file, *inside, *inside_text,
	    *inside_text_file, *every;
	bool inside_only, off;
};

static struct given take_options(struct cli *cli)
{
	return (struct given){.from = cli_value(cli, "--from"),
	    .until = cli_value(cli, "--until"),
	    .subject = cli_value(cli, "--subject"),
	    .text = cli_value(cli, "--text"),
	    .text_file = cli_value(cli, "--text-file"),
	    .html_file = cli_value(cli, "--html-file"),
	    .inside = cli_value(cli, "--inside"),
	    .inside_text = cli_value(cli, "--inside-text"),
	    .inside_text_file = cli_value(cli, "--inside-text-file"),
	    .every = cli_value(cli, "--every"),
	    .inside_only = cli_option(cli, "--inside-only"),
	    .off = cli_option(cli, "--off")};
}

/* "2026-07-01" or "2026-07-01 08:00", here; or with a zone, as date_parse reads it. A day alone is its
 * beginning, and as `until` its end: whoever is away until Friday is away on Friday. */
static bool read_date(const char *text, bool until, int64_t *out)
{
	struct tm tm = {.tm_isdst = -1};
	struct date date;
	const char *rest = strptime(text, "%Y-%m-%d", &tm);
	bool day = rest && *rest == '\0';
	if (rest && !day && (*rest == ' ' || *rest == 'T')) {
		const char *end = strptime(rest + 1, "%H:%M", &tm);
		rest = end && *end == '\0' ? end : NULL;
	}
	if (rest && *rest == '\0') {
		tm.tm_mday += day && until;
		time_t t = mktime(&tm);
		*out = (int64_t)t;
		return t != (time_t)-1;
	}
	if (date_parse(view_from_string(text), &date) != 0 || !date.zone_known)
		return false;
	*out = date.seconds;
	return true;
}

static int read_file(struct work *w, const char *file, struct view *out)
{
	struct buf text;
	char piece[16 * 1024];
	bool standard = strcmp(file, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 0;
	buf_init(&text, VACATION_TEXT_MAX);
	while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0 && !buf_failed(&text))
		buf_append(&text, view_of(piece, (size_t)n));
	int error = n < 0 ? errno : 0;
	bool kept = arena_copy(&w->arena, buf_view(&text), out), large = buf_failed(&text);
	if (fd >= 0 && !standard)
		close(fd);
	buf_done(&text);
	if (error)
		fprintf(stderr, "postrider: %s cannot be read: %s\n", file, strerror(error));
	else if (large || !kept)
		fprintf(stderr, "postrider: %s: a text may have 64 KB at most\n", file);
	return error ? EXIT_NOTHING : large || !kept ? EXIT_DATA : 0;
}

static int take_text(struct work *w, const char *text, const char *file, struct view *out)
{
	if (text && file)
		return cli_usage(w->cli, "a text is given itself, or by a file");
	if (text)
		*out = view_from_string(text);
	return file ? read_file(w, file, out) : 0;
}

/* "example.org,boss@example.com" as lines. */
static bool take_inside(struct work *w, const char *text)
{
	struct view rest = view_from_string(text), one;
	struct buf lines;
	buf_init(&lines, VACATION_INSIDE_MAX + 1);
	while (view_next(&rest, ',', &one)) {
		one = view_trim(one);
		if (one.len == 0)
			continue;
		if (buf_view(&lines).len > 0)
			buf_append_byte(&lines, '\n');
		buf_append(&lines, one);
	}
	bool kept = !buf_failed(&lines) && arena_copy(&w->arena, buf_view(&lines), &w->v.inside);
	buf_done(&lines);
	return kept;
}

/* "7d", "12h", a number of days. */
static bool take_period(const char *text, uint64_t *seconds)
{
	struct view v = view_from_string(text);
	uint64_t unit = DAY, n;
	if (v.len > 0 && (v.data[v.len - 1] == 'h' || v.data[v.len - 1] == 'd')) {
		unit = v.data[v.len - 1] == 'h' ? 3600 : DAY;
		v.len--;
	}
	if (!view_to_u64(v, 1000, &n))
		return false;
	*seconds = n * unit;
	return true;
}

static int apply_options(struct work *w, const struct given *g)
{
	w->v = (struct vacation){
	    .enabled = !g->off, .period = VACATION_PERIOD_USUAL, .inside_only = g->inside_only};
	if (g->from && !read_date(g->from, false, &w->v.from))
		return cli_usage(w->cli, "--from takes a date: 2026-07-01, or \"2026-07-01 08:00\"");
	if (g->until && !read_date(g->until, true, &w->v.until))
		return cli_usage(w->cli, "--until takes a date: 2026-07-14, or \"2026-07-14 18:00\"");
	if (g->every && !take_period(g->every, &w->v.period))
		return cli_usage(w->cli, "--every takes a number of days, or of hours as 12h");
	if (g->subject)
		w->v.subject = view_from_string(g->subject);
	if (g->inside && !take_inside(w, g->inside))
		return cli_usage(w->cli, "--inside takes domains and addresses with commas between them");
	int status = take_text(w, g->text, g->text_file, &w->v.text);
	if (status == 0)
		status = take_text(w, g->inside_text, g->inside_text_file, &w->v.inside_text);
	if (status == 0 && g->html_file)
		status = read_file(w, g->html_file, &w->v.html);
	if (status == 0 && vacation_problem(&w->v)) {
		fprintf(stderr, "postrider: out of office cannot be set: %s\n", vacation_problem(&w->v));
		status = EXIT_DATA;
	}
	return status;
}

static int send_setting(struct work *w)
{
	struct vacation_setting m = vacation_to_setting(&w->v);
	return mailbox_client_run(&w->client, VACATION_SET, &m, NULL, NULL, NULL);
}

static int set(struct cli *cli, struct directory_client *directory)
{
	struct work w;
	struct given given = take_options(cli);
	int status = open_work(cli, directory, &w);
	if (status)
		return status;
	status = apply_options(&w, &given);
	int error = status == 0 ? send_setting(&w) : 0;
	/* As it is now: a date that was read differently than it was meant is seen. */
	if (status == 0 && error == 0)
		error = get(&w);
	if (status == 0 && error == 0)
		print_setting(&w);
	close_work(&w);
	return status ? status : problem(&w, error);
}

/* ---- on, off ---- */

static int turn(struct cli *cli, struct directory_client *directory, bool enabled)
{
	struct work w;
	int status = open_work(cli, directory, &w);
	if (status)
		return status;
	int error = get(&w);
	bool any = w.any;
	const char *why = NULL;
	w.v.enabled = enabled;
	if (error == 0 && any)
		why = vacation_problem(&w.v);
	if (error == 0 && any && why == NULL)
		error = send_setting(&w);
	if (error == 0 && any && why == NULL)
		print_setting(&w);
	close_work(&w);
	if (error == 0 && !any && enabled)
		why = "nothing has been set yet: use vacation set";
	if (why)
		fprintf(stderr, "postrider: %s: %s\n", w.address, why);
	return why ? EXIT_DATA : problem(&w, error);
}

static int on(struct cli *cli, struct directory_client *directory)
{
	return turn(cli, directory, true);
}

static int off(struct cli *cli, struct directory_client *directory)
{
	return turn(cli, directory, false);
}

/* ---- answered ---- */

struct person {
	char *who;
	uint64_t since, times;
};

struct persons {
	struct person *items;
	size_t count;
};

static void take_person(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct persons *p = arg;
	if (type != VACATION_PERSON || p->count == PERSONS_MAX)
		return;
	p->items[p->count++] = (struct person){.who = mem_string(answer->person.who),
	    .since = answer->person.since,
	    .times = answer->person.times};
}

static int by_time(const void *a, const void *b)
{
	const struct person *x = a, *y = b;
	return x->since < y->since ? -1 : x->since > y->since;
}

static void print_person(const struct cli *cli, const struct person *p, bool first)
{
	if (cli->json) {
		fputs(first ? "{\"address\":" : ",\n{\"address\":", stdout);
		cli_json_string(view_from_string(p->who));
		printf(",\"answered\":%" PRIu64 ",\"times\":%" PRIu64 "}", p->since, p->times);
		return;
	}
	print_time("", (int64_t)p->since, "  ");
	cli_print(view_from_string(p->who));
	if (p->times > 1)
		printf(" (%" PRIu64 " times)", p->times);
	putchar('\n');
}

static void print_persons(const struct work *w, struct persons *p)
{
	if (p->count > 0)
		qsort(p->items, p->count, sizeof *p->items, by_time);
	if (w->cli->json)
		putchar('[');
	for (size_t i = 0; i < p->count; i++)
		print_person(w->cli, &p->items[i], i == 0);
	if (w->cli->json)
		puts("]");
	else if (p->count == 0)
		printf("Nobody was answered for %s\n", w->address);
}

static int answered(struct cli *cli, struct directory_client *directory)
{
	struct work w;
	struct persons persons = {.items = NULL};
	struct vacation_answered question = {.all = cli_option(cli, "--all")};
	int status = open_work(cli, directory, &w);
	if (status)
		return status;
	persons.items = mem_array(PERSONS_MAX, sizeof *persons.items);
	int error = mailbox_client_run(&w.client, VACATION_ANSWERED, &question, take_person, &persons, NULL);
	if (error == 0)
		print_persons(&w, &persons);
	for (size_t i = 0; i < persons.count; i++)
		mem_free(persons.items[i].who);
	mem_free(persons.items);
	close_work(&w);
	return problem(&w, error);
}

int cli_vacation(struct cli *cli)
{
	static const struct cli_verb rows[] = {
	    {"show", show}, {"set", set}, {"on", on}, {"off", off}, {"answered", answered}};
	return cli_run_verb(cli, rows, sizeof rows / sizeof rows[0]);
}
