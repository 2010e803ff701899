/* See web_admin.h. */
#include "role/web/web_admin.h"

#include <errno.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mail/mail.h"

enum {
	PAYLOAD_MAX = 512 * 1024, /* a hundred targets, or a hundred ids */
	LOCAL_MAX = 1024 * 1024,
	/* Both channels end 15 minutes after the last question: a question to one is told to the other, no
	   more often than this. */
	USED_MS = 60 * 1000
};

struct asked_one {
	struct asked_one *next;
	uint32_t number; /* JMAP's; 0: nobody waits for the answer */
	unsigned type;
	struct buf payload;
};

struct web_admin {
	struct web_user *user;
	struct calls auth, store;
	struct asked_one *first; /* the one under way, if any, and those that wait */
	bool under_way;
	int64_t used; /* clock_elapsed_ms: when both were told of a use */
	struct loop_task next;
};

static struct role_process *process;

void web_admin_start(struct role_process *p)
{
	process = p;
}

/* A password may be in it. */
static void free_one(struct asked_one *one)
{
	if (one->payload.data)
		mem_wipe(one->payload.data, one->payload.cap);
	buf_done(&one->payload);
	mem_free(one);
}

/* ---- answers ---- */

static void tell(struct web_admin *a, unsigned type, const void *said)
{
	if (a->first->number)
		web_user_answer(a->user, a->first->number, type, said);
}

static void finish(struct web_admin *a, int64_t error, uint64_t number)
{
	const struct mail_done done = {.error = error, .number = number};
	struct asked_one *one = a->first;
	tell(a, MAIL_DONE, &done);
	a->first = one->next;
	a->under_way = false;
	free_one(one);
	loop_task_schedule(&a->next);
}

/* The channel has ended meanwhile: what was asked may have been done. */
static bool administered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct web_admin *a = arg;
	struct message_administered m;
	if (frame == NULL) {
		finish(a, -EIO, 0);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	const struct message_field *items = m.fields.items;
	struct view *fields = mem_array(m.fields.count + 1, sizeof *fields);
	for (size_t i = 0; i < m.fields.count; i++)
		fields[i] = items[i].value;
	const struct admin_fields told = {.number = m.number, .fields = fields, .count = m.fields.count};
	tell(a, ADMIN_FIELDS, &told);
	mem_free(fields);
	finish(a, m.error, m.number);
	return true;
}

