/*
 * Running the hooks of smtp_hooks.h: at each stage row after row, with the waiting between them; the taps of
 * the message under way; and what they have said of it.
 */
#include <errno.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/mem.h"
#include "format/header.h"
#include "format/lex.h"
#include "role/smtp/smtp_hooks.h"

enum {
	CHECK_ARENA_MAX = 512 * 1024, /* 1,000 mailboxes that one recipient leads to */
	TOLD_MAX = 5                  /* recipients of a message that is refused as a whole, for the trace */
};

static const struct smtp_hook_row *hooks;
static size_t hook_count;

void smtp_hooks_use(const struct smtp_hook_row *rows, size_t count)
{
	hooks = rows;
	hook_count = count < SMTP_HOOKS_MAX ? count : SMTP_HOOKS_MAX;
}

static unsigned kind_bit(const struct smtp_connection *c)
{
	if (c->edge.client.service == SERVICE_SMTP)
		return 1 << SMTP_RELAY;
	return c->edge.client.service == SERVICE_LMTP ? 1 << SMTP_LMTP : 1 << SMTP_SUBMISSION;
}

/* ---- running the hooks ---- */

static void log_refusal(const struct smtp_connection *c, const struct smtp_verdict *verdict)
{
	metric_add(METRIC_MESSAGES_REFUSED, metric_reason(view_from_string(verdict->enhanced)), 1);
	log_event(LOG_INFO, c->edge.id, "smtp-refused", log_string("client", c->edge.client.text),
	    log_text("sender", smtp_envelope(c->session)->terms.sender),
	    log_text("recipient", c->check.recipient ? c->check.recipient->path : (struct view){0}),
	    log_u64("code", verdict->code), log_string("reason", verdict->text));
}

/* What is refused when it has come is refused to each of its recipients. */
static void tell_refusal(struct smtp_connection *c, const struct smtp_verdict *verdict)
{
	const struct smtp_envelope *envelope = smtp_envelope(c->session);
	log_refusal(c, verdict);
	if (c->check.recipient || envelope->count == 0)
		smtp_refused_tell(
		    c, verdict, c->check.recipient ? c->check.recipient->path : (struct view){0});
	for (size_t i = 0; c->check.recipient == NULL && i < envelope->count && i < TOLD_MAX; i++)
		smtp_refused_tell(c, verdict, envelope->recipients[i].path);
}

static void decide(struct smtp_connection *c, const struct smtp_verdict *decided)
{
	struct smtp_verdict verdict = *decided;
	verdict.own_author = c->check.own_author;
	verdict.each = c->check.stage == SMTP_AT_END ? c->message.each : NULL;
	if (verdict.kind != SMTP_ACCEPT)
		tell_refusal(c, &verdict);
	else if (c->check.stage == SMTP_AT_RCPT)
		smtp_recipient_taken(c);
	/* The session may ask the next question within the answer to this one: it finds all as new. */
	struct arena texts = c->check.arena;
	arena_init(&c->check.arena, CHECK_ARENA_MAX);
	c->check.request = 0;
	c->check.recipient = NULL;
	c->check.targets = (struct codec_list){0};
	smtp_checked(c->session, &verdict);
	arena_done(&texts);
}

/* Runs hooks until one decides or waits. Returns false while one waits. */
static bool run_hooks(struct smtp_connection *c)
{
	struct smtp_verdict verdict = {.kind = SMTP_ACCEPT};
	while (c->check.next < hook_count) {
		size_t i = c->check.next++;
		if (hooks[i].stage != c->check.stage || !(hooks[i].kinds & kind_bit(c)))
			continue;
		enum smtp_hook_result result = hooks[i].run(c, &verdict);
		if (result == HOOK_WAIT)
			return false;
		if (result == HOOK_DECIDED)
			break;
	}
	decide(c, &verdict);
	return true;
}

void smtp_hooks_check(void *arg, enum smtp_stage stage, const struct smtp_envelope *envelope,
    const struct smtp_recipient *recipient)
{
	struct smtp_connection *c = arg;
	(void)envelope;
	c->check.stage = stage;
	c->check.recipient = recipient;
	c->check.next = 0;
	c->check.room_next = c->check.author_next = 0;
	c->check.own_author = false;
	arena_init(&c->check.arena, CHECK_ARENA_MAX);
	run_hooks(c);
}

/* An answer has come: the hook that waited has had its say, the others follow. */
void smtp_hooks_resume(
    struct smtp_connection *c, enum smtp_hook_result result, const struct smtp_verdict *verdict)
{
	c->check.request = 0;
	if (result == HOOK_DECIDED)
		decide(c, verdict);
	else if (result == HOOK_WAIT || !run_hooks(c))
		return;
	smtp_connection_continue(c);
}

enum smtp_hook_result smtp_hooks_ask(struct smtp_connection *c, struct calls *calls, unsigned type,
    const void *question, call_answered answered, struct smtp_verdict *verdict)
{
	c->check.calls = calls;
	c->check.request = calls_ask(calls, type, question, answered, c);
	if (c->check.request)
		return HOOK_WAIT;
	*verdict = (struct smtp_verdict){
	    .kind = SMTP_TEMPORARY, .code = 451, .enhanced = "4.3.0", .text = "try again later"};
	return HOOK_DECIDED;
}

const struct smtp_verdict smtp_unavailable = {.kind = SMTP_TEMPORARY,
    .code = 451,
    .enhanced = "4.3.0",
    .text = "a part of this server is restarting, try again later"};

