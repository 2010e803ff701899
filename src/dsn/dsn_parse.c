/*
 * The status part of a report: groups of fields, with a blank line between them. The first group is about
 * the message, each further one about a recipient. Reports that other servers write are often a little
 * wrong (a missing type, a comment, a group of blank lines), so that only what makes no sense at all is
 * refused.
 */
#include "dsn/dsn_parse.h"

#include <errno.h>

#include "base/show.h"
#include "format/date.h"
#include "dsn/dsn.h"
#include "dsn/dsn_private.h"
#include "format/header.h"

struct reader {
	struct arena *arena;
	struct dsn_status status;
	size_t recipients_max; /* of the array so far */
	size_t fields;
	bool full;
};

/* ---- values ---- */

bool dsn_keep_line(struct arena *arena, struct view body, size_t max, struct view *kept, bool *cut)
{
	struct buf line, clean;
	body = view_trim(body);
	*cut = body.len > max;
	buf_init(&line, max);
	buf_init(&clean, max);
	header_unfold(view_take(body, max), &line);
	show_line(&clean, buf_view(&line));
	bool good = arena_copy(arena, view_trim(buf_view(&clean)), kept);
	buf_done(&line);
	buf_done(&clean);
	return good;
}

static struct view keep(struct reader *r, struct view body)
{
	struct view kept = {0};
	bool cut;
	if (!dsn_keep_line(r->arena, body, DSN_PARSE_FIELD_MAX, &kept, &cut))
		r->full = true;
	r->status.defective = r->status.defective || cut;
	return kept;
}

/* "rfc822; joe@example.com". Without a type the whole is the value. */
static struct dsn_typed keep_typed(struct reader *r, struct view body)
{
	struct view text = keep(r, body);
	ptrdiff_t semicolon = view_find(text, ';');
	if (semicolon < 0)
		return (struct dsn_typed){.value = text};
	struct dsn_typed typed = {.value = view_trim(view_skip(text, (size_t)semicolon + 1))};
	struct buf lower;
	buf_init(&lower, DSN_PARSE_FIELD_MAX);
	struct view type = view_trim(view_take(text, (size_t)semicolon));
	for (size_t i = 0; i < type.len; i++)
		buf_append_byte(&lower, ascii_lower(type.data[i]));
	if (!arena_copy(r->arena, buf_view(&lower), &typed.type))
		r->full = true;
	buf_done(&lower);
	return typed;
}

/* An address of type utf-8 is given as its characters (RFC 6533 section 3). */
static struct dsn_typed keep_address(struct reader *r, struct view body)
{
	struct dsn_typed typed = keep_typed(r, body);
	struct buf decoded, clean;
	if (!view_equal(typed.type, VIEW("utf-8")))
		return typed;
	buf_init(&decoded, DSN_PARSE_FIELD_MAX);
	buf_init(&clean, DSN_PARSE_FIELD_MAX);
	/* A number may stand for any character, for those that may not be shown too. */
	if (utf8_address_decode(typed.value, &decoded) != 0)
		r->status.defective = true;
	else if (show_line(&clean, buf_view(&decoded)) != 0 ||
	         !arena_copy(r->arena, buf_view(&clean), &typed.value))
		r->full = true;
	buf_done(&decoded);
	buf_done(&clean);
	return typed;
}

static int64_t read_date(struct reader *r, struct view body)
{
	struct date date;
	if (date_parse(body, &date) == 0)
		return date.seconds;
	r->status.defective = true;
	return 0;
}

/* "5.1.1 (unknown user)": the code alone. */
static struct view read_status(struct reader *r, struct view body)
{
	struct view code = status_code(keep(r, body));
	if (code.len == 0)
		r->status.defective = true;
	return code;
}

static int read_action(struct reader *r, struct view body)
{
	struct view word = view_trim(body);
	size_t len = 0;
	while (len < word.len && ascii_is_alpha(word.data[len]))
		len++;
	int action = dsn_action_by_name(view_take(word, len));
	if (action < 0)
		r->status.defective = true;
	return action;
}

/* ---- groups ---- */

static bool is(const struct header_field *f, const char *name)
{
	return view_equal_nocase(f->name, view_from_string(name));
}

/* Each true: the field is one of the group's. */
static bool message_field(struct reader *r, const struct header_field *f)
{
	struct dsn_status *s = &r->status;
	if (is(f, "Reporting-MTA"))
		s->reporting_mta = keep_typed(r, f->body);
	else if (is(f, "Received-From-MTA"))
		s->received_from = keep_typed(r, f->body);
	else if (is(f, "DSN-Gateway"))
		s->gateway = keep_typed(r, f->body);
	else if (is(f, "Original-Envelope-Id"))
		s->envid = keep(r, f->body);
	else if (is(f, "Arrival-Date"))
		s->arrival = read_date(r, f->body);
	else
		return false;
	return true;
}

