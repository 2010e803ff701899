/* A field of results is held until it is complete, or long enough to say whose it is. */
#include "mime/own_results.h"

#include <errno.h>

#include "format/lex.h"

static const struct view name = {"authentication-results", 22};

void own_results_init(struct own_results *f, struct view host)
{
	f->host = host;
	f->state = RESULTS_AT_NAME;
	f->line_begins = true;
	f->held_len = 0;
}

/* Appends the authserv-id that the body of the field begins with. False: the body ends within it, or before.
 */
static bool read_id(struct view body, struct buf *id)
{
	struct cursor c = cursor_on(body);
	lex_skip_cfws(&c, NULL);
	struct view rest = c.rest;
	if (rest.len > 0 && rest.data[0] == '"')
		return lex_quoted_string(&c, id);
	size_t len = 0;
	while (
	    len < rest.len && !lex_is_blank(rest.data[len]) && rest.data[len] != ';' && rest.data[len] != '(')
		len++;
	buf_append(id, view_take(rest, len));
	return len < rest.len;
}

/* Of a field that is cut, what has not named its host within so much is nobody's honest result: ours too. */
static bool are_ours(struct view body, bool cut, struct view host)
{
	struct buf id;
	buf_init(&id, OWN_RESULTS_FIELD_MAX);
	bool complete = read_id(body, &id);
	struct view found = buf_view(&id);
	if (found.len > 0 && found.data[found.len - 1] == '.')
		found.len--;
	bool ours = (cut && !complete) || buf_failed(&id) || view_equal_nocase(found, host);
	buf_done(&id);
	return ours;
}

static void give_held(struct own_results *f, struct buf *out)
{
	buf_append(out, view_of(f->held, f->held_len));
	f->held_len = 0;
}

/* What was held is a whole field, or its beginning. */
static void settle(struct own_results *f, bool cut, struct buf *out)
{
	struct view field = view_of(f->held, f->held_len);
	ptrdiff_t colon = view_find(field, ':');
	if (are_ours(view_skip(field, (size_t)(colon + 1)), cut, f->host)) {
		f->held_len = 0;
		f->state = RESULTS_DROP;
	} else {
		give_held(f, out);
		f->state = RESULTS_PASS;
	}
}

/* The last octet of a field's name as far as it is there: what stands before it is as it must be. Behind the
 * name the line may end: lenient readers take one that is folded before its colon for a field. */
static void look_at_name(struct own_results *f, struct buf *out)
{
	size_t at = f->held_len - 1;
	struct view last = view_of(f->held + at, 1);
	bool blank = lex_is_blank(last.data[0]);
	if (at < name.len ? view_equal_nocase(last, view_of(name.data + at, 1)) : blank) {
		/* Nobody writes so many blanks who has nothing to hide. */
		if (f->held_len == sizeof f->held) {
			f->held_len = 0;
			f->state = RESULTS_DROP;
		}
	} else if (at >= name.len && last.data[0] == ':') {
		f->state = RESULTS_HOLD;
	} else {
		give_held(f, out);
		f->state = RESULTS_PASS;
	}
}

static void begin_line(struct own_results *f, char c, struct buf *out)
{
	if (c == ' ' || c == '\t')
		return; /* the field goes on */
	if (f->state == RESULTS_HOLD)
		settle(f, false, out);
	else if (f->state == RESULTS_AT_NAME)
		give_held(f, out); /* a line that has no colon at all */
	f->state = c == '\r' || c == '\n' ? RESULTS_OVER : RESULTS_AT_NAME;
}

int own_results_feed(struct own_results *f, struct view bytes, struct buf *out)
{
	size_t i = 0;
	for (; i < bytes.len; i++) {
		char c = bytes.data[i];
		if (f->state != RESULTS_OVER && f->line_begins)
			begin_line(f, c, out);
		if (f->state == RESULTS_OVER)
			break;
		f->line_begins = c == '\n';
		if (f->state == RESULTS_PASS)
			buf_append_byte(out, c);
		else if (f->state != RESULTS_DROP)
			f->held[f->held_len++] = c;
		if (f->state == RESULTS_AT_NAME)
			look_at_name(f, out);
		else if (f->state == RESULTS_HOLD && f->held_len == sizeof f->held)
			settle(f, true, out);
	}
	int error = buf_append(out, view_skip(bytes, i));
	return buf_failed(out) && error == 0 ? -ENOBUFS : error;
}
