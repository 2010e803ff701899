/*
 * The arguments of a command: RFC 9051 section 9, and what RFC 3501 has beside it. All of them are in memory
 * when a command is parsed; literals stand in the text as they came.
 */
#include "imap/imap_state.h"

#include <string.h>

#include "base/utf8.h"
#include "format/date.h"
#include "format/modified_utf7.h"

void imap_in_wrong(struct imap_in *in, const char *why)
{
	if (in->wrong == NULL)
		in->wrong = why;
}

static bool fails(struct imap_in *in, const char *why)
{
	imap_in_wrong(in, why);
	return false;
}

bool imap_in_next_is(const struct imap_in *in, char c)
{
	return !in->wrong && cursor_peek(&in->text) == (unsigned char)c;
}

bool imap_in_take(struct imap_in *in, char c)
{
	return !in->wrong && cursor_accept(&in->text, c);
}

bool imap_in_char(struct imap_in *in, char c)
{
	if (imap_in_take(in, c))
		return true;
	switch (c) {
	case ' ':
		return fails(in, "a space is missing");
	case '(':
		return fails(in, "\"(\" is missing");
	case ')':
		return fails(in, "\")\" is missing");
	default:
		return fails(in, "a character is missing");
	}
}

bool imap_in_space(struct imap_in *in)
{
	return imap_in_char(in, ' ');
}

bool imap_in_at_end(const struct imap_in *in)
{
	return !in->wrong && cursor_at_end(&in->text);
}

bool imap_in_end(struct imap_in *in)
{
	if (imap_in_at_end(in))
		return true;
	return fails(in, "there is more than this command takes");
}

/* ---- atoms and strings ---- */

/* ATOM-CHAR of RFC 9051 section 9: no CTL, space, bracket, wildcard, quote, backslash or "]". */
static bool is_atom_char(char c)
{
	return c > 0x20 && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

/* ASTRING-CHAR; and UTF-8, which programs send that never heard of modified UTF-7. */
static bool is_astring_char(char c)
{
	return is_atom_char(c) || c == ']' || (unsigned char)c >= 0x80;
}

static bool is_list_char(char c)
{
	return is_astring_char(c) || c == '%' || c == '*';
}

bool imap_in_word(struct imap_in *in, const char *word)
{
	if (in->wrong)
		return false;
	struct cursor look = in->text;
	if (!view_equal_nocase(cursor_while(&look, is_atom_char), view_from_string(word)))
		return false;
	in->text = look;
	return true;
}

static bool run_of(struct imap_in *in, bool (*belongs)(char), struct view *out, const char *why)
{
	if (in->wrong)
		return false;
	struct view found = cursor_while(&in->text, belongs);
	if (found.len == 0)
		return fails(in, why);
	*out = found;
	return true;
}

bool imap_in_atom(struct imap_in *in, struct view *out)
{
	return run_of(in, is_atom_char, out, "a word is missing");
}

/* RFC 9051 section 4.3. Where a quoted string ends, behind its first quote: offset of the last one, or -1. */
static ptrdiff_t quoted_end(struct view v, bool *escaped)
{
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == '"')
			return (ptrdiff_t)i;
		if (v.data[i] == '\r' || v.data[i] == '\n' || v.data[i] == '\0')
			return -1;
		if (v.data[i] == '\\') {
			*escaped = true;
			i++;
			if (i == v.len || (v.data[i] != '"' && v.data[i] != '\\'))
				return -1;
		}
	}
	return -1;
}

static bool unescape(struct imap_in *in, struct view raw, struct view *out)
{
	char *text = arena_alloc(&in->session->arena, raw.len);
	if (text == NULL)
		return fails(in, "[LIMIT] the command is too large");
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		i += raw.data[i] == '\\';
		text[len++] = raw.data[i];
	}
	*out = view_of(text, len);
	return true;
}

static bool quoted(struct imap_in *in, struct view *out)
{
	struct view rest = view_skip(in->text.rest, 1);
	bool escaped = false;
	ptrdiff_t end = quoted_end(rest, &escaped);
	if (end < 0)
		return fails(in, "a quoted string is not right");
	struct view raw = view_take(rest, (size_t)end);
	if (escaped && !unescape(in, raw, &raw))
		return false;
	*out = raw;
	in->text.rest = view_skip(rest, (size_t)end + 1);
	return true;
}

static bool is_digit(char c)
{
	return ascii_is_digit(c);
}

/* "{5}" CR LF, "{5+}" CR LF; the cursor is behind it afterwards. */
static bool literal_header(struct cursor *c, uint64_t *size, bool *awaited)
{
	if (!cursor_accept(c, '{') || !view_to_u64(cursor_while(c, is_digit), INT64_MAX, size))
		return false;
	*awaited = !cursor_accept(c, '+');
	return cursor_accept(c, '}') && cursor_accept(c, '\r') && cursor_accept(c, '\n');
}

