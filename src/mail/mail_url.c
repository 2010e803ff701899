/*
 * IMAP URLs:
 *
 *	"imap://" [user [";AUTH=" type] "@"] host [":" port] path
 *	path     = "/" mailbox [";UIDVALIDITY=" n] ["/"] ";UID=" n ["/;SECTION=" section] ["/;PARTIAL=" range]
 *	           [[";EXPIRE=" date-time] ";URLAUTH=" access [":" mechanism ":" token]]
 *
 * RFC 5092 section 11 wants the "/" before ";UID"; a path that begins with it is relative to the mailbox that
 *is selected (section 7).
 */
#include "mail/mail_url.h"

#include <errno.h>

#include <openssl/hmac.h>

#include "base/utf8.h"
#include "format/date.h"

struct reader {
	struct cursor in;
	struct arena *arena;
	bool failed;
};

static int hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded, and UTF-8 without NUL, CR and LF: none of these is in a name or a section. */
static struct view decode(struct reader *r, struct view text)
{
	struct buf out;
	struct view decoded = {0};
	buf_init(&out, text.len + 1);
	for (size_t i = 0; i < text.len && !r->failed; i++) {
		char c = text.data[i];
		if (c == '%') {
			int high = i + 2 < text.len ? hex_value(text.data[i + 1]) : -1;
			int low = high >= 0 ? hex_value(text.data[i + 2]) : -1;
			r->failed |= low < 0;
			c = (char)(high * 16 + low);
			i += 2;
		}
		r->failed |= c == '\0' || c == '\r' || c == '\n';
		buf_append_byte(&out, c);
	}
	r->failed |= !utf8_valid(buf_view(&out)) || buf_failed(&out) ||
	             !arena_copy(r->arena, buf_view(&out), &decoded);
	buf_done(&out);
	return decoded;
}

/* What stands before the next of these characters, or all that is left. */
static struct view until(struct reader *r, const char *stops)
{
	struct view rest = r->in.rest, all = view_from_string(stops);
	size_t len = 0;
	while (len < rest.len && view_find(all, rest.data[len]) < 0)
		len++;
	return cursor_bytes(&r->in, len);
}

static uint64_t number(struct reader *r, uint64_t min, uint64_t max)
{
	uint64_t n = 0;
	if (!view_to_u64(cursor_while(&r->in, ascii_is_digit), max, &n) || n < min)
		r->failed = true;
	return n;
}

/* [user [";AUTH=" type] "@"] host [":" port] */
static void read_server(struct reader *r, struct mail_url *url)
{
	struct cursor ahead = r->in;
	struct view server = until(r, "/");
	ptrdiff_t at = view_find_last(server, '@');
	if (at >= 0) {
		struct reader user = *r;
		user.in = cursor_on(view_take(server, (size_t)at));
		url->user = decode(&user, until(&user, ";"));
		r->failed |= user.failed;
		if (!cursor_at_end(&user.in) && !cursor_accept_nocase(&user.in, VIEW(";AUTH=")))
			r->failed = true;
		server = view_skip(server, (size_t)at + 1);
	}
	ptrdiff_t colon = view_find_last(server, ':');
	if (colon >= 0 && view_find(view_skip(server, (size_t)colon), ']') < 0) {
		uint64_t port;
		struct view digits = view_skip(server, (size_t)colon + 1);
		r->failed |= digits.len && !view_to_u64(digits, 65535, &port);
		server = view_take(server, (size_t)colon);
	}
	url->host = server;
	r->failed |= server.len == 0 || cursor_at_end(&r->in) || cursor_at_end(&ahead);
}

/* A mailbox may hold "/" and, encoded, anything; it ends at ";", and at a "/" that stands before one. */
static void read_mailbox(struct reader *r, struct mail_url *url)
{
	struct view name = until(r, ";");
	if (name.len && name.data[name.len - 1] == '/')
		name = view_take(name, name.len - 1);
	url->mailbox = decode(r, name);
}

/* ";NAME=" with or without a "/" before it. */
static bool take_name(struct reader *r, struct view name)
{
	struct cursor ahead = r->in;
	cursor_accept(&ahead, '/');
	if (!cursor_accept(&ahead, ';') || !cursor_accept_nocase(&ahead, name) || !cursor_accept(&ahead, '='))
		return false;
	r->in = ahead;
	return true;
}

static void read_access(struct reader *r, struct mail_url *url)
{
	if (cursor_accept_nocase(&r->in, VIEW("submit+")))
		url->access = MAIL_URL_SUBMIT;
	else if (cursor_accept_nocase(&r->in, VIEW("user+")))
		url->access = MAIL_URL_USER;
	else if (cursor_accept_nocase(&r->in, VIEW("authuser")))
		url->access = MAIL_URL_AUTHUSER;
	else if (cursor_accept_nocase(&r->in, VIEW("anonymous")))
		url->access = MAIL_URL_ANONYMOUS;
	else
		r->failed = true;
	if (url->access == MAIL_URL_SUBMIT || url->access == MAIL_URL_USER) {
		url->access_user = decode(r, until(r, ":"));
		r->failed |= url->access_user.len == 0;
	}
}

