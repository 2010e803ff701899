/*
 * Paths of SMTP commands, RFC 5321 section 4.1.2:
 *
 *	Reverse-path = Path / "<>"
 *	Forward-path = Path
 *	Path         = "<" [ A-d-l ":" ] Mailbox ">"
 *	A-d-l        = At-domain *( "," At-domain )
 *	At-domain    = "@" Domain
 *	Mailbox      = Local-part "@" ( Domain / address-literal )
 *	Local-part   = Dot-string / Quoted-string
 *	rcpt         = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) ...
 *
 * Two things are read that the grammar does not have, because mailboxes of some providers and people's habits
 *do: dots anywhere in an unquoted local part, and a dot behind the domain.
 */
#include "format/path.h"

#include <errno.h>
#include <string.h>

#include "base/show.h"
#include "base/utf8.h"
#include "format/address.h"
#include "format/lex.h"
#include "format/limits.h"

static bool is_atext_or_dot(char c)
{
	return c == '.' || lex_is_atext(c);
}

/* Dot-string = Atom *("." Atom). "a..b", ".a" and "a." are borne, and loose; dots alone name nobody. */
static int dot_string(struct cursor *in, struct path *path)
{
	struct view v = cursor_while(in, is_atext_or_dot);
	bool after_dot = true, any = false;
	path->loose = false;
	for (size_t i = 0; i < v.len; i++) {
		bool dot = v.data[i] == '.';
		path->loose = path->loose || (dot && after_dot);
		any = any || !dot;
		after_dot = dot;
	}
	path->loose = path->loose || after_dot;
	path->local_part = v;
	return any ? 0 : -EINVAL;
}

/*
 * Quoted-string   = DQUOTE *QcontentSMTP DQUOTE
 * qtextSMTP       = %d32-33 / %d35-91 / %d93-126 / UTF8-non-ascii
 * quoted-pairSMTP = %d92 %d32-126
 */
static int quoted_string(struct cursor *in, struct arena *arena, struct view *local_part)
{
	char text[LOCAL_PART_MAX];
	size_t len = 0;
	while (!cursor_accept(in, '"')) {
		bool pair = cursor_accept(in, '\\');
		int c = cursor_peek(in);
		if (c < ' ' || c == 0x7f || (pair && c >= 0x80))
			return -EINVAL;
		if (len == sizeof text)
			return -ENAMETOOLONG;
		text[len++] = (char)c;
		cursor_bytes(in, 1);
	}
	/* The grammar allows "", but it names nobody. */
	if (len == 0)
		return -EINVAL;
	return arena_copy(arena, view_of(text, len), local_part) ? 0 : -ENOBUFS;
}

static int local_part(struct cursor *in, struct arena *arena, struct path *path)
{
	const char *start = in->rest.data;
	int error =
	    cursor_accept(in, '"') ? quoted_string(in, arena, &path->local_part) : dot_string(in, path);
	if (error)
		return error;
	if (path->local_part.len > LOCAL_PART_MAX)
		return -ENAMETOOLONG;
	return utf8_valid(view_of(start, (size_t)(in->rest.data - start))) ? 0 : -EINVAL;
}

static bool belongs_to_domain(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || (unsigned char)c >= 0x80;
}

static bool belongs_to_literal(char c)
{
	return ascii_is_print(c) && c != ']' && c != ' ';
}

static int domain(struct cursor *in, struct view *name, enum host_kind *kind)
{
	const char *start = in->rest.data;
	if (cursor_accept(in, '[')) {
		cursor_while(in, belongs_to_literal);
		if (!cursor_accept(in, ']'))
			return -EINVAL;
	} else {
		cursor_while(in, belongs_to_domain);
	}
	*name = view_of(start, (size_t)(in->rest.data - start));
	/* The root's dot, which DNS writes and SMTP does not. */
	if (name->len > 1 && name->data[name->len - 1] == '.')
		name->len--;
	return host_parse(*name, kind);
}

