/* See sendmail_letter.h. */
#include "cli/sendmail_letter.h"

#include <errno.h>
#include <string.h>

#include "base/show.h"
#include "base/utf8.h"
#include "format/address.h"
#include "format/header.h"

enum {
	LIST_MAX = 1 << 20,    /* octets of one list: a thousand recipients with names */
	FIELD_ARENA = 4 << 20, /* of one list, as it is read */
	PERSON_MAX = 200       /* octets of a name: nobody's is longer */
};

/* ---- addresses ---- */

static bool lacks_domain(const struct address *a)
{
	return a->kind == ADDRESS_MAILBOX && a->local_part.len > 0 && a->domain.len == 0;
}

/* One mailbox, as a strict reader takes it. */
static void put_mailbox(const struct address *a, struct view hostname, struct buf *out)
{
	if (a->kind != ADDRESS_MAILBOX || a->local_part.len == 0)
		return;
	buf_append_string(out, buf_view(out).len ? ", " : "");
	address_write_mailbox(out, a->local_part, a->domain.len ? a->domain : hostname);
}

/* The part of a list up to the next comma that stands in no quotes, comment or brackets. */
static struct view next_part(struct view *rest)
{
	bool quoted = false;
	int depth = 0;
	size_t i = 0;
	for (; i < rest->len && (quoted || depth > 0 || rest->data[i] != ','); i++) {
		char c = rest->data[i];
		if (c == '\\')
			i++;
		else if (c == '"' && depth == 0)
			quoted = !quoted;
		else if (!quoted)
			depth += c == '(' || c == '<' ? 1 : c == ')' || c == '>' ? -1 : 0;
	}
	struct view part = view_take(*rest, i);
	*rest = view_skip(*rest, i + 1);
	return part;
}

/* One user's name, perhaps with a person's beside it: nothing that only a guess can make of it. */
static bool is_user(struct view part, const struct address_list *list)
{
	if (view_empty(view_trim(part)))
		return true;
	if (list->count != 1 || list->cut || !lacks_domain(&list->items[0]) || view_find(part, '@') >= 0)
		return false;
	struct view name = list->items[0].local_part;
	for (size_t i = 0; i < name.len; i++)
		if (!ascii_is_alnum(name.data[i]) && strchr("._-+", name.data[i]) == NULL)
			return false;
	return true;
}

/* A name without a domain is against the grammar, and so are names of people in old charsets: a list in which
 * nothing else is wrong is clear all the same. */
static bool is_readable(const struct address_list *list, struct view text, struct arena *arena)
{
	bool clear = !list->cut && view_find(text, '\0') < 0;
	if (!list->defective || !utf8_is_ascii(text))
		return clear;
	while (clear && text.len > 0) {
		struct address_list one;
		struct view part = next_part(&text);
		clear = address_list_parse(part, arena, &one) == 0 && (!one.defective || is_user(part, &one));
	}
	return clear;
}

int sendmail_letter_list(struct view text, struct view hostname, struct arena *arena,
    struct compose_envelope *envelope, struct buf *problem)
{
	struct arena own;
	struct address_list list;
	struct buf mailboxes;
	arena_init(&own, FIELD_ARENA);
	buf_init(&mailboxes, LIST_MAX);
	int error = address_list_parse(text, &own, &list);
	bool lines = view_find(text, '\n') >= 0 || view_find(text, '\r') >= 0;
	for (size_t i = 0; error == 0 && i < list.count; i++)
		put_mailbox(&list.items[i], hostname, &mailboxes);
	if (error || buf_failed(&mailboxes)) {
		error = -ENOBUFS;
	} else if (lines || !is_readable(&list, text, &own)) {
		buf_append_string(problem, "this is no list of addresses: ");
		show_line(problem, text);
		error = -EINVAL;
	} else if (buf_view(&mailboxes).len > 0) {
		error = compose_recipients(buf_view(&mailboxes), arena, envelope, problem);
	}
	buf_done(&mailboxes);
	arena_done(&own);
	return error;
}

/* ---- recipients of the header ---- */

static bool is_one_of(struct view name, const char *const names[3])
{
	for (int i = 0; i < 3; i++)
		if (view_equal_nocase(name, view_from_string(names[i])))
			return true;
	return false;
}

int sendmail_letter_recipients(struct view text, struct view hostname, struct arena *arena,
    struct compose_envelope *envelope, struct buf *problem)
{
	static const char *const usual[3] = {"To", "Cc", "Bcc"}, *const resent[3] = {
	                                                             "Resent-To", "Resent-Cc", "Resent-Bcc"};
	struct header_reader reader = header_read(text);
	struct header_field field;
	bool again = false;
	int error = 0;
	while (!again && header_next(&reader, &field))
		again = is_one_of(field.name, resent);
	reader = header_read(text);
	while (error == 0 && header_next(&reader, &field)) {
		struct buf list;
		if (!is_one_of(field.name, again ? resent : usual))
			continue;
		buf_init(&list, field.body.len + 1);
		header_unfold(field.body, &list);
		error = sendmail_letter_list(buf_view(&list), hostname, arena, envelope, problem);
		buf_done(&list);
	}
	return error;
}

