#include "script_session.h"

#include <string.h>

#include "../../account/support.h"
#include "account/scripts.h"
#include "master/roles.h"
#include "role/rules/role_rules.h"
#include "role/store/right.h"
#include "role/store/rules_state.h"
#include "role/store/store_rules.h"

/* ---- the administrator's end ---- */

static void on_done(struct link *link, struct channel_frame *frame, const void *message)
{
	struct script_session *s = link->arg;
	(void)frame;
	s->done = true;
	s->end = *(const struct mail_done *)message;
}

static void on_entry(struct link *link, struct channel_frame *frame, const void *message)
{
	struct script_session *s = link->arg;
	size_t at = strlen(s->names);
	(void)frame;
	s->entry = *(const struct script_entry *)message;
	snprintf(s->names + at, sizeof s->names - at, "%s%.*s%s", at ? " " : "", VIEW_FMT(s->entry.name),
	    s->entry.active ? "*" : "");
}

static void on_bytes(struct link *link, struct channel_frame *frame, const void *message)
{
	struct script_session *s = link->arg;
	const struct script_bytes *m = message;
	(void)frame;
	buf_append(&s->text, m->bytes);
	s->pieces++;
	s->lasts += m->last != 0;
}

static void on_complaint(struct link *link, struct channel_frame *frame, const void *message)
{
	struct script_session *s = link->arg;
	const struct script_complaint *m = message;
	size_t at = strlen(s->complaints);
	(void)frame;
	s->complaint_count++;
	snprintf(s->complaints + at, sizeof s->complaints - at, "%u:%u %.*s\n", (unsigned)m->line,
	    (unsigned)m->column, VIEW_FMT(m->text));
}

static void on_gone(struct link *link, struct channel_frame *frame, const void *message)
{
	struct script_session *s = link->arg;
	struct cursor in = cursor_on(((const struct script_gone *)message)->numbers);
	(void)frame;
	while (!cursor_at_end(&in)) {
		size_t at = strlen(s->gone);
		snprintf(s->gone + at, sizeof s->gone - at, "%u ", (unsigned)cursor_u64(&in));
	}
}

static void on_deed(struct link *link, struct channel_frame *frame, const void *message)
{
	struct script_session *s = link->arg;
	const struct script_deed *m = message;
	size_t at = strlen(s->told);
	(void)frame;
	s->deeds++;
	snprintf(s->told + at, sizeof s->told - at, "%s%.*s%s", at ? ", " : "", VIEW_FMT(m->rule_name),
	    m->failed.len             ? "failed"
	    : m->kind == SCRIPT_KEEPS ? "keeps"
	                              : "");
}

static void on_setting(struct link *link, struct channel_frame *frame, const void *message)
{
	struct script_session *s = link->arg;
	(void)frame;
	s->settings++;
	snprintf(s->told, sizeof s->told, "%.*s", VIEW_FMT(((const struct vacation_setting *)message)->text));
}

static void on_person(struct link *link, struct channel_frame *frame, const void *message)
{
	struct script_session *s = link->arg;
	(void)frame;
	s->persons++;
	snprintf(s->told, sizeof s->told, "%.*s", VIEW_FMT(((const struct vacation_person *)message)->who));
}

static const struct link_verb verbs[] = {{MAIL_DONE, on_done}, {SCRIPT_ENTRY, on_entry},
    {SCRIPT_BYTES, on_bytes}, {SCRIPT_COMPLAINT, on_complaint}, {SCRIPT_GONE, on_gone},
    {SCRIPT_DEED, on_deed}, {VACATION_SETTING, on_setting}, {VACATION_PERSON, on_person}, {0}};
static const struct role_hears hears[] = {{ROLE_STORE, verbs}, {0}};
static const struct role_functions functions = {.hears = hears};
static const struct role admin_role = {ROLE_ADMIN, "admin", .functions = &functions};

static void closed(struct link *link)
{
	struct script_session *s = link->arg;
	s->lost = true;
}

void script_session_open(struct script_session *s, uint64_t shard, unsigned permissions)
{
	int pair[2];
	memset(s, 0, sizeof *s);
	buf_init(&s->text, 4 << 20);
	if (channel_pair(pair) != 0)
		fail_msg("no channel");
	right_open(shard, permissions, ROLE_ADMIN, pair[0]);
	link_open(&s->link, mail_world_edge(), pair[1], ROLE_STORE, closed, s);
	script_world_settle();
}

void script_session_close(struct script_session *s)
{
	link_close(&s->link);
	script_world_settle();
	buf_done(&s->text);
}

void script_send(struct script_session *s, unsigned type, const void *question)
{
	s->done = false;
	if (ipc_send(&s->link.channel, type, ++s->request, question, -1) != 0)
		fail_msg("a question cannot be sent");
}

void script_stop(struct script_session *s)
{
	if (ipc_send(&s->link.channel, MAIL_STOP, s->request, &(struct message_empty){0}, -1) != 0)
		fail_msg("a question cannot be stopped");
}

int64_t script_ask(struct script_session *s, unsigned type, const void *question)
{
	s->names[0] = s->complaints[0] = s->gone[0] = s->told[0] = '\0';
	s->pieces = s->lasts = s->complaint_count = s->deeds = s->settings = s->persons = 0;
	buf_clear(&s->text);
	script_send(s, type, question);
	script_world_settle();
	assert_true(s->done);
	return s->end.error;
}

/* ---- the rules role ---- */

static struct role_process rules_process;

void script_world_rules(void)
{
	int pair[2];
	if (channel_pair(pair) != 0)
		fail_msg("no channel");
	rules_functions.peer(&rules_process, ROLE_STORE, pair[0]);
	store_rules_open(store_role.process, pair[1]);
}

void script_world_lose_rules(void)
{
	calls_close(store_rules_calls());
}

void script_world_begin(void)
{
	mail_world_edge()->role = &admin_role;
	memset(&rules_process, 0, sizeof rules_process);
	rules_process.role = role_by_name("rules");
	rules_process.introduced.fd = -1;
	loop_init(&rules_process.loop);
	calls_init(store_rules_calls());
	script_world_rules();
}

void script_world_end(void)
{
	right_end_all();
	script_world_settle();
	store_rules_stop();
	for (int i = 0; i < 3; i++)
		loop_turn(&rules_process.loop);
	rules_state_forget_all();
	loop_done(&rules_process.loop);
}

void script_world_settle(void)
{
	for (int i = 0; i < 10; i++) {
		mail_world_settle();
		loop_turn(&rules_process.loop);
	}
}

/* ---- what is there ---- */

struct putting {
	struct account_script_put put;
	bool done;
	int result;
};

static void was_put(struct account_script_put *p, int result)
{
	struct putting *w = p->arg;
	w->done = true;
	w->result = result;
}

uint64_t script_put_raw(uint64_t shard, uint8_t place, const char *name, struct view text)
{
	struct putting w = {.put = {.shard = shard,
	                        .which = {.place = place, .name = view_from_string(name)},
	                        .text = text,
	                        .form = VIEW("form"),
	                        .done = was_put,
	                        .arg = &w}};
	account_script_put(&store_role.accounts, &w.put);
	test_wait(store_role.store, &w.done);
	assert_int_equal(w.result, 0);
	return w.put.number;
}
