/* Strings and numbers of a client (RFC 5804 sections 1.2 and 4). A literal of a client has "+": nothing is
 * said before its octets come. */
#include "managesieve/managesieve_private.h"

#include <string.h>

#include "base/utf8.h"

enum managesieve_literal managesieve_literal_of(struct view line, uint64_t *size)
{
	ptrdiff_t open = view_find_last(line, '{');
	if (open < 0 || line.data[line.len - 1] != '}')
		return MANAGESIEVE_NO_LITERAL;
	/* What begins no argument is part of a quoted string, or wrong. */
	if (open > 0 && line.data[open - 1] != ' ')
		return MANAGESIEVE_NO_LITERAL;
	struct view digits = view_take(view_skip(line, (size_t)open + 1), line.len - (size_t)open - 2);
	bool plus = digits.len && digits.data[digits.len - 1] == '+';
	digits.len -= plus;
	if (digits.len == 0)
		return MANAGESIEVE_NO_LITERAL;
	for (size_t i = 0; i < digits.len; i++)
		if (!ascii_is_digit(digits.data[i]))
			return MANAGESIEVE_NO_LITERAL;
	return plus && view_to_u64(digits, UINT32_MAX, size) ? MANAGESIEVE_IS_LITERAL
	                                                     : MANAGESIEVE_BAD_LITERAL;
}

bool managesieve_in_more(const struct managesieve_in *in)
{
	return in->problem == NULL && in->at < in->len;
}

static bool wrong(struct managesieve_in *in, const char *problem)
{
	if (in->problem == NULL)
		in->problem = problem;
	return false;
}

static bool take_space(struct managesieve_in *in)
{
	if (in->problem || in->at == in->len)
		return wrong(in, "this command needs more arguments");
	if (in->data[in->at] != ' ')
		return wrong(in, "a space was expected between two arguments");
	/* People type more than one. */
	while (in->at < in->len && in->data[in->at] == ' ')
		in->at++;
	return in->at < in->len ? true : wrong(in, "this command needs more arguments");
}

/* Behind the opening quote: up to the closing one; escapes are taken out where they stand. */
static bool take_quoted(struct managesieve_in *in, struct view *string)
{
	char *to = in->data + in->at, *begin = to;
	while (in->at < in->len && in->data[in->at] != '"') {
		char c = in->data[in->at++];
		if (c == '\r' || c == '\n' || c == '\0')
			return wrong(in, "a quoted string ends on the line on which it begins");
		if (c == '\\') {
			if (in->at == in->len || (in->data[in->at] != '"' && in->data[in->at] != '\\'))
				return wrong(in, "in a quoted string, a backslash stands only before a quote "
				                 "or another backslash");
			c = in->data[in->at++];
		}
		*to++ = c;
	}
	if (in->at == in->len)
		return wrong(in, "the closing quote of a string is missing");
	in->at++;
	*string = view_of(begin, (size_t)(to - begin));
	return true;
}

/* The header and its line end, CR LF, which the frame has understood before; then so many octets. */
static bool take_literal(struct managesieve_in *in, struct view *string)
{
	struct view rest = view_of(in->data + in->at, in->len - in->at);
	ptrdiff_t end = view_find(rest, '\n');
	uint64_t size;
	struct view header = view_take(rest, end < 1 ? 0 : (size_t)end - 1);
	if (header.len == 0 || header.data[0] != '{' ||
	    managesieve_literal_of(header, &size) != MANAGESIEVE_IS_LITERAL ||
	    size > rest.len - (size_t)end - 1)
		return wrong(in, "a string was expected, in quotes or as a literal such as {5+}");
	*string = view_take(view_skip(rest, (size_t)end + 1), (size_t)size);
	in->at += (size_t)end + 1 + (size_t)size;
	return true;
}

static bool take_string(struct managesieve_in *in, struct view *string)
{
	char first = in->at < in->len ? in->data[in->at] : '\0';
	if (first == '"')
		in->at++;
	bool taken = first == '"' ? take_quoted(in, string) : take_literal(in, string);
	return taken && !utf8_valid(*string) ? wrong(in, "this string is not UTF-8") : taken;
}

bool managesieve_in_string(struct managesieve_in *in, struct view *string)
{
	return take_space(in) && take_string(in, string);
}

bool managesieve_in_response(struct managesieve_in *in, struct view *string)
{
	/* RFC 5804 section 2.1 has the asterisk as a string; other protocols have it bare. */
	if (!view_equal(view_of(in->data, in->len), VIEW("*")))
		return take_string(in, string);
	*string = VIEW("*");
	in->at = in->len;
	return true;
}

bool managesieve_in_number(struct managesieve_in *in, uint64_t *number)
{
	if (!take_space(in))
		return false;
	size_t begin = in->at;
	while (in->at < in->len && ascii_is_digit(in->data[in->at]))
		in->at++;
	struct view digits = view_of(in->data + begin, in->at - begin);
	if (!view_to_u64(digits, UINT32_MAX, number) || (digits.len > 1 && digits.data[0] == '0'))
		return wrong(in, "a number below 4294967296 was expected");
	return true;
}

bool managesieve_in_end(struct managesieve_session *s, struct managesieve_in *in)
{
	while (in->problem == NULL && in->at < in->len && in->data[in->at] == ' ')
		in->at++;
	if (in->problem == NULL && in->at < in->len)
		wrong(in, "there is something behind the last argument of this command");
	if (in->problem)
		managesieve_wrong(s, NULL, in->problem);
	return in->problem == NULL;
}