static bool literal(struct imap_in *in, bool binary, struct view *out)
{
	uint64_t size;
	bool awaited;
	if (!literal_header(&in->text, &size, &awaited) || size > in->text.rest.len)
		return fails(in, "a literal is not right");
	struct view found = cursor_bytes(&in->text, (size_t)size);
	if (!binary && view_find(found, '\0') >= 0)
		return fails(in, "a literal must not hold NUL");
	*out = found;
	return true;
}

bool imap_in_literal(struct imap_in *in, struct imap_literal *out)
{
	if (in->wrong)
		return false;
	struct imap_literal found = {.binary = cursor_accept(&in->text, '~')};
	if (!literal_header(&in->text, &found.size, &found.awaited) || !cursor_at_end(&in->text))
		return fails(in, "a literal is missing");
	*out = found;
	return true;
}

bool imap_in_string(struct imap_in *in, struct view *out)
{
	if (imap_in_next_is(in, '"'))
		return quoted(in, out);
	if (imap_in_next_is(in, '{'))
		return literal(in, false, out);
	return fails(in, "a string is missing");
}

bool imap_in_astring(struct imap_in *in, struct view *out)
{
	if (imap_in_next_is(in, '"') || imap_in_next_is(in, '{'))
		return imap_in_string(in, out);
	return run_of(in, is_astring_char, out, "a word or string is missing");
}

bool imap_in_nstring(struct imap_in *in, struct view *out, bool *is_nil)
{
	*is_nil = imap_in_word(in, "NIL");
	if (*is_nil) {
		*out = (struct view){0};
		return true;
	}
	/* A literal8 (RFC 3516 section 4.4, RFC 5464 section 4.3) may hold any octet. */
	if (imap_in_take(in, '~'))
		return literal(in, true, out);
	return imap_in_string(in, out);
}

/* ---- numbers ---- */

static bool number(struct imap_in *in, uint64_t max, uint64_t *out)
{
	if (in->wrong)
		return false;
	if (!view_to_u64(cursor_while(&in->text, is_digit), max, out))
		return fails(in, "a number is missing, or too large");
	return true;
}

