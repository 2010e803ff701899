/*
 * The header filter of submission.h. A line's beginning is gathered until its colon or its end shows what it
 * is; then the field goes out, or is dropped with its continuations. Lines that are nothing of the kind are
 * held back until it is known whether the header goes on behind them.
 */
#include "mime/submission.h"

#include <errno.h>
#include <string.h>

#include "format/header.h"

/* In doubt a line is judged by its beginning when so much is held: then its name is in sight, if it has one.
 */
enum { HELD_MAX = HEADER_DOUBT_MAX + 2 * FIELD_NAME_MAX };

void header_filter_init(struct header_filter *f, unsigned drop)
{
	*f = (struct header_filter){.drop = drop, .state = AT_LINE};
	buf_init(&f->doubt, HELD_MAX + 2);
}

void header_filter_done(struct header_filter *f)
{
	buf_done(&f->doubt);
}

struct view header_filter_held(const struct header_filter *f)
{
	return buf_view(&f->doubt);
}

static void end_header(struct header_filter *f, bool blank_line)
{
	f->ended = true;
	f->blank_line = blank_line;
	f->in_doubt = false;
	/* Where the header's end is only our reading, Bcc is looked for in the lines behind it too. */
	f->over = !(f->drop & DROP_BCC);
}

static bool is_bcc(struct view name)
{
	return view_equal_nocase(name, VIEW("Bcc")) || view_equal_nocase(name, VIEW("Resent-Bcc"));
}