static int mailbox(struct cursor *in, struct arena *arena, struct path *path)
{
	const char *start = in->rest.data;
	int error = local_part(in, arena, path);
	if (error)
		return error;
	if (!cursor_accept(in, '@'))
		return -EINVAL;
	error = domain(in, &path->domain, &path->host);
	if (error)
		return error;
	/* RFC 6532 allows everything beyond ASCII; but no name contains characters that drive a terminal or
	 * end a line (C1, U+2028, U+2029). */
	if (!show_is_value(view_of(start, (size_t)(in->rest.data - start))))
		return -EINVAL;
	path->kind = PATH_MAILBOX;
	path->utf8 = !utf8_is_ascii(path->local_part) || !utf8_is_ascii(path->domain);
	return 0;
}

/* RFC 5321 section 3.6.1 and appendix C: "@a,@b:" before an address is read and ignored. */
static int source_route(struct cursor *in)
{
	enum host_kind kind;
	struct view host;
	if (cursor_peek(in) != '@')
		return 0;
	do {
		int error = cursor_accept(in, '@') ? domain(in, &host, &kind) : -EINVAL;
		if (error)
			return error;
	} while (cursor_accept(in, ','));
	return cursor_accept(in, ':') ? 0 : -EINVAL;
}

static bool accept_postmaster(struct cursor *in)
{
	struct cursor ahead = *in;
	if (!cursor_accept_nocase(&ahead, VIEW("postmaster>")))
		return false;
	*in = ahead;
	return true;
}

static int path_parse(struct cursor *in, struct arena *arena, enum path_kind special, struct path *path)
{
	struct cursor ahead = *in;
	struct path result = {.kind = special};
	if (!cursor_accept(&ahead, '<'))
		return -EINVAL;
	if (special == PATH_NULL && cursor_accept(&ahead, '>'))
		goto done;
	if (special == PATH_POSTMASTER && accept_postmaster(&ahead)) {
		result.local_part = VIEW("postmaster");
		goto done;
	}
	int error = source_route(&ahead);
	if (error)
		return error;
	const char *start = ahead.rest.data;
	error = mailbox(&ahead, arena, &result);
	if (error)
		return error;
	if ((size_t)(ahead.rest.data - start) + 2 > PATH_MAX_OCTETS)
		return -ENAMETOOLONG;
	if (!cursor_accept(&ahead, '>'))
		return -EINVAL;
done:
	*in = ahead;
	*path = result;
	return 0;
}

int reverse_path_parse(struct cursor *in, struct arena *arena, struct path *path)
{
	return path_parse(in, arena, PATH_NULL, path);
}

int forward_path_parse(struct cursor *in, struct arena *arena, struct path *path)
{
	return path_parse(in, arena, PATH_POSTMASTER, path);
}

int mailbox_parse(struct view v, struct arena *arena, struct path *path)
{
	struct cursor in = cursor_on(v);
	struct path result = {0};
	int error = mailbox(&in, arena, &result);
	if (error)
		return error;
	if (!cursor_at_end(&in))
		return -EINVAL;
	if (v.len + 2 > PATH_MAX_OCTETS)
		return -ENAMETOOLONG;
	*path = result;
	return 0;
}

static void write_unquoted(struct buf *out, struct view local_part, struct view domain)
{
	buf_append(out, local_part);
	buf_append_byte(out, '@');
	buf_append(out, domain);
}

int mailbox_write(struct buf *out, struct view local_part, struct view domain)
{
	struct cursor in = cursor_on(local_part);
	struct path path = {0};
	if (domain.len > 0 && dot_string(&in, &path) == 0 && cursor_at_end(&in))
		write_unquoted(out, local_part, domain);
	else
		address_write_mailbox(out, local_part, domain);
	return buf_failed(out) ? -ENOBUFS : 0;
}

int path_write(struct buf *out, const struct path *path)
{
	buf_append_byte(out, '<');
	if (path->kind == PATH_MAILBOX && path->loose)
		write_unquoted(out, path->local_part, path->domain);
	else if (path->kind != PATH_NULL)
		address_write_mailbox(out, path->local_part, path->domain);
	return buf_append_byte(out, '>');
}

int path_key(const struct path *path, struct buf *out)
{
	if (path->kind == PATH_NULL)
		return -EINVAL;
	return address_key(path->local_part, path->domain, out);
}
