/* The setting of vacation.h: what it may hold, and its JSON, in which the script keeps it. */
#include "mail/vacation.h"

#include <errno.h>

#include "base/show.h"
#include "base/utf8.h"
#include "format/json.h"
#include "format/json_read.h"

/* What JSON holds in every program. */
#define BEGUN_MAX ((uint64_t)1 << 53)

/* ---- between processes ---- */

struct vacation vacation_from_setting(const struct vacation_setting *m)
{
	return (struct vacation){.enabled = m->enabled != 0,
	    .from = (int64_t)m->from,
	    .until = (int64_t)m->until,
	    .period = m->period,
	    .subject = m->subject,
	    .text = m->text,
	    .html = m->html,
	    .inside = m->inside,
	    .inside_text = m->inside_text,
	    .inside_only = m->inside_only != 0,
	    .begun = m->begun};
}

struct vacation_setting vacation_to_setting(const struct vacation *v)
{
	return (struct vacation_setting){.enabled = v->enabled,
	    .from = (uint64_t)v->from,
	    .until = (uint64_t)v->until,
	    .period = v->period,
	    .inside_only = v->inside_only,
	    .begun = v->begun,
	    .subject = v->subject,
	    .text = v->text,
	    .html = v->html,
	    .inside = v->inside,
	    .inside_text = v->inside_text};
}

/* ---- what it may hold ---- */

static bool is_domain(struct view v)
{
	size_t label = 0;
	for (size_t i = 0; i < v.len; i++) {
		char c = v.data[i];
		if (c == '.' ? label == 0
		             : !ascii_is_alnum(c) && c != '-' && c != '_' && (unsigned char)c < 0x80)
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return false;
	}
	return label > 0 && v.len <= 253;
}

/* A domain, or an address with one. Neither has a wildcard in it. */
static bool is_inside(struct view line)
{
	ptrdiff_t at = view_find_last(line, '@');
	struct view local = at < 0 ? VIEW("x") : view_take(line, (size_t)at);
	for (size_t i = 0; i < local.len; i++)
		if (local.data[i] <= ' ' || local.data[i] == '"' || local.data[i] == '\\' ||
		    local.data[i] == '*' || local.data[i] == '?' || local.data[i] == 0x7f)
			return false;
	return local.len > 0 && utf8_valid(line) && line.len <= 320 &&
	       is_domain(view_skip(line, at < 0 ? 0 : (size_t)at + 1));
}

static const char *inside_problem(struct view inside)
{
	struct view line;
	size_t count = 0;
	if (inside.len > VACATION_INSIDE_MAX)
		return "too many are inside: all of them together may have 8 KB";
	bool any = inside.len > 0; /* behind a last line end, too, stands a line */
	while (any && view_next(&inside, '\n', &line)) {
		if (!is_inside(line))
			return "who is inside is said by domains and addresses, without wildcards";
		if (++count > VACATION_INSIDE_COUNT)
			return "too many are inside: at most 200 domains and addresses";
	}
	return NULL;
}