static bool recipient_field(struct reader *r, struct dsn_status_recipient *to, const struct header_field *f)
{
	if (is(f, "Original-Recipient"))
		to->original = keep_address(r, f->body);
	else if (is(f, "Final-Recipient"))
		to->final = keep_address(r, f->body);
	else if (is(f, "Action"))
		to->action = read_action(r, f->body);
	else if (is(f, "Status"))
		to->status = read_status(r, f->body);
	else if (is(f, "Remote-MTA"))
		to->remote = keep_typed(r, f->body);
	else if (is(f, "Diagnostic-Code"))
		to->diagnostic = keep_typed(r, f->body);
	else if (is(f, "Last-Attempt-Date"))
		to->last_attempt = read_date(r, f->body);
	else if (is(f, "Final-Log-ID"))
		to->final_log_id = keep(r, f->body);
	else if (is(f, "Will-Retry-Until"))
		to->retry_until = read_date(r, f->body);
	else
		return false;
	return true;
}

static void add_recipient(struct reader *r, const struct dsn_status_recipient *to)
{
	struct dsn_status *s = &r->status;
	if (s->count == DSN_PARSE_RECIPIENTS_MAX) {
		s->left_out++;
		return;
	}
	if (s->count == r->recipients_max) {
		size_t max = r->recipients_max ? 2 * r->recipients_max : 4;
		struct dsn_status_recipient *more = arena_array(r->arena, max, sizeof *more);
		if (more == NULL) {
			r->full = true;
			return;
		}
		for (size_t i = 0; i < s->count; i++)
			more[i] = s->recipients[i];
		s->recipients = more;
		r->recipients_max = max;
	}
	s->recipients[s->count++] = *to;
}

/* What was read ends with a blank line: that, and nothing else, ends a group. */
static bool ends_blank(struct view taken)
{
	if (taken.len == 0 || taken.data[taken.len - 1] != '\n')
		return false;
	taken.len--;
	if (taken.len && taken.data[taken.len - 1] == '\r')
		taken.len--;
	return taken.len == 0 || taken.data[taken.len - 1] == '\n';
}

/* Passes over a line that is no field. */
static struct view skip_line(struct reader *r, struct view block)
{
	ptrdiff_t end = view_find(block, '\n');
	r->status.defective = true;
	r->fields++;
	return view_skip(block, end < 0 ? block.len : (size_t)end + 1);
}

/* One group off *block; *known is counted up for each field that means something. */
static void read_group(struct reader *r, struct view *block, size_t *known)
{
	struct dsn_status_recipient to = {.action = -1};
	bool any = false, blank = false;
	while (block->len && !blank && r->fields < DSN_PARSE_FIELDS_MAX) {
		struct header_reader reader = header_read(*block);
		struct header_field field;
		/* Broken lines are passed over one by one here: each must not have all behind it looked
		 * through. */
		reader.strict = true;
		while (r->fields < DSN_PARSE_FIELDS_MAX && header_next(&reader, &field)) {
			r->fields++;
			bool of_recipient = recipient_field(r, &to, &field);
			any = any || of_recipient;
			*known += of_recipient || message_field(r, &field);
		}
		r->status.defective = r->status.defective || reader.defective;
		blank = ends_blank(view_take(*block, reader.at));
		*block = view_skip(*block, reader.at);
		if (!blank && block->len)
			*block = skip_line(r, *block);
	}
	if (any)
		add_recipient(r, &to);
	r->fields++; /* blank lines are limited too */
}

int dsn_status_parse(struct view body, struct arena *arena, struct dsn_status *status)
{
	struct reader r = {.arena = arena};
	size_t known = 0;
	while (body.len && r.fields < DSN_PARSE_FIELDS_MAX && !r.full)
		read_group(&r, &body, &known);
	if (r.full)
		return -ENOBUFS;
	if (known == 0)
		return -EINVAL;
	if (body.len)
		r.status.defective = true;
	*status = r.status;
	return 0;
}

int dsn_status_part(const struct mime_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		if (media_type_is(&tree->parts[i].type, "message", "delivery-status") ||
		    media_type_is(&tree->parts[i].type, "message", "global-delivery-status"))
			return (int)i;
	return -1;
}
