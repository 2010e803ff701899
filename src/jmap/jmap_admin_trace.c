/* What became of messages, and what other servers reported: Trace/get and /query, Report/get and /query
 * (doc/administration.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jmap/jmap_admin.h"

enum { TRACES_MAX = 1000, DAYS_MAX = 100000, IDS_MAX = 50 };

/* ---- Trace/get: one search after the other, since store makes one at a time ---- */

static const char *const names[] = {"id", "events", "state", "command", NULL};

struct traces {
	struct jmap_admin a;
	size_t at; /* of the ids */
};

static void next_trace(struct jmap_call *c);

/* Times are seconds since 1970. */
static void set_dates(json_t *events)
{
	static const char *const times[] = {"time", "next", "until"};
	size_t i;
	json_t *event;
	json_array_foreach(events, i, event)
	{
		for (size_t k = 0; k < 3; k++) {
			const json_t *time = json_object_get(event, times[k]);
			if (json_is_integer(time))
				(void)json_object_set_new(
				    event, times[k], jmap_admin_date(json_integer_value(time)));
		}
	}
}

static bool take_trace(struct jmap_call *c, json_t *line)
{
	struct view id = jmap_string(json_object_get(line, "id"));
	if (!jmap_is_id(id) || !jmap_admin_wants(c, id))
		return true;
	set_dates(json_object_get(line, "events"));
	(void)json_object_set_new(line, "command", jmap_admin_text(JMAP_ADMIN_LINE(c, VIEW("trace"), id)));
	jmap_admin_add(c, id, json_incref(line));
	return true;
}

static void traced(struct jmap_call *c, int64_t error, uint64_t status)
{
	struct traces *x = jmap_data(c);
	if (jmap_admin_failed(c, error, status))
		return;
	jmap_admin_lines(c, buf_view(&x->a.text), take_trace);
	next_trace(c);
}

static void next_trace(struct jmap_call *c)
{
	struct traces *x = jmap_data(c);
	if (x->at == x->a.get.count) {
		jmap_admin_end_get(c, names, JMAP_ADMIN_LINE(c, VIEW("trace"), VIEW("ID")));
		return;
	}
	const struct view words[] = {VIEW("trace"), x->a.get.ids[x->at++], VIEW("0"), VIEW("1")};
	jmap_admin_command(c, words, 4, traced);
}

static void run_get(struct jmap_call *c)
{
	struct traces *x = jmap_admin_begin(c, sizeof *x);
	if (!jmap_get_begin(c, &x->a.get, names, 15, NULL, NULL))
		return;
	if (x->a.get.all || x->a.get.count > IDS_MAX)
		jmap_error(c, "requestTooLarge", "name the messages, at most %d at once", IDS_MAX);
	else
		next_trace(c);
}

/* ---- Trace/query ---- */

struct trace_query {
	struct jmap_admin a;
	struct view line;
};

static bool find_trace(struct jmap_call *c, json_t *line)
{
	struct view id = jmap_string(json_object_get(line, "id"));
	return !jmap_is_id(id) || jmap_admin_found(c, id);
}

static void found(struct jmap_call *c, int64_t error, uint64_t status)
{
	const struct trace_query *q = jmap_data(c);
	if (jmap_admin_failed(c, error, status))
		return;
	jmap_admin_lines(c, buf_view(&q->a.text), find_trace);
	jmap_admin_end_query(c, q->line);
}

static void run_query(struct jmap_call *c)
{
	static const char *const filters[] = {"text", "days", NULL};
	struct trace_query *q = jmap_admin_begin(c, sizeof *q);
	uint64_t days = 0;
	char of_days[24], limit[24];
	if (!jmap_admin_query_begin(c, filters))
		return;
	struct view text = jmap_string(jmap_admin_filter(c, "text"));
	const json_t *wanted = jmap_admin_filter(c, "days");
	if (text.len == 0 || text.len > ADMIN_WORD_MAX ||
	    (wanted && (!jmap_is_unsigned(wanted, &days) || days > DAYS_MAX))) {
		jmap_error(c, "unsupportedFilter",
		    "\"text\" is a message's id, its Message-ID, an address or @domain; \"days\" a number");
		return;
	}
	/* One more than a search gives is asked for by no one: the newest are enough for a person. */
	uint64_t most = q->a.query.has_limit && q->a.query.position == 0 && !q->a.query.has_anchor &&
	                        q->a.query.limit && q->a.query.limit < TRACES_MAX
	                    ? q->a.query.limit
	                    : TRACES_MAX;
	snprintf(of_days, sizeof of_days, "%llu", (unsigned long long)days);
	snprintf(limit, sizeof limit, "%llu", (unsigned long long)most);
	const struct view words[] = {VIEW("trace"), text, view_from_string(of_days), view_from_string(limit)};
	q->line = days ? JMAP_ADMIN_LINE(c, VIEW("trace"), text, VIEW("--days"), words[2])
	               : JMAP_ADMIN_LINE(c, VIEW("trace"), text);
	jmap_admin_command(c, words, 4, found);
}

/* ---- Report/get, Report/query ---- */