void smtp_hooks_own_author(struct smtp_connection *c)
{
	c->check.own_author = true;
}

/* ---- the message under way ---- */

static bool sees(const struct smtp_connection *c, size_t row)
{
	return hooks[row].tap && (hooks[row].kinds & kind_bit(c));
}

static void begin_message(struct smtp_connection *c)
{
	c->message.begun = true;
	for (size_t i = 0; i < hook_count; i++)
		if (sees(c, i) && hooks[i].tap->begin)
			hooks[i].tap->begin(c);
}

void smtp_hooks_came(void *arg, struct view bytes)
{
	struct smtp_connection *c = arg;
	if (!c->message.begun)
		begin_message(c);
	for (size_t i = 0; i < hook_count; i++)
		if (sees(c, i) && hooks[i].tap->came)
			hooks[i].tap->came(c, bytes);
}

bool smtp_hooks_body(void *arg, struct view bytes)
{
	struct smtp_connection *c = arg;
	if (!c->message.begun)
		begin_message(c);
	for (size_t i = 0; i < hook_count; i++)
		if (sees(c, i) && !hooks[i].tap->bytes(c, bytes))
			c->message.full |= UINT32_C(1) << i;
	c->message.store_full = !smtp_upload_body(c, bytes);
	return !c->message.store_full && c->message.full == 0;
}

static void go_on(struct smtp_connection *c)
{
	if (c->message.store_full || c->message.full != 0)
		return;
	smtp_body_ready(c->session);
	smtp_connection_continue(c);
}

void smtp_hooks_store_ready(struct smtp_connection *c)
{
	c->message.store_full = false;
	go_on(c);
}

void smtp_hooks_tap_ready(struct smtp_connection *c, const struct smtp_tap *tap)
{
	for (size_t i = 0; i < hook_count; i++)
		if (hooks[i].tap == tap)
			c->message.full &= ~(UINT32_C(1) << i);
	go_on(c);
}

/* Without its end. The first line of a field has a name; what continues it is never blank alone, which some
 * readers take for the header's end. */
static bool is_field_line(struct view line, bool first)
{
	size_t name = 0;
	if (line.len == 0 || view_find(line, '\r') >= 0 || view_find(line, '\0') >= 0)
		return false;
	if (lex_is_blank(line.data[0]))
		return !first && view_trim(line).len > 0;
	while (name < line.len && header_is_ftext(line.data[name]))
		name++;
	return name > 0 && name < line.len && line.data[name] == ':';
}

/* Whole lines, each a field's first or the continuation of the one before it. */
static bool are_fields(struct view v)
{
	struct view line;
	if (v.len == 0 || v.data[v.len - 1] != '\n')
		return false;
	for (bool first = true; v.len > 0 && view_next(&v, '\n', &line); first = false)
		if (line.len == 0 || line.data[line.len - 1] != '\r' ||
		    !is_field_line(view_take(line, line.len - 1), first))
			return false;
	return true;
}

int smtp_hooks_add_header(struct smtp_connection *c, struct view fields)
{
	if (!are_fields(fields))
		return -EINVAL;
	int error = buf_append(&c->message.headers, fields);
	c->message.headers.failed = false;
	return error ? -ENOBUFS : 0;
}

void smtp_hooks_judge_recipient(
    struct smtp_connection *c, size_t recipient, const struct smtp_verdict *verdict)
{
	size_t count = smtp_envelope(c->session)->count;
	if (recipient >= count)
		return;
	if (c->message.each == NULL)
		c->message.each = mem_array(count, sizeof *c->message.each);
	if (c->message.each[recipient].kind == SMTP_ACCEPT)
		c->message.each[recipient] = *verdict;
}

void smtp_hooks_into_junk(struct smtp_connection *c, size_t recipient)
{
	size_t count = smtp_envelope(c->session)->count;
	if (recipient >= count)
		return;
	if (c->message.junk == NULL)
		c->message.junk = mem_array(count, sizeof *c->message.junk);
	c->message.junk[recipient] = true;
}

void smtp_hooks_abandon(void *arg)
{
	struct smtp_connection *c = arg;
	for (size_t i = 0; i < hook_count && c->message.begun; i++)
		if (sees(c, i) && hooks[i].tap->end)
			hooks[i].tap->end(c);
	c->message.begun = c->message.store_full = c->message.list_counts = false;
	c->message.list = 0;
	c->message.full = 0;
	buf_done(&c->message.headers);
	buf_done(&c->message.results);
	buf_done(&c->message.author);
	mem_free(c->message.each);
	mem_free(c->message.junk);
	c->message.each = NULL;
	c->message.junk = NULL;
	smtp_upload_abandon(c);
}

void smtp_hooks_init(struct smtp_connection *c)
{
	buf_init(&c->message.headers, VERDICT_HEADERS_MAX);
	buf_init(&c->message.results, SENDER_RESULTS_MAX);
	buf_init(&c->message.author, DOMAIN_MAX);
}

void smtp_hooks_forget_question(struct smtp_connection *c)
{
	if (c->check.request)
		calls_forget(c->check.calls, c->check.request);
	c->check.request = 0;
}

void smtp_hooks_forget(struct smtp_connection *c)
{
	smtp_hooks_forget_question(c);
	arena_done(&c->check.arena);
	smtp_hooks_abandon(c);
}