static void read_urlauth(struct reader *r, struct mail_url *url, struct view text)
{
	if (take_name(r, VIEW("EXPIRE"))) {
		struct date date;
		struct view when = until(r, ";");
		url->expires = true;
		r->failed |= date_parse(when, &date) < 0 || !date.zone_known;
		url->expire = r->failed ? 0 : date.seconds;
	}
	if (!take_name(r, VIEW("URLAUTH"))) {
		r->failed |= url->expires;
		return;
	}
	read_access(r, url);
	url->rump = view_take(text, text.len - r->in.rest.len);
	if (!cursor_accept(&r->in, ':'))
		return;
	url->mechanism = until(r, ":");
	r->failed |= url->mechanism.len == 0 || !cursor_accept(&r->in, ':');
	url->token = cursor_bytes(&r->in, r->in.rest.len);
	r->failed |= url->token.len == 0;
}

/* From ";UIDVALIDITY" or ";UID" on. */
static void read_message(struct reader *r, struct mail_url *url)
{
	if (take_name(r, VIEW("UIDVALIDITY")))
		url->uidvalidity = (uint32_t)number(r, 1, UINT32_MAX);
	if (take_name(r, VIEW("UID")))
		url->uid = (uint32_t)number(r, 1, UINT32_MAX);
	r->failed |= url->uid == 0;
	if (take_name(r, VIEW("SECTION"))) {
		struct view section = until(r, ";");
		/* The "/" before the next parameter; a section has none. */
		if (section.len && section.data[section.len - 1] == '/')
			section = view_take(section, section.len - 1);
		url->section = decode(r, section);
		r->failed |= url->section.len == 0;
	}
	if (take_name(r, VIEW("PARTIAL"))) {
		url->partial = true;
		url->offset = number(r, 0, INT64_MAX);
		if (cursor_accept(&r->in, '.'))
			url->count = number(r, 1, INT64_MAX);
	}
}

bool mail_url_parse(struct view text, struct arena *arena, struct mail_url *url)
{
	struct reader r = {.in = cursor_on(text), .arena = arena};
	struct mail_url u = {0};
	if (text.len > MAIL_URL_MAX)
		return false;
	if (cursor_accept_nocase(&r.in, VIEW("imap://"))) {
		u.absolute = true;
		read_server(&r, &u);
	}
	if (cursor_accept(&r.in, '/') && cursor_peek(&r.in) != ';')
		read_mailbox(&r, &u);
	/* A relative one may name its mailbox by where it stands; an absolute one must say it. */
	r.failed |= u.absolute && u.mailbox.len == 0;
	read_message(&r, &u);
	read_urlauth(&r, &u, text);
	cursor_accept(&r.in, '/');
	if (r.failed || !cursor_at_end(&r.in))
		return false;
	*url = u;
	return true;
}

/* ---- tokens ---- */

int mail_url_token(struct view key, struct view rump, struct buf *out)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[32] = {0};
	unsigned len = 0;
	if (HMAC(EVP_sha256(), key.data, (int)key.len, (const unsigned char *)rump.data, rump.len, hash,
	        &len) == NULL)
		return -ENOMEM;
	buf_append(out, VIEW("01"));
	for (size_t i = 0; i < sizeof hash; i++) {
		buf_append_byte(out, digits[hash[i] >> 4]);
		buf_append_byte(out, digits[hash[i] & 15]);
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}

bool mail_url_token_matches(struct view key, const struct mail_url *url)
{
	struct buf token;
	unsigned char different = 0;
	buf_init(&token, 2 * MAIL_URL_TOKEN_SIZE);
	bool made = key.len > 0 && mail_url_token(key, url->rump, &token) == 0;
	struct view right = buf_view(&token);
	bool same_length = made && right.len == url->token.len;
	for (size_t i = 0; i < right.len && same_length; i++)
		different |= (unsigned char)(right.data[i] ^ ascii_lower(url->token.data[i]));
	buf_done(&token);
	return same_length && different == 0 && view_equal_nocase(url->mechanism, VIEW("INTERNAL"));
}

/* ---- whose it is ---- */

bool mail_url_is_user(struct view name, struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return view_equal_nocase(name, address) ||
	       (at > 0 && view_equal_nocase(name, view_take(address, (size_t)at)));
}

bool mail_url_is_ours(const struct mail_url *url, struct view hostname, struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	return view_equal_nocase(url->host, hostname) ||
	       (at >= 0 && view_equal_nocase(url->host, view_skip(address, (size_t)at + 1)));
}