static const char *const report_names[] = {
    "id", "kind", "domain", "organisation", "reportId", "begin", "end", "receivedAt", "provenDomain", NULL};
static const char *const kinds[] = {NULL, "dmarc", "tls", "failure"};

struct reports {
	struct jmap_admin a;
	bool finds;
	struct found_report {
		int64_t at;
		struct view id;
	} * found;
	size_t count, room;
	int64_t after;
};

static struct view report_line(struct jmap_call *c)
{
	return JMAP_ADMIN_LINE(c, VIEW("report"), VIEW("show"));
}

static const char *kind_of(const json_t *line)
{
	json_int_t kind = json_integer_value(json_object_get(line, "kind"));
	return kind >= 1 && kind < (json_int_t)(sizeof kinds / sizeof kinds[0]) ? kinds[kind] : "other";
}

static bool take_report(struct jmap_call *c, json_t *line)
{
	struct view id = jmap_string(json_object_get(line, "id"));
	if (!jmap_is_id(id) || !jmap_admin_wants(c, id))
		return true;
	json_t *report = json_object();
	static const char *const texts[] = {"domain", "organisation", "reportId", "provenDomain"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		(void)json_object_set_new(
		    report, texts[i], jmap_admin_text_or_null(jmap_string(json_object_get(line, texts[i]))));
	static const char *const times[][2] = {{"begin", "begin"}, {"end", "end"}, {"receivedAt", "at"}};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		(void)json_object_set_new(report, times[i][0],
		    jmap_admin_date(json_integer_value(json_object_get(line, times[i][1]))));
	(void)json_object_set_new(report, "kind", json_string(kind_of(line)));
	jmap_admin_add(c, id, report);
	return true;
}

/* The newest first: gathered, then sorted. */
static bool find_report(struct jmap_call *c, json_t *line)
{
	struct reports *x = jmap_data(c);
	struct view id = jmap_string(json_object_get(line, "id"));
	int64_t at = json_integer_value(json_object_get(line, "at"));
	if (!jmap_is_id(id) || at < x->after ||
	    !jmap_admin_filter_is(c, "domain", jmap_string(json_object_get(line, "domain"))) ||
	    !jmap_admin_filter_is(c, "kind", view_from_string(kind_of(line))))
		return true;
	if (x->count == x->room) {
		size_t room = x->room ? 2 * x->room : 64;
		struct found_report *list = arena_array(jmap_arena(c), room, sizeof *list);
		if (list == NULL)
			return false;
		if (x->count)
			memcpy(list, x->found, x->count * sizeof *list);
		x->found = list;
		x->room = room;
	}
	x->found[x->count].at = at;
	if (!arena_copy(jmap_arena(c), id, &x->found[x->count].id))
		return false;
	x->count++;
	return true;
}

static int newest_first(const void *a, const void *b)
{
	const struct found_report *x = a, *y = b;
	return x->at != y->at ? (x->at < y->at ? 1 : -1) : view_compare(x->id, y->id);
}

static void reports_told(struct jmap_call *c, int64_t error, uint64_t status)
{
	struct reports *x = jmap_data(c);
	if (jmap_admin_failed(c, error, status))
		return;
	jmap_admin_lines(c, buf_view(&x->a.text), x->finds ? find_report : take_report);
	if (!x->finds) {
		jmap_admin_end_get(c, report_names, report_line(c));
		return;
	}
	if (x->count)
		qsort(x->found, x->count, sizeof *x->found, newest_first);
	for (size_t i = 0; i < x->count; i++)
		if (!jmap_admin_found(c, x->found[i].id))
			return;
	jmap_admin_end_query(c, report_line(c));
}

static void ask_reports(struct jmap_call *c)
{
	static const struct view words[] = {{"reports", 7}};
	jmap_admin_command(c, words, 1, reports_told);
}

static void run_reports(struct jmap_call *c)
{
	struct reports *x = jmap_admin_begin(c, sizeof *x);
	if (jmap_get_begin(c, &x->a.get, report_names, 0x1ff, NULL, NULL))
		ask_reports(c);
}

static void run_reports_query(struct jmap_call *c)
{
	static const char *const filters[] = {"domain", "kind", "after", NULL};
	struct reports *x = jmap_admin_begin(c, sizeof *x);
	x->finds = true;
	if (!jmap_admin_query_begin(c, filters))
		return;
	const json_t *after = jmap_admin_filter(c, "after");
	if (after && !jmap_date_read(jmap_string(after), &x->after, NULL))
		jmap_error(c, "unsupportedFilter", "\"after\" is a UTCDate");
	else
		ask_reports(c);
}

enum { OF_ACCOUNT = JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_ADMINISTERS };
const struct jmap_method jmap_methods_admin_trace[] = {
    {"Trace/get", JMAP_ADMINISTRATION, OF_ACCOUNT, run_get},
    {"Trace/query", JMAP_ADMINISTRATION, OF_ACCOUNT, run_query},
    {"Report/get", JMAP_ADMINISTRATION, OF_ACCOUNT, run_reports},
    {"Report/query", JMAP_ADMINISTRATION, OF_ACCOUNT, run_reports_query},
    {0},
};
