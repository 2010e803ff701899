/* Reasons, and who gives them: relay_reason.h. */
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "format/outcome.h"
#include "process/messages_queue.h"
#include "role/relay/relay_reason.h"

enum { TEXT_MAX = 500 /* of a reply, beside its codes: QUEUE_REPLY_MAX holds all */ };

void relay_reason_set(
    struct relay_reason *r, enum trouble cause, const char *status, const char *stage, struct view text)
{
	const char *copy = mem_string(view_take(text, QUEUE_REPLY_MAX));
	mem_free((void *)(uintptr_t)r->text);
	r->text = copy;
	r->cause = cause;
	r->stage = stage;
	if (status != r->status)
		snprintf(r->status, sizeof r->status, "%s", status);
}

void relay_reason_reply(struct relay_reason *r, const char *status, const struct smtp_client_reply *reply)
{
	char own[16] = "4.3.2"; /* RFC 3463: the system is not accepting messages */
	struct buf text;
	buf_init(&text, QUEUE_REPLY_MAX);
	buf_printf(&text, "%u ", reply->code);
	if (reply->enhanced.len)
		buf_printf(&text, "%.*s ", VIEW_FMT(reply->enhanced));
	buf_append(&text, view_take(reply->text, TEXT_MAX));
	if (reply->enhanced.len)
		snprintf(own, sizeof own, "4%.*s",
		    VIEW_FMT(view_take(view_skip(reply->enhanced, 1), sizeof own - 2)));
	relay_reason_set(
	    r, TROUBLE_NONE, status ? status : own, smtp_client_stage_name(reply->stage), buf_view(&text));
	buf_done(&text);
}

void relay_reason_failure(
    struct relay_reason *r, enum smtp_client_failure failure, const struct smtp_client_reply *reply)
{
	static const struct {
		enum trouble cause;
		const char *status; /* of a reply, NULL: its own */
	} rows[] = {[SMTP_CLIENT_REFUSED] = {TROUBLE_PROTOCOL, NULL},
	    [SMTP_CLIENT_NO_TLS] = {TROUBLE_TLS_MISSING, "4.7.4"},
	    [SMTP_CLIENT_NO_LOGIN] = {TROUBLE_AUTH, "4.7.4"},
	    [SMTP_CLIENT_LOGIN_REFUSED] = {TROUBLE_AUTH, "4.7.8"},
	    [SMTP_CLIENT_SHUT] = {TROUBLE_LOST, NULL},
	    [SMTP_CLIENT_NONSENSE] = {TROUBLE_PROTOCOL, "4.5.0"},
	    [SMTP_CLIENT_LOST] = {TROUBLE_LOST, "4.4.2"},
	    [SMTP_CLIENT_NO_MEMORY] = {TROUBLE_LOCAL, "4.3.0"}};
	const char *status = rows[failure].status, *stage = smtp_client_stage_name(reply->stage);
	char text[128];
	if (reply->code >= 400 && failure != SMTP_CLIENT_NO_MEMORY && failure != SMTP_CLIENT_NONSENSE) {
		relay_reason_reply(r, status, reply);
		return;
	}
	if (failure == SMTP_CLIENT_LOST)
		snprintf(text, sizeof text, "the host ended the connection without a reply (at %s)", stage);
	else
		snprintf(text, sizeof text, "%s at %s", smtp_client_failure_name(failure), stage);
	relay_reason_set(r, rows[failure].cause, status ? status : "4.4.2", stage, view_from_string(text));
}

enum trouble relay_trouble_of_connect(int error)
{
	switch (-error) {
	case ECONNREFUSED:
	case ENOENT: /* a socket of this machine */
		return TROUBLE_REFUSED;
	case ETIMEDOUT:
		return TROUBLE_TIMED_OUT;
	case ECONNRESET:
	case EPIPE:
		return TROUBLE_LOST;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
		return TROUBLE_LOCAL;
	default:
		return TROUBLE_UNREACHABLE;
	}
}

const char *relay_reason_cause(const struct relay_reason *r)
{
	return r->cause == TROUBLE_NONE ? "the host said it" : trouble_phrase(r->cause);
}

void relay_reason_copy(struct relay_reason *to, const struct relay_reason *from)
{
	relay_reason_set(
	    to, from->cause, from->status, from->stage ? from->stage : "", view_from_string(from->text));
}

void relay_reason_done(struct relay_reason *r)
{
	mem_free((void *)(uintptr_t)r->text);
	*r = (struct relay_reason){0};
}
