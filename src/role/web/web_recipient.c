/* See web_recipient.h. */
#include "role/web/web_recipient.h"

#include "base/mem.h"
#include "mail/mail.h"
#include "role/web/web_relay.h"

enum { PAYLOAD_MAX = 2 * RECIPIENT_ADDRESS_MAX };

/* One address of a question. */
struct asked_address {
	struct web_recipient *of;
	uint32_t request; /* to relay; 0: it is answered */
	uint64_t state, tls;
};

struct web_recipient {
	struct web_recipient *next;
	struct web_user *user;
	uint32_t number;
	size_t count, left; /* addresses, and those that relay has not answered yet */
	struct loop_task end;
	struct asked_address addresses[];
};

static struct role_process *process;

void web_recipient_start(struct role_process *p)
{
	process = p;
}

static void free_question(struct web_recipient *q)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->addresses[i].request)
			calls_forget(&web_relay, q->addresses[i].request);
	loop_task_cancel(&q->end);
	mem_free(q);
}

/* It may end the user. */
static void end(void *arg)
{
	struct web_recipient *q = arg, **at = &q->user->recipients;
	struct web_user *user = q->user;
	const struct mail_done done = {0};
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	user->references++;
	for (size_t i = 0; i < q->count; i++) {
		const struct recipient_told told = {
		    .index = i, .state = q->addresses[i].state, .tls = q->addresses[i].tls};
		web_user_answer(user, q->number, RECIPIENT_TOLD, &told);
	}
	web_user_answer(user, q->number, MAIL_DONE, &done);
	free_question(q);
	web_user_release(user);
}

static void answer_one(struct asked_address *a, uint64_t state, uint64_t tls)
{
	a->request = 0;
	a->state = state;
	a->tls = tls;
	if (--a->of->left == 0)
		loop_task_schedule(&a->of->end);
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_recipient_answer m = {.state = RECIPIENT_UNKNOWN};
	if (frame && !link_decode(link, frame, &m))
		return false;
	answer_one(arg, m.state, m.tls);
	return true;
}

/* What cannot be said to another process cannot be an address. */
static void ask_one(struct asked_address *a, struct view address)
{
	const struct message_recipient m = {.account = a->of->user->account, .address = address};
	struct buf payload;
	buf_init(&payload, PAYLOAD_MAX);
	bool good = ipc_encode(&payload, MESSAGE_RECIPIENT, &m) == 0;
	a->request =
	    good ? calls_ask_encoded(&web_relay, MESSAGE_RECIPIENT, buf_view(&payload), answered, a) : 0;
	buf_done(&payload);
	if (a->request == 0)
		answer_one(a, good ? RECIPIENT_UNKNOWN : RECIPIENT_MALFORMED, RECIPIENT_TLS_UNKNOWN);
}

void web_recipient_ask(struct web_user *user, uint32_t number, const struct recipient_ask *ask)
{
	struct web_recipient *q = mem_alloc(sizeof *q + ask->count * sizeof q->addresses[0]);
	*q = (struct web_recipient){.next = user->recipients,
	    .user = user,
	    .number = number,
	    .count = ask->count,
	    .left = ask->count};
	user->recipients = q;
	loop_task_init(&q->end, &process->loop, end, q);
	for (size_t i = 0; i < ask->count; i++)
		q->addresses[i] = (struct asked_address){.of = q};
	for (size_t i = 0; i < ask->count; i++)
		ask_one(&q->addresses[i], ask->addresses[i]);
	if (ask->count == 0)
		loop_task_schedule(&q->end);
}

/* ---- a part of the user ---- */

static void release(struct web_user *user)
{
	while (user->recipients) {
		struct web_recipient *q = user->recipients;
		user->recipients = q->next;
		free_question(q);
	}
}

const struct web_user_part web_recipient_part = {.release = release};
