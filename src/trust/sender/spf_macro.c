/* RFC 7208 section 7: the text's parts are walked the same way by the check and by the expansion. */
#include "trust/sender/spf_macro.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum {
	PARTS_MAX = 128, /* labels of a name, or octets of a local part cut at each */
	DIGITS_MAX = 3   /* of the number of parts: no name has 1,000 */
};

struct macro {
	char letter;    /* as written: an upper-case one is escaped as in a URL */
	unsigned parts; /* how many from the right; 0: all */
	bool reverse;
	struct view delimiters; /* empty: a dot */
};

enum part { PART_LITERAL, PART_MACRO, PART_BAD };

static bool letter_is_known(char letter, enum spf_macro_place place)
{
	return letter != '\0' &&
	       strchr(place == SPF_IN_EXPLANATION ? "slodipvhcrt" : "slodipvh", ascii_lower(letter)) != NULL;
}

/* "{letter digits r delimiters}" at the front of *rest. */
static enum part take_macro(struct view *rest, enum spf_macro_place place, struct macro *m)
{
	ptrdiff_t close = view_find(*rest, '}');
	if (close < 2 || !letter_is_known(rest->data[1], place))
		return PART_BAD;
	struct view inner = view_of(rest->data + 2, (size_t)close - 2);
	*m = (struct macro){.letter = rest->data[1]};
	size_t digits = 0;
	while (digits < inner.len && ascii_is_digit(inner.data[digits]))
		digits++;
	uint64_t parts = 0;
	if (digits > 0 &&
	    (digits > DIGITS_MAX || !view_to_u64(view_take(inner, digits), 999, &parts) || parts == 0))
		return PART_BAD;
	m->parts = (unsigned)parts;
	inner = view_skip(inner, digits);
	if (inner.len > 0 && ascii_lower(inner.data[0]) == 'r') {
		m->reverse = true;
		inner = view_skip(inner, 1);
	}
	for (size_t i = 0; i < inner.len; i++)
		if (memchr(".-+,/_=", inner.data[i], 7) == NULL)
			return PART_BAD;
	m->delimiters = inner;
	*rest = view_skip(*rest, (size_t)close + 1);
	return PART_MACRO;
}

/* The next literal octet or macro. */
static enum part take_part(
    struct view *rest, enum spf_macro_place place, struct view *literal, struct macro *m)
{
	char c = rest->data[0];
	if (c != '%') {
		*literal = view_take(*rest, 1);
		*rest = view_skip(*rest, 1);
		bool good = c > ' ' && c <= '~';
		return good || (c == ' ' && place == SPF_IN_EXPLANATION) ? PART_LITERAL : PART_BAD;
	}
	*rest = view_skip(*rest, 1);
	if (rest->len == 0)
		return PART_BAD;
	switch (rest->data[0]) {
	case '{':
		return take_macro(rest, place, m);
	case '%':
		*literal = VIEW("%");
		break;
	case '_':
		*literal = VIEW(" ");
		break;
	case '-':
		*literal = VIEW("%20");
		break;
	default:
		return PART_BAD;
	}
	*rest = view_skip(*rest, 1);
	return PART_LITERAL;
}

/* toplabel of section 7.1, behind a dot; one more dot may follow. `text` holds no macro. */
static bool ends_with_top_label(struct view text)
{
	if (text.len > 0 && text.data[text.len - 1] == '.')
		text.len--;
	ptrdiff_t dot = view_find_last(text, '.');
	if (dot < 0)
		return false;
	struct view label = view_skip(text, (size_t)dot + 1);
	bool more_than_digits = false;
	for (size_t i = 0; i < label.len; i++) {
		if (!ascii_is_alnum(label.data[i]) && label.data[i] != '-')
			return false;
		more_than_digits |= !ascii_is_digit(label.data[i]);
	}
	return more_than_digits && label.data[0] != '-' && label.data[label.len - 1] != '-';
}

bool spf_macro_valid(struct view text, enum spf_macro_place place)
{
	struct view rest = text, literal, tail = text;
	struct macro m;
	while (rest.len > 0) {
		bool escaped = rest.data[0] == '%';
		if (take_part(&rest, place, &literal, &m) == PART_BAD)
			return false;
		if (escaped)
			tail = rest;
	}
	if (place != SPF_IN_DOMAIN)
		return true;
	/* What stands behind the last macro is nothing, or ends the name. */
	return text.len > 0 && ((tail.len == 0 && tail.data != text.data) || ends_with_top_label(tail));
}

/* 0; -EAGAIN. */
static int value_of(
    const struct macro *m, const struct spf_macro_values *v, struct buf *scratch, struct view *out)
{
	switch (ascii_lower(m->letter)) {
	case 's':
		buf_append(scratch, v->sender_local);
		buf_append_byte(scratch, '@');
		buf_append(scratch, v->sender_domain);
		break;
	case 'l':
		*out = v->sender_local;
		return 0;
	case 'o':
		*out = v->sender_domain;
		return 0;
	case 'd':
		*out = v->domain;
		return 0;
	case 'i':
		*out = v->address;
		return 0;
	case 'p':
		return v->validated(v->arg, out) ? 0 : -EAGAIN;
	case 'v':
		*out = v->ipv6 ? VIEW("ip6") : VIEW("in-addr");
		return 0;
	case 'h':
		*out = v->helo;
		return 0;
	case 'c':
		*out = v->readable_address;
		return 0;
	case 'r':
		*out = view_empty(v->receiver) ? VIEW("unknown") : v->receiver;
		return 0;
	default:
		buf_printf(scratch, "%llu", (unsigned long long)v->now);
		break;
	}
	*out = buf_view(scratch);
	return 0;
}

/* Section 7.3: an upper-case letter's value is escaped as RFC 3986 section 2.3 says. */
static void append_value(struct buf *out, struct view value, bool escape)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];
		if (!escape || ascii_is_alnum(c) || (c && strchr("-._~", c)))
			buf_append_byte(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

static void append_macro(struct buf *out, const struct macro *m, struct view value)
{
	struct view parts[PARTS_MAX];
	size_t count = 0, start = 0;
	for (size_t i = 0; i <= value.len && count < PARTS_MAX; i++) {
		bool cut = i == value.len ||
		           (view_empty(m->delimiters) ? value.data[i] == '.'
		                                      : view_find(m->delimiters, value.data[i]) >= 0);
		if (!cut)
			continue;
		parts[count++] = view_of(value.data + start, i - start);
		start = i + 1;
	}
	size_t take = m->parts > 0 && m->parts < count ? m->parts : count;
	bool escape = m->letter != ascii_lower(m->letter);
	for (size_t i = count - take; i < count; i++) {
		if (i > count - take)
			buf_append_byte(out, '.');
		/* Reversed, the rightmost are those that stood first. */
		append_value(out, parts[m->reverse ? count - 1 - i : i], escape);
	}
}

int spf_macro_expand(
    struct view text, enum spf_macro_place place, const struct spf_macro_values *values, struct buf *out)
{
	struct macro m;
	struct view literal, value;
	while (text.len > 0) {
		switch (take_part(&text, place, &literal, &m)) {
		case PART_BAD:
			return -EINVAL;
		case PART_LITERAL:
			buf_append(out, literal);
			break;
		case PART_MACRO: {
			struct buf scratch;
			buf_init(&scratch, out->max);
			int error = value_of(&m, values, &scratch, &value);
			if (error == 0)
				append_macro(out, &m, value);
			buf_done(&scratch);
			if (error)
				return error;
			break;
		}
		}
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}
