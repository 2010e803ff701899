/*
 * Tag lists: RFC 6376 section 3.2.
 *
 *	tag-list  = tag-spec *( ";" tag-spec ) [ ";" ]
 *	tag-spec  = [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
 *	tag-name  = ALPHA *ALNUMPUNC
 *	tag-value = [ tval *( 1*(WSP / FWS) tval ) ]
 *	tval      = 1*VALCHAR                      ; %x21-3A / %x3C-7E, and UTF-8 (RFC 8616)
 */
#include "trust/sender/tag_list.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/cursor.h"
#include "base/utf8.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_name(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static bool is_value(char c)
{
	unsigned char octet = (unsigned char)c;
	return is_blank(c) || (octet > ' ' && octet != ';' && octet != 0x7f);
}

static int parse_tag(struct view text, struct tag *out)
{
	struct cursor in = cursor_on(text);
	cursor_while(&in, is_blank);
	struct view name = cursor_while(&in, is_name);
	cursor_while(&in, is_blank);
	if (name.len == 0 || !ascii_is_alpha(name.data[0]) || !cursor_accept(&in, '='))
		return -EINVAL;
	struct view whole = in.rest;
	cursor_while(&in, is_value);
	if (!cursor_at_end(&in) || !utf8_valid(whole))
		return -EINVAL;
	*out = (struct tag){.name = name, .value = view_trim(whole), .whole = whole};
	return 0;
}

const struct tag *tag_list_find(const struct tag_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (view_equal(list->tags[i].name, view_from_string(name)))
			return &list->tags[i];
	return NULL;
}

static bool stands(const struct tag_list *list, struct view name)
{
	for (size_t i = 0; i < list->count; i++)
		if (view_equal(list->tags[i].name, name))
			return true;
	return false;
}

int tag_list_parse(struct view text, struct tag_list *out)
{
	struct tag_list list = {.count = 0};
	struct view part;
	while (view_next(&text, ';', &part)) {
		struct tag tag;
		if (list.count > 0 && text.data == NULL && view_trim(part).len == 0)
			break; /* behind the last ";" */
		if (parse_tag(part, &tag) != 0)
			return -EINVAL;
		if (stands(&list, tag.name))
			return -EEXIST;
		if (list.count == TAG_LIST_MAX)
			return -E2BIG;
		list.tags[list.count++] = tag;
	}
	if (list.count == 0)
		return -EINVAL;
	memcpy(out->tags, list.tags, list.count * sizeof list.tags[0]);
	out->count = list.count;
	return 0;
}

bool tag_entry_next(struct view *rest, struct view *entry)
{
	if (rest->data == NULL)
		return false;
	ptrdiff_t colon = view_find(*rest, ':');
	*entry = view_trim(colon < 0 ? *rest : view_take(*rest, (size_t)colon));
	*rest = colon < 0 ? (struct view){0} : view_skip(*rest, (size_t)colon + 1);
	return true;
}

static int append_without_blanks(struct view value, struct buf *out)
{
	char *to = buf_reserve(out, value.len ? value.len : 1);
	size_t len = 0;
	if (to == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < value.len; i++)
		if (!is_blank(value.data[i]))
			to[len++] = value.data[i];
	buf_commit(out, len);
	return 0;
}

int tag_base64(struct view value, struct buf *out)
{
	struct buf text;
	buf_init(&text, value.len + 1);
	int error = append_without_blanks(value, &text);
	if (error == 0)
		error = base64_decode(out, buf_view(&text));
	buf_done(&text);
	return error;
}

static int hex_digit(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * dkim-quoted-printable = *(FWS / hex-octet / dkim-safe-char)
 * hex-octet             = "=" 2HEXDIGIT, in upper case
 */
int tag_quoted_printable(struct view value, struct buf *out)
{
	struct buf text;
	int error = 0;
	buf_init(&text, value.len + 1);
	for (size_t i = 0; i < value.len && error == 0; i++) {
		char c = value.data[i];
		if (is_blank(c))
			continue;
		if (c == '=') {
			int high = i + 2 < value.len ? hex_digit(value.data[i + 1]) : -1,
			    low = i + 2 < value.len ? hex_digit(value.data[i + 2]) : -1;
			error = high < 0 || low < 0 ? -EINVAL : 0;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (error == 0)
			error = buf_append_byte(&text, c);
	}
	if (error == 0)
		error = buf_append(out, buf_view(&text));
	buf_done(&text);
	return error;
}