/* ---- the header ---- */

static bool holds_addresses(struct view name)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
	if (view_starts_nocase(name, VIEW("Resent-")))
		name = view_skip(name, 7);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (view_equal_nocase(name, view_from_string(names[i])))
			return true;
	return false;
}

/* Cron writes "From: root (Cron Daemon)": whoever reads that elsewhere could not tell whose root that is. */
static void put_field(
    const struct sendmail_letter *l, const struct header_field *field, struct view raw, struct buf *out)
{
	struct arena arena;
	struct address_list list;
	bool lacks = false;
	if (!holds_addresses(field->name)) {
		buf_append(out, raw);
		return;
	}
	arena_init(&arena, FIELD_ARENA);
	bool read =
	    address_list_parse(field->body, &arena, &list) == 0 && is_readable(&list, field->body, &arena);
	for (size_t i = 0; read && i < list.count; i++) {
		if (!lacks_domain(&list.items[i]))
			continue;
		list.items[i].domain = l->hostname;
		lacks = true;
	}
	if (lacks) {
		buf_append(out, field->name);
		buf_append_string(out, ": ");
		address_list_write(out, &list, field->name.len + 2, !utf8_is_ascii(field->body));
		buf_append_string(out, "\r\n");
	} else {
		buf_append(out, raw);
	}
	arena_done(&arena);
}

static struct view without_mbox_line(struct view text)
{
	struct view rest = text, line;
	if ((view_starts(text, VIEW("From ")) || view_starts(text, VIEW(">From "))) &&
	    view_next(&rest, '\n', &line))
		return rest;
	return text;
}

static void put_from(const struct sendmail_letter *l, struct buf *out)
{
	ptrdiff_t at = view_find_last(l->from, '@');
	struct address a = {.kind = ADDRESS_MAILBOX,
	    .display_name = l->name,
	    .local_part = at < 0 ? l->from : view_take(l->from, (size_t)at),
	    .domain = at < 0 ? l->hostname : view_skip(l->from, (size_t)at + 1)};
	buf_append_string(out, "From: ");
	address_write(out, &a, false);
	buf_append_string(out, "\r\n");
}

int sendmail_letter_write(const struct sendmail_letter *l, struct view text, struct buf *out)
{
	struct view body;
	text = without_mbox_line(text);
	struct header_reader reader = header_read(text);
	struct header_field field;
	size_t done = 0;
	if (!header_find(text, VIEW("From"), &body))
		put_from(l, out);
	while (header_next(&reader, &field)) {
		buf_append(out, view_take(view_skip(text, done), field.offset - done));
		put_field(l, &field, view_take(view_skip(text, field.offset), field.len), out);
		done = field.offset + field.len;
	}
	/* A text without any header: its first lines must not be taken for one. */
	struct view rest = view_skip(text, done);
	if (done == 0 && !view_starts(rest, VIEW("\n")) && !view_starts(rest, VIEW("\r\n")))
		buf_append_string(out, "\r\n");
	return buf_append(out, rest);
}

/* ---- the rest ---- */

size_t sendmail_letter_dot(struct view text, size_t *from)
{
	while (*from < text.len) {
		struct view rest = view_skip(text, *from);
		ptrdiff_t end = view_find(rest, '\n');
		if (end < 0)
			break;
		struct view line = view_take(rest, (size_t)end);
		if (view_equal(line, VIEW(".")) || view_equal(line, VIEW(".\r")))
			return *from;
		*from += (size_t)end + 1;
	}
	return SIZE_MAX;
}

void sendmail_letter_person(struct view gecos, struct view user, struct buf *out)
{
	size_t before = out->len;
	for (size_t i = 0; i < gecos.len && gecos.data[i] != ','; i++) {
		char first = user.len ? user.data[0] : '&';
		if (gecos.data[i] != '&') {
			buf_append_byte(out, gecos.data[i]);
			continue;
		}
		buf_append_byte(out, first >= 'a' && first <= 'z' ? (char)(first - 'a' + 'A') : first);
		buf_append(out, view_skip(user, user.len ? 1 : 0));
	}
	struct view name = view_skip(buf_view(out), before);
	if (buf_failed(out) || !show_is_value(name) || name.len > PERSON_MAX)
		buf_truncate(out, before);
}
