/*
 * The SMTP client's frame: lines in, each whole reply to the step that waits for it, and the ways to the end.
 * What was sent ahead (RFC 2920) is answered in its order, so one step at a time is enough to know whose
 * answer comes next.
 */
#include "smtp/smtp_client.h"

#include "base/mem.h"
#include "smtp/smtp_client_private.h"

struct smtp_client *smtp_client_new(const struct smtp_client_config *config,
    const struct smtp_client_backend *backend, void *arg, struct buf *out)
{
	struct smtp_client *c = mem_alloc(sizeof *c);
	c->config = *config;
	c->backend = backend;
	c->arg = arg;
	c->out = out;
	c->step = CLIENT_GREETING;
	c->secure = config->tls == SMTP_CLIENT_TLS_PRESENT;
	if (c->secure)
		smtp_client_keep_exporter(c, config->tls_exporter);
	return c;
}

void smtp_client_free(struct smtp_client *c)
{
	if (c == NULL)
		return;
	smtp_client_login_free(c->login);
	mem_free(c->fates);
	mem_free(c);
}

/* ---- the end ---- */

static void say_quit(struct smtp_client *c)
{
	buf_append(c->out, VIEW("QUIT\r\n"));
}

static void end(struct smtp_client *c, enum smtp_client_failure failure, struct smtp_client_reply reply)
{
	if (c->step == CLIENT_OVER)
		return;
	bool was_open = c->transaction != NULL;
	struct smtp_client_reply result = reply;
	if (reply.code == 0 && c->end_sent)
		result.stage = SMTP_CLIENT_AT_END;
	c->step = CLIENT_OVER;
	if (was_open) {
		smtp_client_tell_all(c, &result);
		smtp_client_forget(c);
		c->backend->done(c->arg);
	}
	/* After a refusal the host waits for what comes next (RFC 5321 section 3.1); 421 closes by itself. */
	if (reply.code != 421 && (failure == SMTP_CLIENT_REFUSED || failure == SMTP_CLIENT_NO_TLS ||
	                             failure == SMTP_CLIENT_NO_LOGIN || failure == SMTP_CLIENT_LOGIN_REFUSED))
		say_quit(c);
	c->backend->failed(c->arg, failure, &reply);
	if (failure != SMTP_CLIENT_LOST)
		c->backend->close(c->arg);
}

void smtp_client_fail(struct smtp_client *c, enum smtp_client_failure failure)
{
	end(c, failure, smtp_client_this_reply(c));
}

void smtp_client_fail_unanswered(struct smtp_client *c, enum smtp_client_failure failure)
{
	end(c, failure, (struct smtp_client_reply){.stage = smtp_client_this_stage(c)});
}

void smtp_client_closed(struct smtp_client *c)
{
	if (c->step == CLIENT_QUIT)
		c->step = CLIENT_OVER;
	smtp_client_fail_unanswered(c, SMTP_CLIENT_LOST);
}

static void begin_quit(struct smtp_client *c)
{
	say_quit(c);
	c->step = CLIENT_QUIT;
}

void smtp_client_quit(struct smtp_client *c)
{
	if (c->step == CLIENT_READY)
		begin_quit(c);
	else
		c->quitting = true;
}

void smtp_client_settle(struct smtp_client *c)
{
	c->step = CLIENT_READY;
	if (c->quitting)
		begin_quit(c);
	else
		c->backend->ready(c->arg);
}

/* ---- input ---- */

static void quit_answered(struct smtp_client *c)
{
	c->step = CLIENT_OVER;
	c->backend->close(c->arg);
}

/* A reply that nobody asked for is a farewell, or not SMTP at all. */
static void uninvited(struct smtp_client *c)
{
	if (smtp_client_positive(c))
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NONSENSE);
	else
		smtp_client_fail(c, SMTP_CLIENT_SHUT);
}

static void answered(struct smtp_client *c, struct view text)
{
	bool greeted = c->step != CLIENT_GREETING && c->step != CLIENT_EHLO && c->step != CLIENT_HELO;
	if (c->step == CLIENT_QUIT)
		quit_answered(c);
	else if (c->code == 421 && greeted)
		smtp_client_fail(c, SMTP_CLIENT_SHUT);
	else if (c->code / 100 == 3 && c->step != CLIENT_DATA && c->step != CLIENT_AUTH)
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NONSENSE);
	else if (c->step == CLIENT_READY || c->step == CLIENT_BODY)
		uninvited(c);
	else if (!greeted)
		smtp_client_hello_answered(c);
	else if (c->step == CLIENT_STARTTLS)
		smtp_client_starttls_answered(c);
	else if (c->step == CLIENT_AUTH)
		smtp_client_login_answered(c, text);
	else
		smtp_client_transaction_answered(c);
}