bool imap_in_number(struct imap_in *in, uint32_t *out)
{
	uint64_t n;
	if (!number(in, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool imap_in_number64(struct imap_in *in, uint64_t *out)
{
	return number(in, INT64_MAX, out); /* RFC 9051 section 9: number64 has 63 bits */
}

/* ---- names of mailboxes ---- */

/* Names that come as modified UTF-7, or as UTF-8 from who enabled it or never knew better. */
static bool decode_name(struct imap_in *in, struct view name, struct view *out)
{
	if (!utf8_valid(name))
		return fails(in, "[CANNOT] the name is not UTF-8");
	if (in->session->enabled & (IMAP_UTF8_ACCEPT | IMAP_REV2) || view_find(name, '&') < 0 ||
	    !utf8_is_ascii(name)) {
		*out = name;
		return true;
	}
	struct buf text;
	buf_init(&text, MAIL_PATH_MAX);
	int r = modified_utf7_decode(&text, name);
	bool ok = r == 0 && arena_copy(&in->session->arena, buf_view(&text), out);
	buf_done(&text);
	return ok ||
	       fails(in, r ? "[CANNOT] the name is not modified UTF-7" : "[LIMIT] the command is too large");
}

bool imap_in_mailbox(struct imap_in *in, struct view *path)
{
	struct view name;
	if (!imap_in_astring(in, &name))
		return false;
	if (name.len > MAIL_PATH_MAX)
		return fails(in, "the name is too long");
	if (view_equal_nocase(name, VIEW("INBOX"))) {
		*path = VIEW("INBOX");
		return true;
	}
	return decode_name(in, name, path);
}

bool imap_in_pattern(struct imap_in *in, struct view *pattern)
{
	struct view name;
	if (imap_in_next_is(in, '"') || imap_in_next_is(in, '{')) {
		if (!imap_in_string(in, &name))
			return false;
	} else if (!run_of(in, is_list_char, &name, "a pattern is missing")) {
		return false;
	}
	if (name.len > MAIL_PATH_MAX)
		return fails(in, "the pattern is too long");
	/* One that is no name matches none, and is no error (RFC 9051 section 6.3.9). */
	if (!decode_name(in, name, pattern)) {
		in->wrong = NULL;
		*pattern = name;
	}
	return true;
}

/* ---- dates ---- */

static const char months[12][4] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* So many digits, or at most so many. */
static bool digits(struct cursor *c, size_t least, size_t most, unsigned *n)
{
	struct view found = cursor_while(c, is_digit);
	uint64_t value;
	if (found.len < least || found.len > most || !view_to_u64(found, 9999, &value))
		return false;
	*n = (unsigned)value;
	return true;
}

/* "1-Feb-1994": days since 1970. */
static bool civil_date(struct cursor *c, int64_t *days)
{
	static const unsigned char longest[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned day, year, month = 0;
	if (!digits(c, 1, 2, &day) || !cursor_accept(c, '-'))
		return false;
	struct view name = view_take(c->rest, 3);
	while (month < 12 && !view_equal_nocase(name, view_from_string(months[month])))
		month++;
	if (month == 12)
		return false;
	cursor_bytes(c, 3);
	if (!cursor_accept(c, '-') || !digits(c, 4, 4, &year) || day < 1 || day > longest[month])
		return false;
	*days = days_from_civil((int64_t)year, month + 1, day);
	return true;
}

bool imap_in_date(struct imap_in *in, int64_t *day)
{
	if (in->wrong)
		return false;
	bool quotes = cursor_accept(&in->text, '"');
	int64_t days;
	if (!civil_date(&in->text, &days) || (quotes && !cursor_accept(&in->text, '"')))
		return fails(in, "a date is not right: it is written as 1-Feb-1994");
	*day = days * 86400;
	return true;
}

/* "17-Jul-1996 02:44:25 -0700", behind its first quote. */
static bool date_time(struct cursor *c, int64_t *time)
{
	int64_t days;
	unsigned hour, minute, second, zone;
	cursor_accept(c, ' '); /* date-day-fixed: " 1-Feb-1994" */
	if (!civil_date(c, &days) || !cursor_accept(c, ' ') || !digits(c, 2, 2, &hour) ||
	    !cursor_accept(c, ':') || !digits(c, 2, 2, &minute) || !cursor_accept(c, ':') ||
	    !digits(c, 2, 2, &second) || !cursor_accept(c, ' '))
		return false;
	int sign = cursor_accept(c, '-') ? -1 : 1;
	if (sign > 0 && !cursor_accept(c, '+'))
		return false;
	if (!digits(c, 4, 4, &zone) || hour > 23 || minute > 59 || second > 60 || zone % 100 > 59 ||
	    zone > 2359)
		return false;
	*time = days * 86400 + hour * 3600 + minute * 60 + second -
	        sign * (int64_t)(zone / 100 * 60 + zone % 100) * 60;
	return cursor_accept(c, '"');
}

bool imap_in_date_time(struct imap_in *in, int64_t *time)
{
	if (in->wrong)
		return false;
	int64_t found;
	if (!cursor_accept(&in->text, '"') || !date_time(&in->text, &found))
		return fails(
		    in, "a date and time is not right: it is written as \"17-Jul-1996 02:44:25 -0700\"");
	*time = found;
	return true;
}

/* ---- flags ---- */

static const struct {
	struct view name;
	uint64_t flag;
} system_flags[] = {
#define NAME(text)                                                                                           \
	{                                                                                                    \
		(text), sizeof(text) - 1                                                                     \
	}
    {NAME("Seen"), FLAG_SEEN}, {NAME("Answered"), FLAG_ANSWERED}, {NAME("Flagged"), FLAG_FLAGGED},
    {NAME("Deleted"), FLAG_DELETED}, {NAME("Draft"), FLAG_DRAFT},
    {NAME("Recent"),
        0}, /* the server's own (RFC 3501 section 2.3.2): who gives back all that it was told may name it */
#undef NAME
};

static bool one_flag(struct imap_in *in, uint64_t *flags, struct buf *keywords)
{
	struct view name;
	bool system = imap_in_take(in, '\\');
	if (!imap_in_atom(in, &name))
		return false;
	if (!system) {
		if (buf_view(keywords).len)
			buf_append_byte(keywords, ' ');
		buf_append(keywords, name);
		return !buf_failed(keywords) ||
		       fails(in, "[LIMIT] there are too many keywords in one command");
	}
	for (size_t i = 0; i < sizeof system_flags / sizeof system_flags[0]; i++)
		if (view_equal_nocase(name, system_flags[i].name)) {
			*flags |= system_flags[i].flag;
			return true;
		}
	return fails(in, "there is no such system flag");
}

static bool flag_list(struct imap_in *in, uint64_t *flags, struct buf *keywords)
{
	bool brackets = imap_in_take(in, '(');
	if (brackets && imap_in_take(in, ')'))
		return true;
	do {
		if (!one_flag(in, flags, keywords))
			return false;
	} while ((brackets || !imap_in_at_end(in)) && imap_in_take(in, ' '));
	return !brackets || imap_in_char(in, ')');
}

bool imap_in_flags(struct imap_in *in, uint64_t *flags, struct view *keywords)
{
	if (in->wrong)
		return false;
	struct buf names;
	buf_init(&names, MAIL_KEYWORDS_MAX);
	uint64_t found = 0;
	bool ok = flag_list(in, &found, &names);
	if (ok && !arena_copy(&in->session->arena, buf_view(&names), keywords))
		ok = fails(in, "[LIMIT] the command is too large");
	buf_done(&names);
	if (ok)
		*flags = found;
	return ok;
}
