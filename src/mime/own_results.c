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

bool own_results_are(struct view body, struct view host)
{
	struct cursor c = cursor_on(body);
	struct buf id;
	buf_init(&id, OWN_RESULTS_FIELD_MAX);
	lex_skip_cfws(&c, NULL);
	struct view rest = c.rest;
	if (rest.len > 0 && rest.data[0] == '"') {
		lex_quoted_string(&c, &id);
	} else {
		size_t len = 0;
		while (len < rest.len && !lex_is_blank(rest.data[len]) && rest.data[len] != ';' &&
		       rest.data[len] != '(')
			len++;
		buf_append(&id, view_take(rest, len));
	}
	struct view found = buf_view(&id);
	if (found.len > 0 && found.data[found.len - 1] == '.')
		found.len--;
	bool ours = view_equal_nocase(found, host);
	buf_done(&id);
	return ours;
}

static void give_held(struct own_results *f, struct buf *out)
{
	buf_append(out, view_of(f->held, f->held_len));
	f->held_len = 0;
}

/* What was held is a whole field, or its beginning. */
static void settle(struct own_results *f, struct buf *out)
{
	struct view field = view_of(f->held, f->held_len);
	ptrdiff_t colon = view_find(field, ':');
	if (own_results_are(view_skip(field, (size_t)(colon + 1)), f->host)) {
		f->held_len = 0;
		f->state = RESULTS_DROP;
	} else {
		give_held(f, out);
		f->state = RESULTS_PASS;
	}
}

/* The name of a field as far as it is there: the one that is looked for, or still possibly that one. */
static void look_at_name(struct own_results *f, struct buf *out)
{
	struct view v = view_of(f->held, f->held_len);
	size_t len = v.len < name.len ? v.len : name.len;
	bool same = view_equal_nocase(view_take(v, len), view_take(name, len));
	for (size_t i = name.len; same && i + 1 < v.len; i++)
		same = v.data[i] == ' ' || v.data[i] == '\t';
	char last = v.data[v.len - 1];
	if (same && v.len > name.len && last == ':')
		f->state = RESULTS_HOLD;
	else if (!same || (v.len > name.len && last != ' ' && last != '\t') || v.len == sizeof f->held) {
		give_held(f, out);
		f->state = RESULTS_PASS;
	}
}

static void begin_line(struct own_results *f, char c, struct buf *out)
{
	if (c == ' ' || c == '\t')
		return; /* the field goes on */
	if (f->state == RESULTS_HOLD)
		settle(f, out);
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
			settle(f, out);
	}
	int error = buf_append(out, view_skip(bytes, i));
	return buf_failed(out) && error == 0 ? -ENOBUFS : error;
}