static bool is_dropped(const struct header_filter *f, struct view name)
{
	if (f->drop & DROP_BCC && is_bcc(name))
		return true;
	if (f->drop & DROP_SENDER && !f->ended && view_equal_nocase(name, VIEW("Sender")))
		return true;
	return f->drop & DROP_RETURN_PATH && !f->ended && view_equal_nocase(name, VIEW("Return-Path"));
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

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ---- what is taken out ---- */

static void drop(struct header_filter *f, struct view bytes)
{
	f->dropped += bytes.len;
	while (bytes.len && (unsigned char)bytes.data[bytes.len - 1] <= ' ')
		bytes.len--;
	if (bytes.len)
		f->last_dropped = bytes.data[bytes.len - 1];
}

/* A field without a value yet is as open as a list behind its comma. */
static void drop_name(struct header_filter *f, struct view bytes, bool of_bcc)
{
	f->dropped += bytes.len;
	f->after_bcc = of_bcc;
	f->last_dropped = ',';
}

/* The length of "Bcc" with what is around it, up to its colon or the end: such lines hold no more, or no name
 * that header_name.c finds, since it is too far from its colon. 0 if it is something else. */
static size_t bcc_name(struct view lines)
{
	size_t n = 0;
	while (n < lines.len && !ascii_is_alnum(lines.data[n]))
		n++;
	if (view_starts_nocase(view_skip(lines, n), VIEW("Resent-")))
		n += 7;
	if (!view_starts_nocase(view_skip(lines, n), VIEW("Bcc")))
		return 0;
	n += 3;
	while (n < lines.len && ((unsigned char)lines.data[n] <= ' ' || (unsigned char)lines.data[n] >= 0x7f))
		n++;
	if (n == lines.len)
		return n;
	return lines.data[n] == ':' ? n + 1 : 0;
}

/*
 * Where it is not known that the header goes on behind lines that are no fields: whether these belong to Bcc
 * even so. They do where what stands before them is not complete; the rest may be the body.
 */
static bool completes_bcc(struct header_filter *f, struct view lines)
{
	size_t n = f->drop & DROP_BCC ? bcc_name(lines) : 0;
	if (n) {
		drop_name(f, view_take(lines, n), true);
		drop(f, view_skip(lines, n));
		return true;
	}
	char first = lines.len ? lines.data[0] : '\n', last = f->last_dropped;
	bool open = first == ',' || last == ',' || last == ':' || last == '<' || last == '@';
	f->after_bcc &= first != '\r' && first != '\n' && open;
	if (f->after_bcc)
		drop(f, lines);
	return f->after_bcc;
}

/* "Jane: SECRET" <s@x.test>: letters that are legal in a field's name and used in none. */
static bool is_mailbox(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (view_find(VIEW("@<>\",;()"), name.data[i]) >= 0)
			return true;
	return false;
}

/* ---- fields ---- */

/* These bytes begin a field, whose name ends with its colon at `colon`. */
static int begin_field(
    struct header_filter *f, struct view bytes, struct view name, size_t colon, struct buf *out)
{
	struct view strict;
	bool dropped = is_dropped(f, name);
	f->state = dropped ? IN_DROPPED : IN_FIELD;
	f->before = dropped ? DROPPED_BEFORE : FIELD_BEFORE;
	if (!f->ended)
		note_field(f, name);
	if (dropped) {
		drop_name(f, bytes, is_bcc(name));
		return 0;
	}
	f->after_bcc = false;
	if (f->ended || header_field_name(bytes, &strict))
		return buf_append(out, bytes);
	buf_append(out, name);
	buf_append_byte(out, ':');
	return buf_append(out, view_skip(bytes, colon));
}

/* The gathered beginning goes the way of the line before it. */
static int continue_field(struct header_filter *f, struct buf *out)
{
	struct view bytes = view_of(f->line, f->line_len);
	f->line_len = 0;
	f->state = f->before == DROPPED_BEFORE ? IN_DROPPED : IN_FIELD;
	if (f->state == IN_FIELD)
		return buf_append(out, bytes);
	drop(f, bytes);
	return 0;
}

/* ---- broken lines ---- */

static bool speaks_of_bcc(struct view v)
{
	for (; v.len >= 3; v = view_skip(v, 1))
		if (view_starts_nocase(v, VIEW("bcc")))
			return true;
	return false;
}

/* A line with its continuations that is no field, as one that every reader takes for one and nobody for
 * anything more. */
static int put_broken(struct header_filter *f, struct view lines, struct buf *out)
{
	char text[HEADER_BROKEN_LINE_MAX];
	size_t len = 0;
	bool readable = false;
	for (size_t i = 0; i < lines.len && len < sizeof text; i++) {
		char c = lines.data[i];
		if (c == '\r' || c == '\n')
			continue;
		bool printable = ascii_is_print(c) || c == '\t';
		readable |= printable && !is_blank(c);
		text[len++] = printable ? c : '?';
	}
	/* Where a line is too long to be looked through, what continues it may be the rest of Bcc too. */
	f->after_bcc |= f->drop & DROP_BCC && (speaks_of_bcc(lines) || lines.len == sizeof f->line);
	if (f->after_bcc)
		drop(f, lines);
	if (f->after_bcc || !readable || f->broken_lines == HEADER_BROKEN_LINES_MAX)
		return 0;
	f->broken_lines++;
	buf_append(
	    out, view_starts(lines, VIEW("From ")) ? VIEW("X-Mailbox-Line: ") : VIEW("X-Broken-Line: "));
	buf_append(out, view_of(text, len));
	return buf_append(out, VIEW("\r\n"));
}

static int end_broken(struct header_filter *f, struct buf *out)
{
	int error = put_broken(f, view_of(f->line, f->line_len), out);
	f->line_len = 0;
	f->state = AT_LINE;
	f->before = BROKEN_BEFORE;
	return error;
}

/* ---- doubt ---- */

static int begin_doubt(struct header_filter *f)
{
	f->in_doubt = true;
	int error = buf_append(&f->doubt, view_of(f->line, f->line_len));
	f->line_len = 0;
	return error;
}

static size_t line_length(struct view v)
{
	ptrdiff_t end = view_find(v, '\n');
	return end < 0 ? v.len : (size_t)end + 1;
}

/* The first line, with those that continue it. */
static struct view first_lines(struct view v)
{
	size_t n = line_length(v);
	while (n < v.len && is_blank(v.data[n]))
		n += line_length(view_skip(v, n));
	return view_take(v, n);
}

static bool starts_blank(struct view v)
{
	return view_starts(v, VIEW("\n")) || view_starts(v, VIEW("\r\n"));
}

/*
 * What is held is the body's beginning, or that of text before it; without what belongs to Bcc. Up to its
 * blank line it is looked through; that and what is behind it is the user's own.
 */
static void lose_header(struct header_filter *f, bool at_line_end)
{
	struct view rest = buf_view(&f->doubt);
	char *to = f->doubt.data + f->doubt.start;
	size_t kept = 0;
	bool gone = false;
	while (rest.len) {
		struct view lines = first_lines(rest);
		gone = completes_bcc(f, lines);
		if (!gone) {
			memmove(to + kept, lines.data, lines.len);
			kept += lines.len;
		}
		rest = view_skip(rest, lines.len);
	}
	buf_truncate(&f->doubt, kept);
	end_header(f, f->leading || starts_blank(buf_view(&f->doubt)));
	f->state = at_line_end ? AT_LINE : gone ? IN_DROPPED : IN_FIELD;
	f->before = gone ? DROPPED_BEFORE : FIELD_BEFORE;
}

/* The lines before a known field: those that are fields too stay as they are. */
static int put_lines(struct header_filter *f, struct view rest, struct buf *out)
{
	int error = 0;
	while (rest.len && error == 0) {
		struct view name, lines = first_lines(rest);
		bool is_field = header_field_name(lines, &name) && !(f->after_bcc && is_mailbox(name));
		f->after_bcc &= !is_field;
		error = is_field ? buf_append(out, lines) : put_broken(f, lines, out);
		rest = view_skip(rest, lines.len);
	}
	return error;
}

/* The last line held begins a known field: all of it belongs to the header. */
static int find_header(
    struct header_filter *f, struct view name, size_t colon, bool at_line_end, struct buf *out)
{
	struct view held = buf_view(&f->doubt);
	int error = put_lines(f, view_take(held, f->doubt_line), out);
	if (error == 0)
		error = begin_field(f, view_skip(held, f->doubt_line), name, colon, out);
	if (at_line_end)
		f->state = AT_LINE;
	buf_clear(&f->doubt);
	f->in_doubt = f->leading = false;
	f->doubt_line = f->doubt_part = 0;
	return error;
}

/* The last line held is complete, or long enough to be judged. */
static int judge_doubt(struct header_filter *f, bool at_line_end, struct buf *out)
{
	struct view held = buf_view(&f->doubt), name;
	if (f->leading || !is_blank(held.data[f->doubt_part]))
		f->doubt_line = f->doubt_part;
	size_t colon =
	    header_field_becomes_known(view_skip(held, f->doubt_line), f->doubt_part - f->doubt_line, &name);
	if (colon)
		return find_header(f, name, colon, at_line_end, out);
	if (f->leading || held.len >= HEADER_DOUBT_MAX || !at_line_end)
		lose_header(f, at_line_end);
	f->doubt_part = held.len;
	return 0;
}

/* Behind a bare CR an empty line is none to those for whom only LF ends a line: they find Bcc behind it. */
static bool ends_for_all(const struct header_filter *f)
{
	return !(f->bare_cr && f->drop & DROP_BCC);
}

static int end_line_in_doubt(struct header_filter *f, struct view line_end, struct buf *out)
{
	bool blank = buf_view(&f->doubt).len == f->doubt_part;
	int error = buf_append(&f->doubt, line_end);
	if (error)
		return error;
	if (!blank)
		return judge_doubt(f, true, out);
	f->doubt_part += line_end.len;
	if (f->leading && f->doubt_part < HEADER_DOUBT_MAX)
		return 0;
	lose_header(f, true);
	f->over = ends_for_all(f);
	return 0;
}

/* ---- lines ---- */

/* The gathered beginning of a line shows what it is: it has a colon, or none is to come. */
static int decide(struct header_filter *f, struct buf *out)
{
	struct view line = view_of(f->line, f->line_len), name;
	bool continues = is_blank(line.data[0]);
	if (continues && (f->ended || f->before == FIELD_BEFORE || f->before == DROPPED_BEFORE))
		return continue_field(f, out);
	size_t colon = header_field_name(line, &name);
	if (colon == 0 && !(continues && f->before == BROKEN_BEFORE))
		colon = header_field_name_repaired(line, &name);
	if (colon && !(f->after_bcc && is_mailbox(name))) {
		f->line_len = 0;
		return begin_field(f, line, name, colon, out);
	}
	if (f->ended) {
		bool gone = completes_bcc(f, line);
		f->before = gone ? DROPPED_BEFORE : FIELD_BEFORE;
		f->state = gone ? IN_DROPPED : IN_FIELD;
		f->line_len = gone ? 0 : f->line_len;
		return gone ? 0 : continue_field(f, out);
	}
	/* As in header.c: these end no header, whatever follows. */
	bool mbox = f->before == NOTHING_BEFORE && view_starts(line, VIEW("From "));
	if (continues || mbox || line.data[0] == ':') {
		f->state = IN_BROKEN;
		return 0;
	}
	return begin_doubt(f);
}

static int blank_line(struct header_filter *f, struct view line_end, struct buf *out)
{
	if (f->ended) {
		f->over = ends_for_all(f);
		f->after_bcc = false;
		return buf_append(out, line_end);
	}
	if (f->before == NOTHING_BEFORE) {
		/* Some skip it, and find the header behind it. */
		f->in_doubt = f->leading = true;
		f->doubt_part = line_end.len;
		return buf_append(&f->doubt, line_end);
	}
	end_header(f, true);
	f->over = ends_for_all(f);
	f->after_bcc = false;
	return buf_append(&f->doubt, line_end);
}

/* `bare`: the line ends in a CR alone, which is a line's end to some; an empty one of that kind is none. */
static int end_line(struct header_filter *f, struct view line_end, bool bare, struct buf *out)
{
	bool empty = f->in_doubt ? buf_view(&f->doubt).len == f->doubt_part : f->line_len == 0;
	if (f->state == AT_LINE && empty && bare)
		return 0;
	if (f->state == AT_LINE && empty && !f->in_doubt)
		return blank_line(f, line_end, out);
	if (f->state == AT_LINE && !f->in_doubt) {
		int error = decide(f, out);
		if (error)
			return error;
	}
	switch (f->state) {
	case IN_FIELD:
		f->state = AT_LINE;
		return buf_append(out, line_end);
	case IN_DROPPED:
		f->state = AT_LINE;
		drop(f, line_end);
		return 0;
	case IN_BROKEN:
		return end_broken(f, out);
	case AT_LINE:
		break;
	}
	return end_line_in_doubt(f, line_end, out);
}

/* Text of a line whose kind is open. Returns how much was taken. */
static size_t gather(struct header_filter *f, struct view text, struct buf *out, int *error)
{
	if (f->in_doubt) {
		text = view_take(text, HELD_MAX - buf_view(&f->doubt).len);
		*error = buf_append(&f->doubt, text);
		if (*error == 0 && buf_view(&f->doubt).len == HELD_MAX)
			*error = judge_doubt(f, false, out);
		return text.len;
	}
	ptrdiff_t colon = view_find(text, ':');
	if (colon >= 0)
		text = view_take(text, (size_t)colon + 1);
	text = view_take(text, sizeof f->line - f->line_len);
	memcpy(f->line + f->line_len, text.data, text.len);
	f->line_len += text.len;
	if (f->line_len == sizeof f->line || f->line[f->line_len - 1] == ':')
		*error = decide(f, out);
	return text.len;
}

/* Text without a line end. Returns how much was taken. */
static size_t take_text(struct header_filter *f, struct view text, struct buf *out, int *error)
{
	switch (f->state) {
	case IN_FIELD:
		*error = buf_append(out, text);
		return text.len;
	case IN_DROPPED:
		drop(f, text);
		return text.len;
	case IN_BROKEN: {
		struct view kept = view_take(text, sizeof f->line - f->line_len);
		memcpy(f->line + f->line_len, kept.data, kept.len);
		f->line_len += kept.len;
		return text.len;
	}
	case AT_LINE:
		break;
	}
	return gather(f, text, out, error);
}

/* The bytes up to the next CR or LF. One loop for both, so that many of one kind don't make it slow. */
static struct view text_of(struct view in)
{
	size_t n = 0;
	while (n < in.len && in.data[n] != '\r' && in.data[n] != '\n')
		n++;
	return view_take(in, n);
}

int header_filter_feed(struct header_filter *f, struct view in, size_t *consumed, struct buf *out)
{
	bool was_ended = f->ended;
	size_t n = 0;
	int error = 0;
	while (n < in.len && f->ended == was_ended && !f->over && error == 0) {
		char c = in.data[n];
		if (f->after_cr) {
			f->after_cr = false;
			n += c == '\n';
			error = end_line(f, VIEW("\r\n"), c != '\n', out);
			f->bare_cr = c != '\n';
		} else if (c == '\n') {
			n++;
			error = end_line(f, VIEW("\n"), false, out);
			f->bare_cr = false;
		} else if (c == '\r') {
			n++;
			f->after_cr = true;
		} else {
			f->bare_cr = false;
			n += take_text(f, text_of(view_skip(in, n)), out, &error);
		}
	}
	*consumed = n;
	return error;
}

/* A last line without a line end is one all the same. */
static int end_last_line(struct header_filter *f, struct buf *out)
{
	int error = 0;
	if (f->after_cr)
		error = end_line(f, VIEW("\r\n"), true, out);
	f->after_cr = false;
	if (error == 0 && f->state == AT_LINE && !f->in_doubt && f->line_len)
		error = decide(f, out);
	if (error == 0 && f->state == IN_BROKEN)
		error = end_broken(f, out);
	if (error == 0 && f->in_doubt && buf_view(&f->doubt).len > f->doubt_part)
		error = judge_doubt(f, false, out);
	if (error == 0 && f->state == IN_FIELD && !f->ended)
		error = buf_append(out, VIEW("\r\n"));
	return error;
}

int header_filter_end(struct header_filter *f, struct buf *out)
{
	int error = f->over ? 0 : end_last_line(f, out);
	if (!f->ended && f->in_doubt)
		lose_header(f, true);
	else if (!f->ended)
		end_header(f, false);
	f->over = true;
	return error;
}
