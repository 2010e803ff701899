/* Thread/get and Thread/changes: RFC 8621 section 3. */
#include <errno.h>

#include "base/cursor.h"
#include "jmap/jmap_asked.h"
#include "jmap/jmap_mail_state.h"
#include "jmap/jmap_table.h"

static const char *const properties[] = {"id", "emailIds", NULL};
enum { EMAIL_IDS = 1 << 1 };

struct getting {
	struct jmap_table_use use;
	struct jmap_get get;
	struct jmap_mail_states states;
	struct jmap_asked asked;
	uint64_t open; /* a thread whose emails may still come; 0: none */
};

static void release(void *data)
{
	struct getting *g = data;
	jmap_asked_done(&g->asked);
	jmap_table_leave(&g->use);
}

static void close_thread(struct jmap_call *c, struct getting *g)
{
	struct json_out *out = jmap_respond(c);
	if (g->open && g->get.properties & EMAIL_IDS)
		json_out_end(out);
	if (g->open)
		json_out_end(out);
	g->open = 0;
}

static void open_thread(struct jmap_call *c, struct getting *g, uint64_t thread)
{
	struct json_out *out = jmap_respond(c);
	close_thread(c, g);
	jmap_asked_pass(c, &g->get, &g->asked, thread);
	g->open = thread;
	json_out_object(out);
	json_out_name(out, VIEW("id"));
	jmap_put_id(out, MAIL_ID_THREAD, jmap_account(c)->number, thread);
	if (!(g->get.properties & EMAIL_IDS))
		return;
	json_out_name(out, VIEW("emailIds"));
	json_out_array(out);
}

static void take_thread(struct jmap_call *c, struct getting *g, const struct email_thread *thread)
{
	if (thread->thread != g->open)
		open_thread(c, g, thread->thread);
	for (struct cursor in = cursor_on(thread->emails);
	     g->get.properties & EMAIL_IDS && in.rest.len >= EMAIL_ID_SIZE;)
		jmap_put_id(jmap_respond(c), MAIL_ID_EMAIL, jmap_account(c)->number, cursor_u64(&in));
}

static void threads_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_THREAD)
		take_thread(c, g, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		jmap_error_of(c, done->error, "the threads");
		return;
	}
	close_thread(c, g);
	jmap_asked_end(c, &g->get, &g->asked);
	jmap_get_end(c, jmap_mail_state_of(&g->states, JMAP_KIND_THREADS));
}

static void states_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_STATE)
		jmap_mail_states_take(&g->states, answer);
	if (type == MAIL_DONE && done->error)
		jmap_error_of(c, done->error, "the threads");
}

static void ask(struct jmap_call *c, struct getting *g)
{
	struct email_states states = {.account = jmap_account(c)->ask};
	struct email_threads threads = {
	    .account = jmap_account(c)->ask, .threads = buf_view(&g->asked.numbers)};
	jmap_get_list(c);
	jmap_ask(c, EMAIL_STATES, &states, states_answered);
	jmap_ask(c, EMAIL_THREADS, &threads, threads_answered);
}

/* ids is null: all that there are, if they are not too many. */
static void table_ready(struct jmap_call *c, struct jmap_table *t)
{
	struct getting *g = jmap_data(c);
	size_t count = 0;
	for (uint32_t i = 0; i < t->group_count; i++)
		if (jmap_table_first(t, i) != JMAP_NO_ROW && count++ < JMAP_OBJECTS_GET_MAX)
			buf_append_u64(&g->asked.numbers, t->groups[i].thread);
	if (count > JMAP_OBJECTS_GET_MAX)
		jmap_error(c, "requestTooLarge", "there are more threads than one call may get");
	else if (buf_failed(&g->asked.numbers))
		jmap_error_of(c, -ENOMEM, "the threads");
	else
		ask(c, g);
}

static void get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, release);
	jmap_asked_init(&g->asked);
	if (!jmap_get_begin(c, &g->get, properties, EMAIL_IDS, NULL, NULL))
		return;
	if (g->get.all)
		jmap_table_refresh(c, table_ready);
	else if (jmap_asked_take(c, &g->get, MAIL_ID_THREAD, &g->asked))
		ask(c, g);
}

static void changes(struct jmap_call *c)
{
	jmap_mail_changes(c, JMAP_KIND_THREADS);
}

const struct jmap_method jmap_methods_thread[] = {
    {"Thread/get", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, get},
    {"Thread/changes", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, changes},
    {0},
};
