/* Header fields of drafts, each in the form that it was given in: draft.h. */
#include <errno.h>

#include "base/cursor.h"
#include "base/utf8.h"
#include "format/address.h"
#include "format/domain.h"
#include "format/encoded_word.h"
#include "format/header.h"
#include "format/lex.h"
#include "format/limits.h"
#include "mime/compose_private.h"
#include "mime/draft.h"

static int wrong(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

/* ---- raw ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A fold is CRLF, a blank, and something behind it: a line of blanks alone ends the header for some. */
static bool is_fold(struct view rest)
{
	if (!view_starts(rest, VIEW("\r\n")) || rest.len < 4 || !is_blank(rest.data[2]))
		return false;
	size_t at = 3;
	while (at < rest.len && is_blank(rest.data[at]))
		at++;
	return at < rest.len && rest.data[at] != '\r' && rest.data[at] != '\n';
}

static int write_raw(struct buf *out, const struct draft_field *f, const char **why)
{
	struct view rest = f->text;
	for (; rest.len > 0; rest = view_skip(rest, 1)) {
		unsigned char c = (unsigned char)rest.data[0];
		if (is_fold(rest))
			rest = view_skip(rest, 1); /* its LF is the octet of this round */
		else if (c == '\r' || c == '\n')
			return wrong(why, "contains a line end that folds nothing");
		else if ((c < ' ' && c != '\t') || c == 0x7f)
			return wrong(why, "contains a control character");
	}
	if (!utf8_valid(f->text))
		return wrong(why, "is not UTF-8");
	buf_append(out, f->name);
	buf_append_byte(out, ':');
	buf_append(out, f->text);
	return buf_append(out, VIEW("\r\n"));
}

static int write_text(struct buf *out, const struct draft_field *f, const char **why)
{
	if (!compose_is_line(f->text))
		return wrong(why, "contains a control character, or is not UTF-8");
	compose_text_field(out, f->name, f->text, true);
	return 0;
}

/* ---- lists ---- */

/* What could end the brackets, or the line. */
static bool fits_in_brackets(struct view item)
{
	return compose_is_line(item) && view_find(item, '<') < 0 && view_find(item, '>') < 0;
}

static int write_items(struct buf *out, const struct draft_field *f, bool commas, const char **why)
{
	size_t column = f->name.len + 1;
	buf_append(out, f->name);
	buf_append_byte(out, ':');
	for (size_t i = 0; i < f->item_count; i++) {
		struct view item = f->items[i];
		bool comma = commas && i + 1 < f->item_count;
		if (item.len == 0)
			return wrong(why, "contains an empty string");
		if (!fits_in_brackets(item))
			return wrong(why, "contains a control character, \"<\" or \">\"");
		if (i > 0 && column + item.len + 4 > LINE_FOLD_AT) {
			buf_append(out, VIEW("\r\n"));
			column = 0;
		}
		buf_printf(out, " <%.*s>%s", VIEW_FMT(item), comma ? "," : "");
		column += item.len + 3 + comma;
	}
	return buf_append(out, VIEW("\r\n"));
}

/* ---- addresses ---- */

/* A domain, or what may become one, that stays in its place: no blanks, nothing that ends an address. */
static bool is_domain(struct view v)
{
	bool literal = v.len > 2 && v.data[0] == '[' && v.data[v.len - 1] == ']';
	if (literal)
		v = view_take(view_skip(v, 1), v.len - 2);
	for (size_t i = 0; i < v.len; i++)
		if (!lex_is_atext(v.data[i]) && v.data[i] != '.' && !(literal && v.data[i] == ':'))
			return false;
	return v.len > 0;
}

static bool split_quoted(struct view email, struct arena *arena, struct address *a)
{
	struct buf text;
	struct cursor c = cursor_on(email);
	buf_init(&text, email.len);
	bool found = email.data[0] == '"' && lex_quoted_string(&c, &text) && c.rest.len > 1 &&
	             c.rest.data[0] == '@' && is_domain(view_skip(c.rest, 1)) &&
	             arena_copy(arena, buf_view(&text), &a->local_part);
	if (found)
		a->domain = view_skip(c.rest, 1);
	buf_done(&text);
	return found;
}

/* As every host knows it, where it is one at all. */
static void settle_domain(struct arena *arena, struct address *a)
{
	struct buf name;
	buf_init(&name, DOMAIN_MAX);
	if (!utf8_is_ascii(a->domain) && domain_normalize(a->domain, &name) == 0)
		(void)!arena_copy(arena, buf_view(&name), &a->domain);
	buf_done(&name);
}

/* What has no domain, or something else behind its "@", becomes a local part as a whole: quoted, it cannot
 * become another's address. */
static void split_email(struct view email, struct arena *arena, struct address *a)
{
	ptrdiff_t at = view_find_last(email, '@');
	a->local_part = email;
	if (email.len == 0 || split_quoted(email, arena, a))
		return;
	if (at > 0 && is_domain(view_skip(email, (size_t)at + 1))) {
		a->local_part = view_take(email, (size_t)at);
		a->domain = view_skip(email, (size_t)at + 1);
		settle_domain(arena, a);
	}
}

/* A name that looks like an encoded word would be read as one. */
static bool settle_name(struct view name, struct arena *arena, struct view *out)
{
	struct buf text, line;
	bool looks = false;
	for (size_t i = 0; i + 1 < name.len; i++)
		looks |= name.data[i] == '=' && name.data[i + 1] == '?';
	*out = name;
	if (!looks || !utf8_is_ascii(name))
		return true;
	buf_init(&text, DRAFT_FIELD_MAX);
	buf_init(&line, DRAFT_FIELD_MAX);
	encoded_word_write(&text, name, 0);
	header_unfold(buf_view(&text), &line);
	bool ok = !buf_failed(&text) && !buf_failed(&line) && arena_copy(arena, buf_view(&line), out);
	buf_done(&text);
	buf_done(&line);
	return ok;
}

static int add_addresses(
    const struct draft_group *group, struct arena *arena, struct address_list *list, const char **why)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct draft_address *from = &group->addresses[i];
		struct address a = {.kind = ADDRESS_MAILBOX};
		if (!compose_is_line(from->name) || !compose_is_line(from->email))
			return wrong(why, "contains a control character, or is not UTF-8");
		if (from->name.len + from->email.len == 0)
			continue;
		if (!settle_name(from->name, arena, &a.display_name))
			return -ENOMEM;
		split_email(from->email, arena, &a);
		list->items[list->count++] = a;
	}
	return 0;
}

