/* The header and the parts of compose.h: what people typed, in the forms that every mail program reads. */
#include "mime/compose.h"

#include <errno.h>

#include "base/show.h"
#include "base/utf8.h"
#include "mime/compose_private.h"
#include "mime/file_type.h"
#include "format/lex.h"
#include "format/limits.h"
#include "mime/parameter.h"
#include "format/transfer.h"

/* Of the addresses of one field, names and all: ADDRESS_LIST_MAX of them fit. */
enum { ADDRESSES_ROOM = 8 * 1024 * 1024 };

struct writer {
	const struct compose *c;
	struct buf *out, *problem;
	bool utf8;
};

/* ---- fields ---- */

static int write_addresses(struct writer *w, struct view name, struct view text, bool one)
{
	struct arena arena;
	struct address_list list;
	arena_init(&arena, ADDRESSES_ROOM);
	int error = compose_addresses(text, &arena, &list, w->problem);
	if (error == 0 && one && (list.count != 1 || list.items[0].kind != ADDRESS_MAILBOX))
		error = compose_wrong(w->problem, name, " takes exactly one address");
	for (size_t i = 0; error == 0 && i < list.count; i++)
		w->utf8 |= !utf8_is_ascii(list.items[i].local_part);
	if (error == 0) {
		buf_append(w->out, name);
		buf_append(w->out, VIEW(": "));
		error = address_list_write(w->out, &list, name.len + 2, false);
		buf_append(w->out, VIEW("\r\n"));
	}
	arena_done(&arena);
	return error;
}

static bool has_field(const struct compose *c, struct view name)
{
	for (size_t i = 0; i < c->field_count; i++)
		if (view_equal_nocase(c->fields[i].name, name))
			return true;
	return false;
}

static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] >= 0x7f || name.data[i] == ':')
			return false;
	return name.len > 0 && name.len < FIELD_NAME_MAX;
}

static bool is_among(struct view name, const char *const *names)
{
	while (*names && !view_equal_nocase(name, view_from_string(*names)))
		names++;
	return *names != NULL;
}

static int write_field(struct writer *w, const struct compose_field *field)
{
	static const char *const ours[] = {
	    "From", "To", "Cc", "Bcc", "Resent-Bcc", "Subject", "MIME-Version", "Return-Path", NULL};
	static const char *const addresses[] = {"Sender", "Reply-To", "Mail-Reply-To", "Mail-Followup-To",
	    "Disposition-Notification-To", "Return-Receipt-To", NULL};
	if (!is_name(field->name))
		return compose_wrong(w->problem, field->name, " is not a valid name of a header field");
	if (is_among(field->name, ours) || view_starts_nocase(field->name, VIEW("Content-")))
		return compose_wrong(w->problem, field->name,
		    " cannot be a further field: it has a place of its own in each message");
	if (is_among(field->name, addresses))
		return write_addresses(w, field->name, field->text, false);
	if (!compose_is_line(field->text))
		return compose_wrong(
		    w->problem, field->name, " contains a control character, or is not UTF-8");
	compose_text_field(w->out, field->name, field->text, false);
	return 0;
}

/* ---- the header ---- */

static int write_people(struct writer *w)
{
	const struct compose *c = w->c;
	int error = write_addresses(w, VIEW("From"), c->from, true);
	if (error == 0 && c->to.len > 0)
		error = write_addresses(w, VIEW("To"), c->to, false);
	if (error == 0 && c->cc.len > 0)
		error = write_addresses(w, VIEW("Cc"), c->cc, false);
	if (c->to.len == 0 && c->cc.len == 0)
		buf_append(w->out, VIEW("To: undisclosed-recipients:;\r\n"));
	return error;
}

/* RFC 5322 section 2.1.1: a word that no fold can make short enough. */
static int check_lines(struct writer *w, struct view header)
{
	struct view line;
	while (view_next(&header, '\n', &line))
		if (line.len > LINE_MAX_OCTETS + 1)
			return compose_wrong(
			    w->problem, view_take(line, 40), "... is too long for a line of a header");
	return 0;
}

static int write_header(struct writer *w)
{
	const struct compose *c = w->c;
	size_t start = buf_view(w->out).len;
	if (!compose_is_line(c->subject))
		return compose_wrong(
		    w->problem, VIEW("the subject"), " contains a control character, or is not UTF-8");
	if (!has_field(c, VIEW("Date"))) {
		buf_append(w->out, VIEW("Date: "));
		date_write(w->out, c->date);
		buf_append(w->out, VIEW("\r\n"));
	}
	int error = write_people(w);
	if (c->subject.len > 0)
		compose_text_field(w->out, VIEW("Subject"), c->subject, true);
	if (!has_field(c, VIEW("Message-ID")))
		buf_printf(w->out, "Message-ID: <%.*s>\r\n", VIEW_FMT(c->message_id));
	for (size_t i = 0; i < c->field_count && error == 0; i++)
		error = write_field(w, &c->fields[i]);
	buf_append(w->out, VIEW("MIME-Version: 1.0\r\n"));
	return error ? error : check_lines(w, view_skip(buf_view(w->out), start));
}

