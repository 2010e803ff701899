/*
 * The Sieve script of a setting (vacation.h). Texts of people go into it as quoted strings in which all that
 * has a meaning is escaped (RFC 5228 section 2.4.2), or in base64, which has nothing to escape: none of them
 * can become a command.
 */
#include <stdio.h>

#include "base/utf8.h"
#include "format/transfer.h"
#include "mail/vacation.h"

static void put_string(struct buf *out, struct view text)
{
	buf_append_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			buf_append_byte(out, '\\');
		if (text.data[i] != '\r')
			buf_append_byte(out, text.data[i]);
	}
	buf_append_byte(out, '"');
}

/* ---- texts ---- */

static void put_part(struct buf *out, const char *subtype, struct view text)
{
	buf_printf(
	    out, "Content-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: base64\n\n", subtype);
	base64_encode_lines(out, text);
}

/* The boundary stands in no base64. */
static void put_entity(struct buf *out, const struct vacation *v)
{
	if (v->text.len == 0) {
		put_part(out, "html", v->html);
		return;
	}
	buf_append_string(
	    out, "Content-Type: multipart/alternative; boundary=\"=_absence\"\n\n--=_absence\n");
	put_part(out, "plain", v->text);
	buf_append_string(out, "\n--=_absence\n");
	put_part(out, "html", v->html);
	buf_append_string(out, "\n--=_absence--\n");
}

static void put_answer(struct buf *out, const struct vacation *v, bool inside)
{
	char handle[VACATION_HANDLE_SIZE];
	vacation_handle(v, handle);
	buf_printf(out, "vacation :seconds %llu :handle \"%s\"", (unsigned long long)v->period, handle);
	if (v->subject.len > 0) {
		buf_append_string(out, " :subject ");
		put_string(out, v->subject);
	}
	if (inside && v->inside_text.len > 0) {
		buf_append_byte(out, ' ');
		put_string(out, v->inside_text);
	} else if (v->html.len > 0) {
		struct buf entity;
		buf_init(&entity, VACATION_SCRIPT_MAX);
		put_entity(&entity, v);
		buf_append_string(out, " :mime ");
		put_string(out, buf_view(&entity));
		if (buf_failed(&entity))
			out->failed = 1;
		buf_done(&entity);
	} else {
		buf_append_byte(out, ' ');
		put_string(out, v->text);
	}
	buf_append_string(out, ";\n");
}

/* ---- who is inside ---- */

/* What a line says as patterns: an address itself, a domain and all below it. */
static void put_patterns(struct buf *out, struct view line, const char **comma)
{
	if (view_find(line, '@') >= 0) {
		buf_append_string(out, *comma);
		put_string(out, line);
	} else {
		buf_printf(out, "%s\"*@%.*s\", \"*.%.*s\"", *comma, VIEW_FMT(line), VIEW_FMT(line));
	}
	*comma = ", ";
}

/* The envelope says who is answered, and cannot be what the header claims. */
static void put_inside_test(struct buf *out, struct view inside)
{
	const char *comma = "";
	struct view line;
	buf_append_string(out, "envelope :matches \"from\" [");
	while (view_next(&inside, '\n', &line))
		put_patterns(out, line, &comma);
	buf_append_string(out, "]");
}

/* ---- the script ---- */

static void put_time(struct buf *out, const char *than, int64_t seconds)
{
	struct buf date;
	buf_init(&date, 100);
	date_write_rfc3339(&date, (struct date){.seconds = seconds, .zone_known = true});
	/* Without its "Z": what is compared goes on behind it, "+00:00", and is more than this in its second.
	 */
	buf_printf(out, "currentdate :zone \"+0000\" :value \"%s\" \"iso8601\" \"%.*s\"", than,
	    VIEW_FMT(view_take(buf_view(&date), 19)));
	buf_done(&date);
}

static void put_period_test(struct buf *out, const struct vacation *v)
{
	if (v->from > 0 || v->until > 0)
		buf_append_string(out, "if not allof(");
	if (v->from > 0)
		put_time(out, "ge", v->from);
	if (v->from > 0 && v->until > 0)
		buf_append_string(out, ", ");
	if (v->until > 0)
		put_time(out, "lt", v->until);
	if (v->from > 0 || v->until > 0)
		buf_append_string(out, ") {\n\tstop;\n}\n");
}

static void put_rules(struct buf *out, const struct vacation *v)
{
	bool others = !v->inside_only && v->text.len + v->html.len > 0;
	bool differs = v->inside.len > 0 && (v->inside_only || v->inside_text.len > 0);
	put_period_test(out, v);
	if (differs) {
		buf_append_string(out, "if ");
		put_inside_test(out, v->inside);
		buf_append_string(out, " {\n\t");
		put_answer(out, v, true);
		buf_append_string(out, others ? "} else {\n\t" : "}\n");
	}
	if (others)
		put_answer(out, v, false);
	if (others && differs)
		buf_append_string(out, "}\n");
}

int vacation_script_write(const struct vacation *v, struct buf *out)
{
	buf_append_string(out, "# ");
	vacation_json_write(v, out);
	buf_append_string(out,
	    "\n# The setting above is what counts; this is written from it.\n"
	    "require [\"vacation\", \"vacation-seconds\", \"envelope\", \"date\", \"relational\"];\n");
	if (v->enabled)
		put_rules(out, v);
	return buf_append(out, (struct view){0});
}

void vacation_handle(const struct vacation *v, char out[VACATION_HANDLE_SIZE])
{
	snprintf(out, VACATION_HANDLE_SIZE, "out-of-office-%llu", (unsigned long long)v->begun);
}
