/* See cli_queue_table.h. */
#include "cli/cli_queue_table.h"

#include <stdio.h>

#include "format/json_read.h"
#include "format/plain.h"

enum {
	NAME_WIDTH = 30, /* of a destination; a longer one pushes its row to the right */
	ARENA_MAX = 16 << 20
};

static void say(struct buf *out, const char *words)
{
	buf_append_string(out, words);
}

static void pad(struct buf *out, size_t len, size_t width)
{
	for (; len < width; len++)
		buf_append_byte(out, ' ');
}

static void put_name(struct buf *out, struct view name)
{
	size_t before = buf_view(out).len;
	plain_text(out, name);
	pad(out, buf_view(out).len - before, NAME_WIDTH);
}

static long long number(const struct json_value *v)
{
	uint64_t n = 0;
	view_to_u64(v->text, INT64_MAX, &n);
	return (long long)n;
}

/* "< 5 min", "older": the column's heading. */
static void put_heading(struct buf *out, const struct json_value *limits)
{
	char text[32];
	put_name(out, VIEW("destination"));
	say(out, "   all");
	for (const struct json_value *v = limits->first; v; v = v->next) {
		long long minutes = number(v) / 60;
		snprintf(text, sizeof text, "<%lldm", minutes);
		if (minutes >= 60)
			snprintf(text, sizeof text, "<%lldh%02lld", minutes / 60, minutes % 60);
		buf_printf(out, " %6s", text);
	}
	say(out, "  older\n");
}

static void put_row(struct buf *out, struct view name, const struct json_value *row)
{
	const struct json_value *ages = json_member(row, "ages");
	put_name(out, name);
	buf_printf(out, "%6lld", (long long)json_number_of(row, "messages"));
	for (const struct json_value *v = ages ? ages->first : NULL; v; v = v->next)
		buf_printf(out, " %6lld", number(v));
	say(out, "\n");
}

static void put_rows(struct buf *out, const struct json_value *v)
{
	const struct json_value *total = json_member(v, "total"), *others = json_member(v, "others");
	const struct json_value *list = json_member(v, "destinations");
	if (json_number_of(total, "messages") == 0) {
		say(out, "Nothing waits in the queue.\n");
		return;
	}
	say(out, "Messages that wait, by how long ago they came:\n");
	put_heading(out, json_member(v, "limits"));
	put_row(out, VIEW("all"), total);
	for (const struct json_value *row = list->first; row; row = row->next)
		put_row(out, json_text_of(row, "name"), row);
	if (others)
		put_row(out, VIEW("others"), others);
	long long more = json_number_of(v, "more");
	if (more > 0)
		buf_printf(
		    out, "and %lld more destination%s: --limit N shows more\n", more, more == 1 ? "" : "s");
}

bool queue_text_age(struct view json, struct buf *out)
{
	struct arena arena;
	struct json_value v;
	arena_init(&arena, ARENA_MAX);
	bool good = json_parse(json, &arena, &v) == 0 && json_member(&v, "limits") &&
	            json_member(&v, "total") && json_member(&v, "destinations");
	if (good)
		put_rows(out, &v);
	arena_done(&arena);
	return good;
}

static void say_pause(struct buf *out, const struct json_value *v)
{
	struct view name = json_text_of(v, "destination"), by = json_text_of(v, "by"),
	            why = json_text_of(v, "why");
	bool all = view_equal(name, VIEW("*"));
	say(out, "Sending to ");
	plain_text(out, all ? VIEW("all destinations") : name);
	say(out, " has been paused since ");
	plain_time(out, json_number_of(v, "since"));
	if (by.len) {
		say(out, " by ");
		plain_text(out, by);
	}
	if (why.len) {
		say(out, " (");
		plain_text(out, why);
		say(out, ")");
	}
	say(out, "; `postrider queue resume");
	if (!all) {
		say(out, " --destination ");
		plain_text(out, name);
	}
	say(out, "` goes on.\n");
}

void queue_text_pauses(struct view json, struct buf *out)
{
	struct arena arena;
	struct json_value v;
	arena_init(&arena, ARENA_MAX);
	const struct json_value *list = json_parse(json, &arena, &v) == 0 ? json_member(&v, "paused") : NULL;
	for (const struct json_value *p = list ? list->first : NULL; p; p = p->next)
		say_pause(out, p);
	arena_done(&arena);
}
