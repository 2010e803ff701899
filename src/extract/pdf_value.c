/* The reader of pdf_value.h. What nests is skipped by counting, so that no depth costs a stack. */
#include "extract/pdf_value.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0';
}

static bool is_delimiter(char c)
{
	return c == '(' || c == ')' || c == '<' || c == '>' || c == '[' || c == ']' || c == '{' || c == '}' ||
	       c == '/' || c == '%';
}

static bool is_regular(char c)
{
	return !is_blank(c) && !is_delimiter(c);
}

void pdf_skip_blank(struct cursor *in)
{
	for (;;) {
		cursor_while(in, is_blank);
		if (cursor_peek(in) != '%')
			return;
		while (!cursor_at_end(in) && cursor_peek(in) != '\n' && cursor_peek(in) != '\r')
			cursor_bytes(in, 1);
	}
}

/* At "(": up to the parenthesis that closes it. */
static size_t string_len(struct view v)
{
	unsigned depth = 0;
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == '\\')
			i++;
		else if (v.data[i] == '(')
			depth++;
		else if (v.data[i] == ')' && --depth == 0)
			return i + 1;
	}
	return v.len;
}

static bool is_pair(struct view v, char c)
{
	return v.len > 1 && v.data[0] == c && v.data[1] == c;
}

static size_t comment_len(struct view v)
{
	size_t i = 0;
	while (i < v.len && v.data[i] != '\n' && v.data[i] != '\r')
		i++;
	return i;
}

/* At a bracket that opens: up to the one that closes it, of any kind, since broken files mix them. */
static size_t nested_len(struct view v)
{
	unsigned depth = 0;
	size_t i = 0;
	while (i < v.len) {
		struct view rest = view_skip(v, i);
		bool opens = is_pair(rest, '<') || rest.data[0] == '[';
		bool closes = is_pair(rest, '>') || rest.data[0] == ']';
		if (rest.data[0] == '(') {
			i += string_len(rest);
			continue;
		}
		if (rest.data[0] == '%') {
			i += comment_len(rest);
			continue;
		}
		if (rest.data[0] == '<' && !opens) {
			/* A string in hexadecimal digits, whose end may stand before ">>". */
			ptrdiff_t end = view_find(rest, '>');
			i = end < 0 ? v.len : i + (size_t)end + 1;
			continue;
		}
		i += rest.data[0] == '[' || rest.data[0] == ']' || !(opens || closes) ? 1 : 2;
		depth += opens;
		if (closes && --depth == 0)
			break;
	}
	return i;
}

static bool is_number(struct view word)
{
	bool digit = false;
	for (size_t i = 0; i < word.len; i++) {
		digit |= ascii_is_digit(word.data[i]);
		bool sign = word.data[i] == '-' || word.data[i] == '+';
		if (!ascii_is_digit(word.data[i]) && word.data[i] != '.' && !sign)
			return false;
	}
	return digit;
}

struct pdf_value pdf_next(struct cursor *in)
{
	for (;;) {
		pdf_skip_blank(in);
		if (cursor_at_end(in))
			return (struct pdf_value){PDF_NONE, VIEW("")};
		char c = in->rest.data[0];
		if (c == '/') {
			cursor_bytes(in, 1);
			return (struct pdf_value){PDF_NAME, cursor_while(in, is_regular)};
		}
		if (c == '(')
			return (struct pdf_value){PDF_STRING, cursor_bytes(in, string_len(in->rest))};
		if (c == '[')
			return (struct pdf_value){PDF_ARRAY, cursor_bytes(in, nested_len(in->rest))};
		if (is_pair(in->rest, '<'))
			return (struct pdf_value){PDF_DICT, cursor_bytes(in, nested_len(in->rest))};
		if (c == '<') {
			ptrdiff_t end = view_find(in->rest, '>');
			size_t len = end < 0 ? in->rest.len : (size_t)end + 1;
			return (struct pdf_value){PDF_HEX, cursor_bytes(in, len)};
		}
		struct view word = cursor_while(in, is_regular);
		if (word.len > 0)
			return (struct pdf_value){is_number(word) ? PDF_NUMBER : PDF_WORD, word};
		/* A bracket that closes nothing. */
		cursor_bytes(in, 1);
	}
}

