/*
 * Replies (RFC 5321 section 4.2): lines that begin with a code, the last of them with a blank behind it. What
 * people will read of them is made printable here, once: a bounce, a log and a list show it.
 */
#include <string.h>

#include "base/show.h"
#include "dsn/dsn_reply.h"
#include "smtp/smtp_client_private.h"

/* ---- the text ---- */

static bool put(struct smtp_client *c, struct view bytes)
{
	if (c->text_len + bytes.len > sizeof c->text)
		return false;
	memcpy(c->text + c->text_len, bytes.data, bytes.len);
	c->text_len += bytes.len;
	return true;
}

static void add_text(struct smtp_client *c, struct view text)
{
	bool room = c->lines == 1 || put(c, VIEW("\n"));
	struct show show = {0};
	while (text.len > 0 && room) {
		struct view bytes;
		if (show_next(&show, &text, &bytes) == SHOW_PLAIN)
			room = put(c, bytes);
		else
			room = put(c, bytes.data[0] == '\t' ? VIEW(" ") : VIEW("?"));
	}
}

/* ---- codes ---- */

static unsigned parse_code(struct view line)
{
	unsigned code = 0;
	if (line.len < 3 || (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-'))
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (!ascii_is_digit(line.data[i]))
			return 0;
		code = code * 10 + (unsigned)(line.data[i] - '0');
	}
	return code >= 200 && code < 600 ? code : 0;
}

static size_t digits(struct view v, size_t at)
{
	size_t n = 0;
	while (at + n < v.len && n <= 3 && ascii_is_digit(v.data[at + n]))
		n++;
	return n;
}

/* class "." subject "." detail, then a blank or nothing; 0 when the text begins with no such thing. */
static size_t enhanced_length(struct view text, unsigned code)
{
	if (text.len < 5 || (unsigned)(text.data[0] - '0') != code / 100 || text.data[1] != '.')
		return 0;
	size_t subject = digits(text, 2);
	if (subject < 1 || subject > 3 || 2 + subject >= text.len || text.data[2 + subject] != '.')
		return 0;
	size_t detail = digits(text, 3 + subject), end = 3 + subject + detail;
	if (detail < 1 || detail > 3 || (end < text.len && text.data[end] != ' '))
		return 0;
	return end;
}

/* RFC 2034: every line of a reply has the code; it is kept once. */
static struct view take_enhanced(struct smtp_client *c, struct view text)
{
	size_t len = enhanced_length(text, c->code);
	if (len == 0)
		return text;
	if (c->enhanced_len == 0) {
		memcpy(c->enhanced, text.data, len);
		c->enhanced_len = len;
	} else if (!view_equal(view_take(text, len), view_of(c->enhanced, c->enhanced_len))) {
		return text;
	}
	text = view_skip(text, len);
	return text.len > 0 ? view_skip(text, 1) : text;
}

enum smtp_client_line smtp_client_take_line(struct smtp_client *c, struct view line, struct view *text)
{
	unsigned code = parse_code(line);
	if (c->lines == 0) {
		c->code = code;
		c->enhanced_len = c->text_len = c->reply_size = 0;
	}
	c->lines++;
	c->reply_size += line.len;
	if (code == 0 || code != c->code || c->lines > SMTP_CLIENT_LINES_MAX ||
	    c->reply_size > SMTP_CLIENT_REPLY_MAX) {
		c->lines = 0;
		return LINE_NONSENSE;
	}
	bool more = line.len > 3 && line.data[3] == '-';
	*text = view_skip(line, 4);
	add_text(c, take_enhanced(c, *text));
	if (more)
		return LINE_MORE;
	c->lines = 0;
	c->progress++;
	return LINE_LAST;
}

/* ---- what a reply answers ---- */

enum smtp_client_stage smtp_client_this_stage(const struct smtp_client *c)
{
	static const enum smtp_client_stage stages[] = {
	    [CLIENT_GREETING] = SMTP_CLIENT_AT_GREETING,
	    [CLIENT_EHLO] = SMTP_CLIENT_AT_EHLO,
	    [CLIENT_HELO] = SMTP_CLIENT_AT_EHLO,
	    [CLIENT_STARTTLS] = SMTP_CLIENT_AT_STARTTLS,
	    [CLIENT_TLS] = SMTP_CLIENT_AT_STARTTLS,
	    [CLIENT_AUTH] = SMTP_CLIENT_AT_AUTH,
	    [CLIENT_READY] = SMTP_CLIENT_AT_IDLE,
	    [CLIENT_RSET] = SMTP_CLIENT_AT_RSET,
	    [CLIENT_MAIL] = SMTP_CLIENT_AT_MAIL,
	    [CLIENT_RCPT] = SMTP_CLIENT_AT_RCPT,
	    [CLIENT_DATA] = SMTP_CLIENT_AT_DATA,
	    [CLIENT_BODY] = SMTP_CLIENT_AT_DATA,
	    [CLIENT_CHUNK] = SMTP_CLIENT_AT_DATA,
	    [CLIENT_END] = SMTP_CLIENT_AT_END,
	    [CLIENT_QUIT] = SMTP_CLIENT_AT_QUIT,
	    [CLIENT_OVER] = SMTP_CLIENT_AT_QUIT,
	};
	return stages[c->step];
}

struct smtp_client_reply smtp_client_this_reply(const struct smtp_client *c)
{
	return (struct smtp_client_reply){
	    .code = c->code,
	    .enhanced = view_of(c->enhanced, c->enhanced_len),
	    .text = view_of(c->text, c->text_len),
	    .stage = smtp_client_this_stage(c),
	};
}

const char *smtp_client_stage_name(enum smtp_client_stage stage)
{
	static const char *const names[] = {
	    [SMTP_CLIENT_AT_GREETING] = "greeting",
	    [SMTP_CLIENT_AT_EHLO] = "EHLO",
	    [SMTP_CLIENT_AT_STARTTLS] = "STARTTLS",
	    [SMTP_CLIENT_AT_AUTH] = "AUTH",
	    [SMTP_CLIENT_AT_IDLE] = "idle",
	    [SMTP_CLIENT_AT_RSET] = "RSET",
	    [SMTP_CLIENT_AT_MAIL] = "MAIL",
	    [SMTP_CLIENT_AT_RCPT] = "RCPT",
	    [SMTP_CLIENT_AT_DATA] = "DATA",
	    [SMTP_CLIENT_AT_END] = "end of data",
	    [SMTP_CLIENT_AT_QUIT] = "QUIT",
	};
	return names[stage];
}

bool smtp_client_is_too_many(const struct smtp_client_reply *r)
{
	if (r->stage != SMTP_CLIENT_AT_RCPT || (r->code != 452 && r->code != 552))
		return false;
	enum reply_kind kind = reply_kind_of(r->code, r->enhanced, r->text);
	if (r->enhanced.len > 0)
		return kind == REPLY_TOO_MANY || view_equal(view_skip(r->enhanced, 1), VIEW(".5.3"));
	return kind != REPLY_FULL && kind != REPLY_TOO_LARGE;
}
