/*
 * iCalendar and vCard (RFC 5545 section 3.1, RFC 6350 section 3.2, and vCard 2.1, which phones still write):
 * unfolded lines of name, parameters and value. Only values that a person wrote are text, and the names of
 * people in parameters; identifiers, dates, rules and pictures are not.
 */
#include "extract/extract_private.h"

#include <errno.h>

#include "base/cursor.h"
#include "format/charset.h"
#include "format/transfer.h"

enum {
	/* Octets of a line without a picture: a long description. The rest of a longer one is left out. */
	LINE_MAX_KEPT = 256 << 10,
};

struct line {
	struct view name, value;
	struct view common_name; /* CN: who an attendee is */
	struct view charset;     /* vCard 2.1 */
	bool quoted_printable, binary;
};

/* Machines wrote these. */
static bool is_for_machines(struct view name)
{
	static const char *const names[] = {"begin", "end", "version", "prodid", "uid", "dtstamp", "dtstart",
	    "dtend", "due", "duration", "completed", "created", "last-modified", "sequence", "method",
	    "calscale", "transp", "class", "priority", "percent-complete", "trigger", "action", "repeat",
	    "rrule", "rdate", "exdate", "exrule", "recurrence-id", "freebusy", "tzid", "tzoffsetfrom",
	    "tzoffsetto", "tzurl", "status", "request-status", "rev", "photo", "logo", "sound", "key",
	    "clientpidmap", "kind", "geo", "color", "refresh-interval", "source", "image", "agent", "mailer",
	    "profile"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (view_equal_nocase(name, view_from_string(names[i])))
			return true;
	/* Of private ones, those in which programs keep what people type. */
	return view_starts_nocase(name, VIEW("x-")) && !view_equal_nocase(name, VIEW("x-wr-calname")) &&
	       !view_equal_nocase(name, VIEW("x-wr-caldesc")) &&
	       !view_equal_nocase(name, VIEW("x-ablabel")) && !view_starts_nocase(name, VIEW("x-phonetic"));
}

static struct view parameter_value(struct cursor *in)
{
	if (cursor_accept(in, '"')) {
		ptrdiff_t end = view_find(in->rest, '"');
		struct view value = cursor_bytes(in, end < 0 ? in->rest.len : (size_t)end);
		cursor_accept(in, '"');
		return value;
	}
	size_t len = 0;
	while (len < in->rest.len && in->rest.data[len] != ';' && in->rest.data[len] != ':')
		len++;
	return cursor_bytes(in, len);
}

static void parameter(struct cursor *in, struct line *l)
{
	size_t len = 0;
	while (len < in->rest.len && in->rest.data[len] != ';' && in->rest.data[len] != ':' &&
	       in->rest.data[len] != '=')
		len++;
	struct view name = cursor_bytes(in, len);
	/* vCard 2.1 leaves "ENCODING=" out. */
	struct view value = cursor_accept(in, '=') ? parameter_value(in) : name;
	if (view_equal_nocase(name, VIEW("cn")))
		l->common_name = value;
	else if (view_equal_nocase(name, VIEW("charset")))
		l->charset = value;
	else if (view_equal_nocase(value, VIEW("quoted-printable")))
		l->quoted_printable = true;
	else if (view_equal_nocase(value, VIEW("base64")) || view_equal_nocase(value, VIEW("b")) ||
	         view_equal_nocase(value, VIEW("binary")))
		l->binary = true;
	/* What else stands in the value ("a","b") is of no use, up to the next ";" or ":". */
	while (!cursor_at_end(in) && cursor_peek(in) != ';' && cursor_peek(in) != ':')
		cursor_bytes(in, 1);
}

/* false: this is no line of a name and a value. */
static bool split(struct view text, struct line *l)
{
	struct cursor in = cursor_on(text);
	size_t len = 0;
	*l = (struct line){0};
	while (len < text.len &&
	       (ascii_is_alnum(text.data[len]) || text.data[len] == '-' || text.data[len] == '.'))
		len++;
	l->name = cursor_bytes(&in, len);
	ptrdiff_t group = view_find(l->name, '.');
	if (group >= 0)
		l->name = view_skip(l->name, (size_t)group + 1);
	while (cursor_accept(&in, ';'))
		parameter(&in, l);
	if (l->name.len == 0 || !cursor_accept(&in, ':'))
		return false;
	l->value = in.rest;
	return true;
}

/* RFC 5545 section 3.3.11: what a backslash stands before; the parts of a name or an address are apart. */
static void tell_value(struct extract_out *out, struct view value)
{
	bool more = true;
	while (value.len > 0 && more) {
		size_t len = 0;
		while (len < value.len && value.data[len] != '\\' && value.data[len] != ';')
			len++;
		more = extract_tell(out, view_take(value, len));
		value = view_skip(value, len);
		if (value.len == 0)
			break;
		if (value.data[0] == ';') {
			more = extract_tell(out, VIEW(" "));
			value = view_skip(value, 1);
			continue;
		}
		value = view_skip(value, 1);
		bool line_end = value.len > 0 && ascii_lower(value.data[0]) == 'n';
		/* ASCII stands behind a backslash; if not, the character stays whole. */
		size_t escaped = value.len > 0 && (unsigned char)value.data[0] < 0x80;
		more = extract_tell(out, line_end ? VIEW("\n") : view_take(value, escaped));
		value = view_skip(value, escaped);
	}
}

static void tell_quoted_printable(struct extract_out *out, const struct line *l)
{
	struct transfer_decoder d;
	struct buf octets, text;
	bool defective = false;
	buf_init(&octets, l->value.len + 16);
	buf_init(&text, 3 * l->value.len + 16);
	transfer_decoder_init(&d, TRANSFER_QUOTED_PRINTABLE);
	int error = transfer_decode(&d, l->value, &octets);
	if (error == 0)
		error = transfer_decode_end(&d, &octets);
	if (error == 0)
		error = charset_to_utf8(l->charset, buf_view(&octets), &text, &defective);
	if (error)
		extract_end(out, EXTRACT_NO_MEMORY);
	tell_value(out, buf_view(&text));
	buf_done(&octets);
	buf_done(&text);
}

static void tell_line(struct extract_out *out, struct view text)
{
	struct line l;
	if (!split(text, &l) || is_for_machines(l.name) || l.binary ||
	    view_starts_nocase(l.value, VIEW("data:")))
		return;
	if (l.common_name.len > 0) {
		extract_tell(out, l.common_name);
		extract_tell(out, VIEW(" "));
	}
	if (view_starts_nocase(l.value, VIEW("mailto:")))
		l.value = view_skip(l.value, 7);
	if (l.quoted_printable)
		tell_quoted_printable(out, &l);
	else
		tell_value(out, l.value);
	extract_tell(out, VIEW("\n"));
}

static bool is_quoted_printable(struct view first_line)
{
	struct line l;
	return split(first_line, &l) && l.quoted_printable;
}

static bool ends_softly(struct view line)
{
	return line.len > 0 && line.data[line.len - 1] == '=';
}

void extract_properties(const struct extract_file *file, struct extract_out *out)
{
	struct buf whole, line;
	buf_init(&line, LINE_MAX_KEPT);
	bool more = extract_whole(file, file->charset, &whole, out);
	struct view rest = buf_view(&whole), next;
	bool quoted_printable = false, soft = false;
	while (more && view_next(&rest, '\n', &next)) {
		if (next.len > 0 && next.data[next.len - 1] == '\r')
			next = view_take(next, next.len - 1);
		bool folded = next.len > 0 && (next.data[0] == ' ' || next.data[0] == '\t');
		if (soft)
			buf_truncate(&line, buf_view(&line).len - 1);
		if (!soft && !folded) {
			tell_line(out, buf_view(&line));
			buf_clear(&line);
		}
		/* What does not fit is left out. */
		if (buf_append(&line, folded && !soft ? view_skip(next, 1) : next) == -ENOMEM)
			extract_end(out, EXTRACT_NO_MEMORY);
		/* Only the first line of several says how the value is encoded. */
		if (!soft && !folded)
			quoted_printable = is_quoted_printable(next);
		soft = quoted_printable && ends_softly(buf_view(&line));
		more = out->verdict == EXTRACT_ALL;
	}
	if (more)
		tell_line(out, buf_view(&line));
	if (file->bytes.len > EXTRACT_WHOLE_MAX)
		extract_end(out, EXTRACT_SOME);
	buf_done(&whole);
	buf_done(&line);
}
