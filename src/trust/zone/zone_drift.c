/* Memories and their difference: zone_drift.h. */
#include "trust/zone/zone_drift.h"

#include <inttypes.h>
#include <string.h>

#include "base/show.h"

enum { LINE_MAX_OCTETS = 400 /* of one finding: more is a stranger's record, cut where it is shown */ };

int zone_memory_write(const struct zone_report *report, int64_t now, struct buf *out)
{
	buf_printf(out, "%" PRId64 "\n", now);
	for (size_t i = 0; i < report->count; i++) {
		const struct zone_finding *f = &report->findings[i];
		struct buf line;
		if (f->level == ZONE_HINT)
			continue;
		buf_init(&line, 4 * LINE_MAX_OCTETS + 64);
		buf_printf(&line, "%s, %s: ", zone_part_title(f->part), zone_level_name(f->level));
		show_line(&line, view_take(f->what, LINE_MAX_OCTETS));
		if (buf_view(out).len + buf_view(&line).len + 1 < ZONE_MEMORY_MAX) {
			buf_append(out, buf_view(&line));
			buf_append_byte(out, '\n');
		}
		buf_done(&line);
	}
	return buf_append(out, (struct view){0});
}

/* Takes the time off; the lines are left. */
static struct view lines_of(struct view memory, uint64_t *time)
{
	struct view first;
	*time = 0;
	if (!view_next(&memory, '\n', &first) || !view_to_u64(first, INT64_MAX, time))
		return (struct view){0};
	return memory;
}

int64_t zone_memory_time(struct view memory)
{
	uint64_t time;
	lines_of(memory, &time);
	return (int64_t)time;
}

static bool next_line(struct view *rest, struct view *line)
{
	return rest->len > 0 && view_next(rest, '\n', line);
}

size_t zone_memory_count(struct view memory)
{
	uint64_t time;
	struct view rest = lines_of(memory, &time), line;
	size_t count = 0;
	while (next_line(&rest, &line))
		count++;
	return count;
}

static bool has(struct view lines, struct view wanted)
{
	struct view line;
	while (next_line(&lines, &line))
		if (view_equal(line, wanted))
			return true;
	return false;
}

/* Lines of `from` that are in `other`, or are not, below a title. How many these are. */
static size_t list(struct view from, struct view other, bool in_both, const char *title, struct buf *out)
{
	struct view line;
	size_t count = 0;
	while (next_line(&from, &line)) {
		if (has(other, line) != in_both)
			continue;
		if (count++ == 0)
			buf_printf(out, "%s\n\n", title);
		buf_printf(out, "- %.*s\n", VIEW_FMT(line));
	}
	if (count)
		buf_append_byte(out, '\n');
	return count;
}

bool zone_drift_text(struct view before, struct view now, const char *domain, struct buf *out)
{
	uint64_t then, time;
	struct view old = lines_of(before, &then), fresh = lines_of(now, &time);
	size_t length = buf_view(out).len;
	buf_printf(out, "The DNS records of %s have changed since the last look at them.\n\n", domain);
	size_t changes = list(fresh, old, false, "New:", out);
	changes += list(old, fresh, false, "No longer so:", out);
	if (changes == 0) {
		buf_truncate(out, length);
		return false;
	}
	list(fresh, old, true, "As before:", out);
	if (fresh.len)
		buf_printf(out,
		    "What each costs, and how to mend it, says this command on the server:\n\n    postrider "
		    "dns check %s\n",
		    domain);
	else
		buf_append_string(out, "Nothing is wrong any more.\n");
	return true;
}