static int add_group(
    const struct draft_group *group, struct arena *arena, struct address_list *list, const char **why)
{
	struct address start = {.kind = ADDRESS_GROUP_START};
	if (group->is_named) {
		if (!compose_is_line(group->name))
			return wrong(why, "contains a control character, or is not UTF-8");
		if (!settle_name(group->name, arena, &start.display_name))
			return -ENOMEM;
		list->items[list->count++] = start;
	}
	int error = add_addresses(group, arena, list, why);
	if (group->is_named)
		list->items[list->count++] = (struct address){.kind = ADDRESS_GROUP_END};
	return error;
}

static int write_addresses(struct buf *out, const struct draft_field *f, const char **why)
{
	struct arena arena;
	struct address_list list = {0};
	size_t count = 0;
	for (size_t i = 0; i < f->group_count; i++)
		count += f->groups[i].count + 2;
	/* Beside the list, names that are encoded. */
	arena_init(&arena, (count + 1) * sizeof *list.items + 4 * (size_t)DRAFT_FIELD_MAX);
	list.items = arena_array(&arena, count + 1, sizeof *list.items);
	int error = list.items ? 0 : -ENOMEM;
	for (size_t i = 0; i < f->group_count && error == 0; i++)
		error = add_group(&f->groups[i], &arena, &list, why);
	if (error == 0) {
		buf_append(out, f->name);
		buf_append(out, VIEW(": "));
		address_list_write(out, &list, f->name.len + 2, false);
		error = buf_append(out, VIEW("\r\n"));
	}
	arena_done(&arena);
	return error;
}

/* ---- all ---- */

static int write_date(struct buf *out, const struct draft_field *f, const char **why)
{
	buf_append(out, f->name);
	buf_append(out, VIEW(": "));
	if (date_write(out, f->date) == -EINVAL)
		return wrong(why, "is not a date that a message can have");
	return buf_append(out, VIEW("\r\n"));
}

static int write_form(struct buf *out, const struct draft_field *f, const char **why)
{
	switch (f->form) {
	case HEADER_FORM_TEXT:
		return write_text(out, f, why);
	case HEADER_FORM_ADDRESSES:
	case HEADER_FORM_GROUPED_ADDRESSES:
		return write_addresses(out, f, why);
	case HEADER_FORM_MESSAGE_IDS:
		return write_items(out, f, false, why);
	case HEADER_FORM_URLS:
		return write_items(out, f, true, why);
	case HEADER_FORM_DATE:
		return write_date(out, f, why);
	default:
		return write_raw(out, f, why);
	}
}

int draft_field_write(struct buf *out, const struct draft_field *field, const char **why)
{
	size_t start = buf_view(out).len;
	for (size_t i = 0; i < field->name.len; i++)
		if (!header_is_ftext(field->name.data[i]))
			return wrong(why, "is not the name of a header field");
	int error = write_form(out, field, why);
	if (error)
		return error;
	if (buf_failed(out))
		return -ENOBUFS;
	struct view written = view_skip(buf_view(out), start), line;
	if (written.len > DRAFT_FIELD_MAX)
		return wrong(why, "is too long");
	while (view_next(&written, '\n', &line))
		if (line.len > LINE_MAX_OCTETS + 1)
			return wrong(why, "has a word that is too long for a line of a header");
	return 0;
}
