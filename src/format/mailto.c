/* mailto URIs: each piece is cut out before it is decoded, so that what is encoded parts nothing. */
#include "format/mailto.h"

#include <errno.h>

#include "base/show.h"
#include "base/utf8.h"
#include "format/header.h"
#include "format/path.h"

struct reader {
	struct arena *arena;
	struct mailto *out;
	const char *problem;
};

static int wrong(struct reader *r, const char *problem)
{
	r->problem = problem;
	return -EINVAL;
}

/* ---- decoding ---- */

static int digit(char c)
{
	c = ascii_lower(c);
	return ascii_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Characters that a URI holds as they are (RFC 3986 section 2), and letters beyond ASCII. */
static bool is_plain(char c)
{
	return (unsigned char)c >= 0x80 ||
	       (c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '^' &&
	           c != '`' && c != '{' && c != '|' && c != '}');
}

static int decode(struct reader *r, struct view text, struct view *out)
{
	char *data = arena_alloc(r->arena, text.len + 1);
	size_t len = 0;
	if (data == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '%') {
			int high = text.len - i > 2 ? digit(text.data[i + 1]) : -1;
			int low = text.len - i > 2 ? digit(text.data[i + 2]) : -1;
			if (high < 0 || low < 0)
				return wrong(r, "a \"%\" must be followed by two hexadecimal digits");
			c = (char)(high * 16 + low);
			i += 2;
		} else if (!is_plain(c)) {
			return wrong(r, "it holds a character that a URI must write with \"%\"");
		}
		data[len++] = c;
	}
	*out = view_of(data, len);
	return utf8_valid(*out) ? 0 : wrong(r, "it holds octets that are not UTF-8");
}

/* ---- addresses ---- */

static bool has_address(const struct mailto *m, struct view address)
{
	for (size_t i = 0; i < m->address_count; i++)
		if (view_equal_nocase(m->addresses[i].address, address))
			return true;
	return false;
}

static int add_address(struct reader *r, enum mailto_place place, struct view text)
{
	struct path path;
	struct buf written;
	struct view copy;
	text = view_trim(text);
	int error = mailbox_parse(text, r->arena, &path);
	if (error == -ENOBUFS)
		return error;
	if (error || !show_is_value(text))
		return wrong(r, "an address in it is none that mail can be sent to");
	buf_init(&written, 2 * text.len + 16);
	error = mailbox_write(&written, path.local_part, path.domain);
	bool known = has_address(r->out, buf_view(&written));
	bool kept = error == 0 && (known || arena_copy(r->arena, buf_view(&written), &copy));
	buf_done(&written);
	if (!kept)
		return -ENOBUFS;
	if (known)
		return 0;
	if (r->out->address_count == MAILTO_ADDRESSES_MAX)
		return wrong(r, "it names more addresses than 32");
	r->out->addresses[r->out->address_count++] = (struct mailto_address){place, copy};
	return 0;
}

/* A comma that is part of an address is encoded (section 2), so what parts addresses is seen before. */
static int read_addresses(struct reader *r, enum mailto_place place, struct view list)
{
	struct view item, text;
	int error = 0;
	while (error == 0 && view_next(&list, ',', &item)) {
		error = decode(r, item, &text);
		if (error == 0 && view_trim(text).len > 0)
			error = add_address(r, place, text);
	}
	return error;
}

/* Many programs encode the commas between addresses as well, as RFC 2368 had it: read so when it is no
 * address. */
static int read_address_field(struct reader *r, enum mailto_place place, struct view value)
{
	struct mailto before = *r->out;
	struct view text, item;
	int error = read_addresses(r, place, value);
	if (error != -EINVAL)
		return error;
	*r->out = before;
	error = decode(r, value, &text);
	while (error == 0 && view_next(&text, ',', &item))
		if (view_trim(item).len > 0)
			error = add_address(r, place, item);
	return error;
}

/* ---- fields ---- */

static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!header_is_ftext(name.data[i]))
			return false;
	return name.len > 0 && name.len <= 76;
}

static int add_field(struct reader *r, struct view name, struct view value)
{
	if (!is_name(name))
		return wrong(r, "a name in it is none of a header field");
	if (!show_is_value(value))
		return wrong(r, "a header field in it holds a control character");
	if (view_equal_nocase(name, VIEW("subject"))) {
		if (!r->out->has_subject)
			r->out->subject = value;
		r->out->has_subject = true;
		return 0;
	}
	if (r->out->field_count == MAILTO_FIELDS_MAX)
		return wrong(r, "it holds more header fields than 32");
	r->out->fields[r->out->field_count++] = (struct mailto_field){name, value};
	return 0;
}

static int add_body(struct reader *r, struct view value)
{
	if (view_find(value, '\0') >= 0)
		return wrong(r, "its body holds a NUL");
	if (!r->out->has_body)
		r->out->body = value;
	r->out->has_body = true;
	return 0;
}

static int read_field(struct reader *r, struct view field)
{
	struct view name, value;
	ptrdiff_t equals = view_find(field, '=');
	if (equals < 0)
		return wrong(r, "a header field in it has no \"=\"");
	int error = decode(r, view_take(field, (size_t)equals), &name);
	struct view raw = view_skip(field, (size_t)equals + 1);
	if (error)
		return error;
	if (view_equal_nocase(name, VIEW("to")))
		return read_address_field(r, MAILTO_TO, raw);
	if (view_equal_nocase(name, VIEW("cc")))
		return read_address_field(r, MAILTO_CC, raw);
	if (view_equal_nocase(name, VIEW("bcc")))
		return read_address_field(r, MAILTO_BCC, raw);
	error = decode(r, raw, &value);
	if (error)
		return error;
	return view_equal_nocase(name, VIEW("body")) ? add_body(r, value) : add_field(r, name, value);
}

/* ---- the whole ---- */

bool mailto_is(struct view uri)
{
	return view_starts_nocase(uri, VIEW("mailto:"));
}

static int read_uri(struct reader *r, struct view uri)
{
	struct view to, fields, field;
	if (!mailto_is(uri))
		return wrong(r, "it does not begin with \"mailto:\"");
	if (uri.len > MAILTO_MAX)
		return wrong(r, "it is longer than 8 KB");
	if (view_find(uri, '#') >= 0)
		return wrong(r, "it holds a \"#\", which a URI must write as \"%23\"");
	uri = view_skip(uri, 7);
	ptrdiff_t question = view_find(uri, '?');
	to = question < 0 ? uri : view_take(uri, (size_t)question);
	fields = question < 0 ? view_of(NULL, 0) : view_skip(uri, (size_t)question + 1);
	int error = read_address_field(r, MAILTO_TO, to);
	while (error == 0 && view_next(&fields, '&', &field))
		error = read_field(r, field);
	return error;
}

int mailto_parse(struct view uri, struct arena *arena, struct mailto *out, const char **problem)
{
	struct mailto found = {.address_count = 0};
	struct reader r = {.arena = arena, .out = &found};
	int error = read_uri(&r, uri);
	if (error == 0)
		*out = found;
	else if (error == -EINVAL)
		*problem = r.problem;
	return error;
}