static bool output(void *arg, struct link *link, struct channel_frame *frame)
{
	struct web_admin *a = arg;
	struct message_output m;
	if (frame == NULL) {
		finish(a, -EIO, 0);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	const struct admin_text text = {.text = m.text};
	if (m.text.len)
		tell(a, ADMIN_TEXT, &text);
	if (m.last)
		finish(a, 0, m.status);
	return m.last;
}

/* Told to those alone who could ask the others. */
static void answer_here(struct web_admin *a, void (*put)(struct buf *out))
{
	struct buf json;
	if (!a->auth.link.up) {
		finish(a, -EACCES, 0);
		return;
	}
	buf_init(&json, LOCAL_MAX);
	put(&json);
	const struct admin_text text = {.text = buf_view(&json)};
	bool failed = buf_failed(&json);
	if (!failed)
		tell(a, ADMIN_TEXT, &text);
	buf_done(&json);
	finish(a, failed ? -ENOMEM : 0, 0);
}

/* ---- questions ---- */

static void add(struct web_admin *a, struct asked_one *one)
{
	struct asked_one **end = &a->first;
	while (*end)
		end = &(*end)->next;
	*end = one;
	loop_task_schedule(&a->next);
}

static int encode_ask(struct asked_one *one, const struct admin_ask *ask)
{
	struct message_field items[ADMIN_FIELDS_MAX];
	if (ask->count > ADMIN_FIELDS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < ask->count; i++)
		items[i].value = ask->fields[i];
	const struct message_administer m = {.operation = ask->operation,
	    .number = ask->number,
	    .fields = {.items = items, .count = ask->count}};
	return ipc_encode(&one->payload, MESSAGE_ADMINISTER, &m);
}

static int encode_command(struct asked_one *one, const struct admin_command *command)
{
	struct message_field items[ADMIN_WORDS_MAX];
	if (command->count > ADMIN_WORDS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < command->count; i++)
		items[i].value = command->words[i];
	const struct message_command m = {.words = {.items = items, .count = command->count}, .json = true};
	return ipc_encode(&one->payload, MESSAGE_COMMAND, &m);
}

/* One that cannot be said is asked with an empty payload, and refused when its turn comes. */
static struct asked_one *new_one(uint32_t number, unsigned type, const void *question)
{
	struct asked_one *one = mem_alloc(sizeof *one);
	int error = 0;
	one->number = number;
	one->type = type;
	buf_init(&one->payload, PAYLOAD_MAX);
	if (type == ADMIN_ASK)
		error = encode_ask(one, question);
	else if (type == ADMIN_COMMAND)
		error = encode_command(one, question);
	if (error)
		buf_clear(&one->payload);
	return one;
}

static void note_use(struct web_admin *a)
{
	static const struct view word = {"used", 4};
	static const struct admin_command to_store = {.words = &word, .count = 1};
	static const struct admin_ask to_auth = {.operation = ADMIN_USED};
	int64_t now = clock_elapsed_ms();
	if (now - a->used < USED_MS)
		return;
	a->used = now;
	if (a->auth.link.up && a->store.link.up) {
		add(a, new_one(0, ADMIN_ASK, &to_auth));
		add(a, new_one(0, ADMIN_COMMAND, &to_store));
	}
}

static void ask_other(struct web_admin *a, struct calls *calls, unsigned type, call_answered answered)
{
	struct view payload = buf_view(&a->first->payload);
	if (!calls->link.up)
		finish(a, -EACCES, 0);
	else if (payload.len == 0)
		finish(a, -EMSGSIZE, 0);
	else if (calls_ask_encoded(calls, type, payload, answered, a) == 0)
		finish(a, -EACCES, 0);
}

static void run_next(void *arg)
{
	struct web_admin *a = arg;
	if (a->under_way || a->first == NULL)
		return;
	a->under_way = true;
	switch (a->first->type) {
	case ADMIN_ASK:
		ask_other(a, &a->auth, MESSAGE_ADMINISTER, administered);
		break;
	case ADMIN_COMMAND:
		ask_other(a, &a->store, MESSAGE_COMMAND, output);
		break;
	case ADMIN_SETTINGS:
		answer_here(a, web_admin_settings);
		break;
	case ADMIN_CERTIFICATES:
		answer_here(a, web_admin_certificates);
		break;
	case ADMIN_ROLES:
		answer_here(a, web_admin_roles);
		break;
	default:
		finish(a, -EOPNOTSUPP, 0);
		break;
	}
}

static struct web_admin *admin_of(struct web_user *user)
{
	if (user->admin)
		return user->admin;
	struct web_admin *a = mem_alloc(sizeof *a);
	a->user = user;
	calls_init(&a->auth);
	calls_init(&a->store);
	loop_task_init(&a->next, &process->loop, run_next, a);
	user->admin = a;
	return a;
}

bool web_admin_is_question(unsigned type)
{
	return type >= ADMIN_ASK && type <= ADMIN_ROLES;
}

void web_admin_ask(struct web_user *user, uint32_t number, unsigned type, const void *question)
{
	struct web_admin *a = admin_of(user);
	add(a, new_one(number, type, question));
	note_use(a);
}

void web_admin_take(struct web_user *user, int auth, int store)
{
	struct web_admin *a = admin_of(user);
	calls_link(&a->auth, process, auth, ROLE_AUTH);
	calls_link(&a->store, process, store, ROLE_STORE);
	a->used = clock_elapsed_ms();
}

/* ---- a part of the user ---- */

static void close_both(struct web_admin *a)
{
	calls_close(&a->auth);
	calls_close(&a->store);
}

static void lost(struct web_user *user)
{
	if (user->admin)
		close_both(user->admin);
}

static void release(struct web_user *user)
{
	struct web_admin *a = user->admin;
	if (a == NULL)
		return;
	user->admin = NULL;
	loop_task_cancel(&a->next);
	for (struct asked_one *one = a->first; one; one = one->next)
		one->number = 0;
	close_both(a);
	while (a->first) {
		struct asked_one *one = a->first;
		a->first = one->next;
		free_one(one);
	}
	loop_task_cancel(&a->next);
	mem_free(a);
}

const struct web_user_part web_admin_part = {.lost = lost, .release = release};
