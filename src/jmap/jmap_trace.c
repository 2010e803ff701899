/*
 * Where a message is (urn:postrider:params:jmap:trace; doc/jmap.md): MessageTrace/get, of EmailSubmissions
 * and of Emails that came by mail. Each is looked for in files, so a call may name few.
 */
#include <errno.h>

#include "jmap/jmap_numbered.h"
#include "mail/mail_trace.h"

enum { IDS_MAX = 16 };

static const char *const names[] = {"id", "steps", "isCut", NULL};
enum { HAS_STEPS = 1 << 1, HAS_CUT = 1 << 2, HAS_ALL = 7 };

struct tracing {
	struct jmap_get get;
	size_t at;   /* the id that is asked about */
	bool opened; /* its object is open */
};

static void open_object(struct jmap_call *c, struct tracing *t)
{
	struct json_out *w = jmap_respond(c);
	if (t->opened)
		return;
	t->opened = true;
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	json_out_string(w, t->get.ids[t->at]);
	if (t->get.properties & HAS_STEPS) {
		json_out_name(w, VIEW("steps"));
		json_out_array(w);
	}
}

static void put_step(struct json_out *w, const struct tracing_step *s)
{
	json_out_object(w);
	jmap_put_time(w, "at", s->at);
	jmap_put_text(w, "event", s->event);
	jmap_put_text(w, "text", s->text);
	jmap_put_text(w, "messageId", s->message);
	jmap_put_text(w, "recipient", s->recipient);
	jmap_put_text(w, "host", s->host);
	jmap_put_text(w, "reply", s->reply);
	jmap_put_text(w, "tls", s->tls);
	jmap_put_time(w, "nextAt", s->next);
	json_out_end(w);
}

static void close_object(struct jmap_call *c, struct tracing *t, bool cut)
{
	struct json_out *w = jmap_respond(c);
	open_object(c, t);
	if (t->get.properties & HAS_STEPS)
		json_out_end(w);
	if (t->get.properties & HAS_CUT) {
		json_out_name(w, VIEW("isCut"));
		json_out_bool(w, cut);
	}
	json_out_end(w);
	t->opened = false;
}

static void ask_next(struct jmap_call *c, struct tracing *t);

static void answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct tracing *t = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == TRACING_STEP) {
		open_object(c, t);
		if (t->get.properties & HAS_STEPS)
			put_step(jmap_respond(c), answer);
	}
	if (type != MAIL_DONE)
		return;
	if (done->error && done->error != -ENOENT) {
		jmap_error_of(c, done->error, "the trace");
		return;
	}
	if (done->error)
		jmap_get_missing(c, t->get.ids[t->at]);
	else
		close_object(c, t, done->number != 0);
	t->at++;
	ask_next(c, t);
}

/* One after the other: their steps are written as they come. */
static void ask_next(struct jmap_call *c, struct tracing *t)
{
	for (; t->at < t->get.count; t->at++) {
		struct tracing_ask question = {0};
		uint64_t account, number;
		struct view id = t->get.ids[t->at];
		if (mail_id_read(id, MAIL_ID_SUBMISSION, &account, &number))
			question.submission = number;
		else if (mail_id_read(id, MAIL_ID_EMAIL, &account, &number))
			question.email = number;
		if ((question.submission || question.email) && account == jmap_account(c)->number) {
			jmap_ask(c, TRACING_ASK, &question, answered);
			return;
		}
		jmap_get_missing(c, id);
	}
	jmap_get_end_without_state(c);
}

static void run(struct jmap_call *c)
{
	struct tracing *t = jmap_call_data(c, sizeof *t, NULL);
	if (!jmap_get_begin(c, &t->get, names, HAS_ALL, NULL, NULL))
		return;
	if (t->get.all || t->get.count > IDS_MAX) {
		jmap_error(c, "requestTooLarge", "\"ids\" must name at most %d messages", (int)IDS_MAX);
		return;
	}
	jmap_get_list(c);
	ask_next(c, t);
}

const struct jmap_method jmap_methods_trace[] = {
    {"MessageTrace/get", JMAP_TRACE, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run},
    {0},
};