static bool is_text(struct view text)
{
	while (text.len > 0) {
		int32_t c = utf8_next(&text);
		if (c < 0 || (c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

const char *vacation_problem(const struct vacation *v)
{
	if (v->from < 0 || v->until < 0 || v->from > INT32_MAX * (int64_t)60 ||
	    v->until > INT32_MAX * (int64_t)60)
		return "a date is out of range";
	if (v->begun > BEGUN_MAX)
		return "its number is out of range";
	if (v->until > 0 && v->until <= v->from)
		return "it ends before it begins";
	if (v->period < VACATION_PERIOD_LEAST || v->period > VACATION_PERIOD_MOST)
		return "between two answers to one sender there must be an hour at least, and 30 days at "
		       "most";
	if (v->subject.len > VACATION_SUBJECT_MAX || !utf8_valid(v->subject) || !show_is_value(v->subject))
		return "the subject must be one line of UTF-8, of at most 500 octets";
	if (v->text.len > VACATION_TEXT_MAX || v->html.len > VACATION_TEXT_MAX ||
	    v->inside_text.len > VACATION_TEXT_MAX)
		return "a text may have 64 KB at most";
	if (!is_text(v->text) || !is_text(v->html) || !is_text(v->inside_text))
		return "a text must be UTF-8 without control characters";
	if (v->enabled && v->text.len + v->html.len == 0 && !(v->inside_only && v->inside_text.len > 0))
		return "there is no text that could be sent";
	if ((v->inside_only || v->inside_text.len > 0) && v->inside.len == 0)
		return "there is a text for those who are inside, and nobody is";
	return inside_problem(v->inside);
}

/* ---- JSON ---- */

static void put_text(struct buf *out, const char *name, struct view text)
{
	buf_printf(out, ",\"%s\":", name);
	if (text.len > 0)
		json_append_string(out, text);
	else
		buf_append(out, VIEW("null"));
}

static void put_date(struct buf *out, const char *name, int64_t seconds)
{
	buf_printf(out, ",\"%s\":", name);
	if (seconds > 0) {
		buf_append_byte(out, '"');
		date_write_rfc3339(out, (struct date){.seconds = seconds, .zone_known = true});
		buf_append_byte(out, '"');
	} else {
		buf_append(out, VIEW("null"));
	}
}

static void put_lines(struct buf *out, const char *name, struct view lines)
{
	struct view line;
	const char *comma = "";
	buf_printf(out, ",\"%s\":[", name);
	while (lines.len > 0 && view_next(&lines, '\n', &line)) {
		buf_append_string(out, comma);
		json_append_string(out, line);
		comma = ",";
	}
	buf_append_byte(out, ']');
}

int vacation_json_write(const struct vacation *v, struct buf *out)
{
	buf_printf(out, "{\"isEnabled\":%s", v->enabled ? "true" : "false");
	put_date(out, "fromDate", v->from);
	put_date(out, "toDate", v->until);
	put_text(out, "subject", v->subject);
	put_text(out, "textBody", v->text);
	put_text(out, "htmlBody", v->html);
	put_lines(out, "inside", v->inside);
	put_text(out, "insideTextBody", v->inside_text);
	buf_printf(out, ",\"insideOnly\":%s,\"period\":%llu,\"begun\":%llu}",
	    v->inside_only ? "true" : "false", (unsigned long long)v->period, (unsigned long long)v->begun);
	return buf_failed(out) ? -ENOBUFS : 0;
}

static int64_t date_of(const struct json_value *object, const char *name)
{
	struct date date;
	struct view text = json_text_of(object, name);
	return text.len > 0 && date_parse(text, &date) == 0 ? date.seconds : 0;
}

/* An array of texts as lines. */
static bool lines_of(const struct json_value *object, const char *name, struct arena *arena, struct view *out)
{
	const struct json_value *list = json_member(object, name);
	struct buf lines;
	buf_init(&lines, VACATION_INSIDE_MAX);
	for (const struct json_value *i = list && list->kind == JSON_ARRAY ? list->first : NULL; i;
	     i = i->next) {
		if (buf_view(&lines).len > 0)
			buf_append_byte(&lines, '\n');
		buf_append(&lines, i->text);
	}
	bool kept = !buf_failed(&lines) && arena_copy(arena, buf_view(&lines), out);
	buf_done(&lines);
	return kept;
}

static int read_json(struct view text, struct arena *arena, struct vacation *v)
{
	struct json_value value;
	int error = json_parse(text, arena, &value);
	if (error || value.kind != JSON_OBJECT)
		return error ? error : -EINVAL;
	struct vacation r = {.enabled = json_true_of(&value, "isEnabled"),
	    .from = date_of(&value, "fromDate"),
	    .until = date_of(&value, "toDate"),
	    .period = (uint64_t)json_number_of(&value, "period"),
	    .subject = json_text_of(&value, "subject"),
	    .text = json_text_of(&value, "textBody"),
	    .html = json_text_of(&value, "htmlBody"),
	    .inside_text = json_text_of(&value, "insideTextBody"),
	    .inside_only = json_true_of(&value, "insideOnly"),
	    .begun = (uint64_t)json_number_of(&value, "begun")};
	if (!lines_of(&value, "inside", arena, &r.inside))
		return -ENOBUFS;
	if (vacation_problem(&r))
		return -EINVAL;
	*v = r;
	return 0;
}

int vacation_script_read(struct view script, struct arena *arena, struct vacation *v)
{
	struct view line, begin = VIEW("# ");
	if (!view_next(&script, '\n', &line) || !view_starts(line, VIEW("# {")))
		return -EINVAL;
	return read_json(view_skip(line, begin.len), arena, v);
}
