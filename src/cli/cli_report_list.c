/* The reports that store has, one after the other: cli_report_sum.h. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "cli/cli_report_sum.h"
#include "cli/store_client.h"
#include "format/date.h"

enum {
	AGAIN_MS = 200, /* while the first report is waited for */
	WAIT_MAX = 3600
};

int cli_report_connect(struct cli *cli)
{
	int fd = store_client_connect(&cli->settings);
	if (fd < 0)
		fprintf(stderr,
		    "postrider: the server does not run, or not with this configuration; start it and try "
		    "again\n");
	return fd;
}

/* ---- what store has ---- */

/*
 * Reports come in frames of their own making: length, kind, when it came, whom DMARC has proven, the report
 * in our form (report/report.h).
 */
struct reading {
	struct buf all;
	const struct cli_report_wanted *wanted;
	void (*take)(void *arg, const struct cli_report *r);
	void *arg;
	uint64_t taken, unreadable;
};

static bool fits(const struct cli_report_wanted *w, struct view domain, uint64_t end)
{
	return (w->domain.len == 0 || view_equal_nocase(domain, w->domain)) && (int64_t)end >= w->since;
}

/* The report in our form, and whether it is one that is wanted. */
static int decode(const struct cli_report_wanted *w, struct view bytes, struct cli_report *report,
    struct arena *arena, bool *wanted)
{
	const struct report_tls_policy *first;
	int error;
	switch (report->kind) {
	case REPORT_DMARC:
		error = codec_decode(bytes, &report_dmarc_schema, &report->dmarc, arena);
		*wanted = error == 0 && fits(w, report->dmarc.policy.domain, report->dmarc.end);
		return error;
	case REPORT_TLS:
		error = codec_decode(bytes, &report_tls_schema, &report->tls, arena);
		first = error ? NULL : report->tls.policies.items;
		*wanted =
		    error == 0 && report->tls.policies.count > 0 && fits(w, first->domain, report->tls.end);
		return error;
	default:
		error = codec_decode(bytes, &report_failure_schema, &report->failure, arena);
		*wanted = error == 0 && fits(w, report->failure.domain,
		                            report->failure.at ? report->failure.at : (uint64_t)report->at);
		return error;
	}
}

static void take_report(struct reading *r, struct view frame)
{
	struct cursor c = cursor_on(frame);
	struct cli_report report = {.kind = (enum report_kind)cursor_u8(&c), .at = (int64_t)cursor_u64(&c)};
	struct arena arena;
	report.from = cursor_bytes(&c, cursor_u16(&c));
	if (!cursor_ok(&c) || report.kind != r->wanted->kind)
		return;
	arena_init(&arena, REPORT_MEMORY);
	bool wanted = false;
	r->unreadable += decode(r->wanted, c.rest, &report, &arena, &wanted) != 0;
	r->taken += wanted;
	if (wanted)
		r->take(r->arg, &report);
	arena_done(&arena);
}

static void take_piece(struct view text, bool last, void *arg)
{
	struct reading *r = arg;
	buf_append(&r->all, text);
	while (buf_view(&r->all).len >= 4) {
		struct cursor c = cursor_on(buf_view(&r->all));
		uint32_t len = cursor_u32(&c);
		if (c.rest.len < len)
			break;
		take_report(r, view_take(c.rest, len));
		buf_consume(&r->all, 4 + (size_t)len);
	}
	(void)last;
}

static int read_all(struct cli *cli, struct reading *r)
{
	const struct view words[] = {VIEW("report"), VIEW("list")};
	int fd = cli_report_connect(cli);
	if (fd < 0)
		return EXIT_UNAVAILABLE;
	r->taken = r->unreadable = 0;
	buf_init(&r->all, REPORT_BYTES_MAX + (1 << 20));
	int status = store_client_ask(fd, words, 2, false, take_piece, r);
	if (status != 0)
		fprintf(stderr, "postrider: %s", buf_string(&r->all));
	buf_done(&r->all);
	return status;
}

int cli_report_each(struct cli *cli, const struct cli_report_wanted *wanted,
    void (*take)(void *arg, const struct cli_report *r), void *arg)
{
	const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
	struct reading r = {.wanted = wanted, .take = take, .arg = arg};
	int64_t end = clock_monotonic_ms() + 1000 * (int64_t)wanted->seconds;
	int status = read_all(cli, &r);
	while (status == 0 && r.taken == 0 && clock_monotonic_ms() < end) {
		nanosleep(&pause, NULL);
		status = read_all(cli, &r);
	}
	if (status == 0 && r.unreadable > 0)
		fprintf(stderr,
		    "postrider: %llu of the reports that were kept cannot be read by this version\n",
		    (unsigned long long)r.unreadable);
	return status;
}

void cli_report_day(uint64_t seconds, char out[16])
{
	int64_t year;
	unsigned month, day;
	civil_from_days((int64_t)(seconds / 86400), &year, &month, &day);
	snprintf(out, 16, "%04d-%02u-%02u", (int)(year < 9999 ? year : 9999), month, day);
}

/* "2026-11-29", or so many days ago: "30". */
static bool read_since(const char *text, int64_t *since)
{
	unsigned year, month, day;
	uint64_t days;
	char rest;
	if (view_to_u64(view_from_string(text), 100000, &days)) {
		*since = clock_wall() - (int64_t)days * 86400;
		return true;
	}
	if (sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &rest) != 3 || month < 1 || month > 12 ||
	    day < 1 || day > 31)
		return false;
	*since = days_from_civil(year, month, day) * 86400;
	return true;
}

bool cli_report_options(struct cli *cli, struct cli_report_wanted *wanted)
{
	const char *domain = cli_value(cli, "--domain"), *since = cli_value(cli, "--since"),
	           *wait = cli_value(cli, "--wait");
	wanted->domain = view_from_string(domain);
	if (since && !read_since(since, &wanted->since)) {
		cli_usage(cli, "--since wants a day, as 2026-11-29, or a number of days");
		return false;
	}
	if (wait && !view_to_u64(view_from_string(wait), WAIT_MAX, &wanted->seconds)) {
		cli_usage(cli, "--wait wants a number of seconds, 3600 at most");
		return false;
	}
	return true;
}
