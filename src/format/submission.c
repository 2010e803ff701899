/*
 * The header filter of submission.h. A line's beginning is gathered until it is a field's name with its
 * colon, the blank line, or too long for any name that matters; then the field goes out, or is dropped with
 * its continuations.
 */
#include "format/submission.h"

#include <errno.h>
#include <string.h>

#include "format/header.h"

void header_filter_init(struct header_filter *f, unsigned drop)
{
	*f = (struct header_filter){.drop = drop, .state = AT_NAME};
}

struct view header_filter_held(const struct header_filter *f)
{
	return view_of(f->name, f->name_len);
}

static void end_header(struct header_filter *f, bool blank_line)
{
	f->ended = true;
	f->blank_line = blank_line;
}

static bool is_dropped(const struct header_filter *f, struct view name)
{
	if (f->drop & DROP_BCC &&
	    (view_equal_nocase(name, VIEW("Bcc")) || view_equal_nocase(name, VIEW("Resent-Bcc"))))
		return true;
	return f->drop & DROP_RETURN_PATH && view_equal_nocase(name, VIEW("Return-Path"));
}

static void note_field(struct header_filter *f, struct view name)
{
	f->has_date |= view_equal_nocase(name, VIEW("Date"));
	f->has_message_id |= view_equal_nocase(name, VIEW("Message-ID"));
	f->has_from |= view_equal_nocase(name, VIEW("From"));
	f->has_sender |= view_equal_nocase(name, VIEW("Sender"));
	f->has_mime_version |= view_equal_nocase(name, VIEW("MIME-Version"));
	f->received += view_equal_nocase(name, VIEW("Received"));
	f->delivered_to += view_equal_nocase(name, VIEW("Delivered-To"));
}

/* The gathered beginning goes the way of its line. */
static int release(struct header_filter *f, bool dropped, struct buf *out)
{
	f->state = dropped ? IN_DROPPED : IN_FIELD;
	f->any_line = true;
	int error = 0;
	if (dropped)
		f->dropped += f->name_len;
	else
		error = buf_append(out, view_of(f->name, f->name_len));
	f->name_len = 0;
	return error;
}

/* A name that is still growing; full means longer than any that matters. */
static bool is_undecided(const struct header_filter *f)
{
	char last = f->name[f->name_len - 1];
	if (f->name_len == sizeof f->name || last == ':' || last == '\n')
		return false;
	if (f->name_len == 1)
		return last != ' ' && last != '\t';
	/* "Name :" and the CR of a blank line. */
	return last != '\r';
}

/* The line's beginning is complete enough: a field, a continuation, or the header's end. */
static int decide(struct header_filter *f, struct buf *out)
{
	struct view line = view_of(f->name, f->name_len), name;
	if (view_equal(line, VIEW("\r\n")) || view_equal(line, VIEW("\n"))) {
		end_header(f, true);
		return 0;
	}
	if (line.data[0] == ' ' || line.data[0] == '\t')
		return release(f, f->after_dropped, out);
	if (header_field_name(line, &name)) {
		note_field(f, name);
		return release(f, is_dropped(f, name), out);
	}
	/* As in header.c: a nameless field is one, and so is the first line of a message in an mbox file. */
	bool mbox = !f->any_line && view_starts(line, VIEW("From "));
	if (line.data[0] == ':' || mbox)
		return release(f, false, out);
	end_header(f, false);
	return 0;
}

/* One byte at a line's beginning. */
static int feed_name(struct header_filter *f, char c, struct buf *out)
{
	f->name[f->name_len++] = c;
	if (is_undecided(f))
		return 0;
	int error = decide(f, out);
	if (f->state == AT_NAME)
		return error;
	f->after_dropped = f->state == IN_DROPPED;
	if (c == '\n')
		f->state = AT_NAME;
	return error;
}

int header_filter_feed(struct header_filter *f, struct view in, size_t *consumed, struct buf *out)
{
	size_t n = 0;
	int error = 0;
	while (n < in.len && !f->ended && error == 0) {
		if (f->state == AT_NAME) {
			error = feed_name(f, in.data[n++], out);
			continue;
		}
		struct view rest = view_skip(in, n);
		ptrdiff_t end = view_find(rest, '\n');
		struct view part = end < 0 ? rest : view_take(rest, (size_t)end + 1);
		if (f->state == IN_DROPPED)
			f->dropped += part.len;
		else
			error = buf_append(out, part);
		n += part.len;
		if (end >= 0)
			f->state = AT_NAME;
	}
	*consumed = n;
	return error;
}

int header_filter_end(struct header_filter *f, struct buf *out)
{
	int error = 0;
	if (!f->ended && f->state == AT_NAME && f->name_len)
		error = decide(f, out);
	f->ended = true;
	return error;
}