struct pdf_value pdf_next_or_reference(struct cursor *in)
{
	struct pdf_value first = pdf_next(in);
	if (first.kind != PDF_NUMBER || pdf_integer(first) < 0)
		return first;
	struct cursor ahead = *in;
	struct pdf_value second = pdf_next(&ahead);
	if (second.kind != PDF_NUMBER || pdf_integer(second) < 0)
		return first;
	struct pdf_value third = pdf_next(&ahead);
	if (third.kind != PDF_WORD || !view_equal(third.text, VIEW("R")))
		return first;
	*in = ahead;
	return (struct pdf_value){PDF_REFERENCE, first.text};
}

struct cursor pdf_inside(struct pdf_value v)
{
	size_t bracket = v.kind == PDF_ARRAY ? 1 : 2;
	if ((v.kind != PDF_ARRAY && v.kind != PDF_DICT) || v.text.len < 2 * bracket)
		return cursor_on(VIEW(""));
	return cursor_on(view_take(view_skip(v.text, bracket), v.text.len - 2 * bracket));
}

struct pdf_value pdf_key(struct pdf_value dict, struct view key)
{
	struct cursor in = pdf_inside(dict);
	if (dict.kind == PDF_DICT)
		for (;;) {
			struct pdf_value name = pdf_next(&in);
			if (name.kind == PDF_NONE)
				break;
			if (name.kind != PDF_NAME)
				continue;
			struct pdf_value value = pdf_next_or_reference(&in);
			if (view_equal(name.text, key))
				return value;
		}
	return (struct pdf_value){PDF_NONE, VIEW("")};
}

double pdf_number(struct pdf_value v)
{
	double n = 0, scale = 0;
	bool negative = false;
	if (v.kind != PDF_NUMBER)
		return 0;
	for (size_t i = 0; i < v.text.len; i++) {
		char c = v.text.data[i];
		negative |= c == '-';
		if (c == '.')
			scale = scale > 0 ? scale : 1;
		if (!ascii_is_digit(c))
			continue;
		/* Nothing on a page is as large, and more digits after the point say nothing. */
		if (scale == 0 && n < 1e12)
			n = n * 10 + (c - '0');
		else if (scale > 0 && scale < 1e9)
			n += (c - '0') / (scale *= 10);
	}
	return negative ? -n : n;
}

int64_t pdf_integer(struct pdf_value v)
{
	uint64_t n;
	return v.kind == PDF_NUMBER && view_to_u64(v.text, INT32_MAX, &n) ? (int64_t)n : -1;
}

int64_t pdf_reference(struct pdf_value v)
{
	return v.kind == PDF_REFERENCE ? pdf_integer((struct pdf_value){PDF_NUMBER, v.text}) : -1;
}

static int hex_digit(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	char lower = ascii_lower(c);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void hex_string(struct view v, struct buf *out)
{
	int high = -1;
	for (size_t i = 0; i < v.len; i++) {
		int digit = hex_digit(v.data[i]);
		if (digit < 0)
			continue;
		if (high >= 0)
			buf_append_byte(out, (char)(high * 16 + digit));
		high = high >= 0 ? -1 : digit;
	}
	if (high >= 0)
		buf_append_byte(out, (char)(high * 16));
}

/* Behind a backslash. Returns how many octets that was. */
static size_t escape(struct view v, struct buf *out)
{
	static const char letters[] = "nrtbf", meanings[] = "\n\r\t\b\f";
	if (v.len == 0)
		return 0;
	if (v.data[0] >= '0' && v.data[0] <= '7') {
		unsigned n = 0;
		size_t i = 0;
		while (i < 3 && i < v.len && v.data[i] >= '0' && v.data[i] <= '7')
			n = n * 8 + (unsigned)(v.data[i++] - '0');
		buf_append_byte(out, (char)n);
		return i;
	}
	if (v.data[0] == '\r')
		return v.len > 1 && v.data[1] == '\n' ? 2 : 1;
	if (v.data[0] == '\n')
		return 1;
	ptrdiff_t at = view_find(view_from_string(letters), v.data[0]);
	buf_append_byte(out, at < 0 ? v.data[0] : meanings[at]);
	return 1;
}

void pdf_string(struct pdf_value v, struct buf *out)
{
	if (v.kind == PDF_HEX)
		hex_string(v.text, out);
	if (v.kind != PDF_STRING || v.text.len < 2)
		return;
	struct view s = view_skip(view_take(v.text, v.text.len - 1), 1);
	for (size_t i = 0; i < s.len;) {
		if (s.data[i] != '\\')
			buf_append_byte(out, s.data[i++]);
		else
			i += 1 + escape(view_skip(s, i + 1), out);
	}
}

bool pdf_is_name(struct pdf_value v, const char *name)
{
	return v.kind == PDF_NAME && view_equal(v.text, view_from_string(name));
}