/* ---- parts ---- */

enum level { MIXED = 1, ALTERNATIVE };

/* "=_" stands in no text that is quoted-printable or base64 (RFC 2045 section 6.7). */
static void open_parts(struct writer *w, enum level level, const char *subtype)
{
	buf_printf(w->out, "Content-Type: multipart/%s;\r\n boundary=\"=_%.*s_%d\"\r\n", subtype,
	    VIEW_FMT(w->c->boundary), (int)level);
}

/* Its first line end is the header's blank line, or belongs to the boundary, not to the part before it. */
static void next_part(struct writer *w, enum level level, const char *end)
{
	buf_printf(w->out, "\r\n--=_%.*s_%d%s\r\n", VIEW_FMT(w->c->boundary), (int)level, end);
}

static bool is_type(struct view type)
{
	ptrdiff_t slash = view_find(type, '/');
	if (slash <= 0 || (size_t)slash + 1 == type.len || view_starts_nocase(type, VIEW("message/")) ||
	    view_starts_nocase(type, VIEW("multipart/")))
		return false;
	for (size_t i = 0; i < type.len; i++)
		if (i != (size_t)slash &&
		    !(lex_is_mime_token(type.data[i]) && (unsigned char)type.data[i] < 0x80))
			return false;
	return type.len <= LINE_FOLD_AT;
}

static int write_file(struct writer *w, const struct compose_file *file)
{
	struct view type = file->type.len ? file->type : view_from_string(file_type_by_name(file->name));
	if (!compose_is_line(file->name) || file->name.len > COMPOSE_NAME_MAX ||
	    view_find(file->name, '/') >= 0)
		return compose_wrong(w->problem, file->name,
		    " is not a valid name for an attachment: names are UTF-8, at most 255 octets, without "
		    "folders");
	if (!is_type(type))
		return compose_wrong(w->problem, type, " is not a type that an attachment can have");
	buf_printf(w->out, "Content-Type: %.*s\r\nContent-Disposition: attachment", VIEW_FMT(type));
	if (file->name.len > 0)
		parameter_write(w->out, "filename", file->name);
	buf_append(w->out, VIEW("\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
	return base64_encode_lines(w->out, file->content);
}

/* What is read: text, HTML, or both as one. */
static int write_words(struct writer *w)
{
	const struct compose *c = w->c;
	bool both = c->text.len > 0 && c->html.len > 0;
	if (both) {
		open_parts(w, ALTERNATIVE, "alternative");
		next_part(w, ALTERNATIVE, "");
	}
	int error = c->html.len == 0 || both ? compose_text(w->out, "plain", c->text, w->problem) : 0;
	if (error == 0 && both)
		next_part(w, ALTERNATIVE, "");
	if (error == 0 && c->html.len > 0)
		error = compose_text(w->out, "html", c->html, w->problem);
	if (both)
		next_part(w, ALTERNATIVE, "--");
	return error;
}

static int write_parts(struct writer *w)
{
	const struct compose *c = w->c;
	if (c->entity.len > 0)
		return buf_append(w->out, c->entity);
	if (c->file_count == 0)
		return write_words(w);
	open_parts(w, MIXED, "mixed");
	next_part(w, MIXED, "");
	int error = write_words(w);
	for (size_t i = 0; i < c->file_count && error == 0; i++) {
		next_part(w, MIXED, "");
		error = write_file(w, &c->files[i]);
	}
	next_part(w, MIXED, "--");
	return error;
}

static bool is_boundary(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]))
			return false;
	return v.len >= COMPOSE_BOUNDARY_MIN && v.len <= COMPOSE_BOUNDARY_MAX;
}

int compose_write(const struct compose *c, struct buf *out, bool *utf8, struct buf *problem)
{
	struct writer w = {.c = c, .out = out, .problem = problem};
	if (!is_boundary(c->boundary))
		return compose_wrong(problem, c->boundary, " is not a valid boundary");
	if (c->file_count > COMPOSE_FILES_MAX)
		return compose_wrong(problem, VIEW(""), "too many attachments: at most 400");
	int error = write_header(&w);
	if (error == 0)
		error = write_parts(&w);
	if (error == 0 && buf_failed(out))
		error = -ENOBUFS;
	if (error == 0)
		*utf8 = w.utf8;
	return error;
}