static void take_line(struct smtp_client *c, struct view line)
{
	struct view text;
	bool first = c->lines == 0;
	if (line.len > 0 && line.data[line.len - 1] == '\r')
		line.len--;
	switch (smtp_client_take_line(c, line, &text)) {
	case LINE_NONSENSE:
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NONSENSE);
		return;
	case LINE_MORE:
		if (c->step == CLIENT_EHLO && !first)
			smtp_client_keyword(c, text);
		return;
	case LINE_LAST:
		if (c->step == CLIENT_EHLO && !first)
			smtp_client_keyword(c, text);
		answered(c, text);
	}
}

static void check_output(struct smtp_client *c)
{
	if (buf_failed(c->out))
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NO_MEMORY);
}

size_t smtp_client_feed(struct smtp_client *c, struct view bytes)
{
	size_t consumed = 0;
	while (consumed < bytes.len && c->step != CLIENT_TLS && c->step != CLIENT_OVER) {
		struct view rest = view_skip(bytes, consumed);
		ptrdiff_t end = view_find(view_take(rest, SMTP_CLIENT_LINE_MAX + 1), '\n');
		if (end < 0 && rest.len > SMTP_CLIENT_LINE_MAX)
			smtp_client_fail_unanswered(c, SMTP_CLIENT_NONSENSE);
		if (end < 0)
			break;
		take_line(c, view_take(rest, (size_t)end));
		consumed += (size_t)end + 1;
		check_output(c);
	}
	return c->step == CLIENT_OVER ? bytes.len : consumed;
}

/* ---- for the driver ---- */

const struct smtp_client_host *smtp_client_host(const struct smtp_client *c)
{
	return &c->host;
}

bool smtp_client_is_secure(const struct smtp_client *c)
{
	return c->secure;
}

uint64_t smtp_client_progress(const struct smtp_client *c)
{
	return c->progress;
}

enum smtp_client_waiting smtp_client_waits_for(const struct smtp_client *c)
{
	static const enum smtp_client_waiting classes[] = {
	    [CLIENT_GREETING] = SMTP_CLIENT_FOR_GREETING,
	    [CLIENT_EHLO] = SMTP_CLIENT_FOR_EHLO,
	    [CLIENT_HELO] = SMTP_CLIENT_FOR_EHLO,
	    [CLIENT_STARTTLS] = SMTP_CLIENT_FOR_EHLO,
	    [CLIENT_TLS] = SMTP_CLIENT_FOR_US,
	    [CLIENT_AUTH] = SMTP_CLIENT_FOR_EHLO,
	    [CLIENT_READY] = SMTP_CLIENT_IDLE,
	    [CLIENT_RSET] = SMTP_CLIENT_FOR_RSET,
	    [CLIENT_MAIL] = SMTP_CLIENT_FOR_MAIL,
	    [CLIENT_RCPT] = SMTP_CLIENT_FOR_RCPT,
	    [CLIENT_DATA] = SMTP_CLIENT_FOR_DATA,
	    [CLIENT_BODY] = SMTP_CLIENT_FOR_BLOCK,
	    [CLIENT_CHUNK] = SMTP_CLIENT_FOR_END,
	    [CLIENT_END] = SMTP_CLIENT_FOR_END,
	    [CLIENT_QUIT] = SMTP_CLIENT_FOR_QUIT,
	    [CLIENT_OVER] = SMTP_CLIENT_FOR_US,
	};
	return classes[c->step];
}

enum smtp_client_stage smtp_client_stage(const struct smtp_client *c)
{
	return smtp_client_this_stage(c);
}

unsigned smtp_client_patience(enum smtp_client_waiting waiting)
{
	static const unsigned minutes[] = {
	    [SMTP_CLIENT_FOR_GREETING] = 5,
	    [SMTP_CLIENT_FOR_EHLO] = 5,
	    [SMTP_CLIENT_FOR_MAIL] = 5,
	    [SMTP_CLIENT_FOR_RCPT] = 5,
	    [SMTP_CLIENT_FOR_DATA] = 2,
	    [SMTP_CLIENT_FOR_BLOCK] = 3,
	    [SMTP_CLIENT_FOR_END] = 10,
	    [SMTP_CLIENT_FOR_RSET] = 5,
	    [SMTP_CLIENT_FOR_QUIT] = 5,
	    [SMTP_CLIENT_FOR_US] = 0,
	    [SMTP_CLIENT_IDLE] = 0,
	};
	return 60 * minutes[waiting];
}

const char *smtp_client_failure_name(enum smtp_client_failure failure)
{
	static const char *const names[] = {
	    [SMTP_CLIENT_REFUSED] = "refused",
	    [SMTP_CLIENT_NO_TLS] = "no TLS",
	    [SMTP_CLIENT_NO_LOGIN] = "no login",
	    [SMTP_CLIENT_LOGIN_REFUSED] = "login refused",
	    [SMTP_CLIENT_SHUT] = "closed by the host",
	    [SMTP_CLIENT_NONSENSE] = "no SMTP",
	    [SMTP_CLIENT_LOST] = "lost",
	    [SMTP_CLIENT_NO_MEMORY] = "no memory",
	};
	return names[failure];
}
