/* Between an evaluation and the dns role: see lookup.h. Questions are under way one by one, and the
 * evaluation hears of it once, when the last is answered. */
#include "process/lookup.h"

#include "base/mem.h"

enum { STATUS_GOOD = 0, STATUS_NXDOMAIN = 3 };

struct lookup_question {
	struct lookup_question *next;
	struct lookup *lookup;
	unsigned number;
	uint32_t request;
};

static void take_out(struct lookup_question *q)
{
	struct lookup_question **at = &q->lookup->questions;
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	mem_free(q);
}

static void put(struct lookup *l, unsigned number, const struct answer *answer)
{
	answers_put(&l->answers, number, answer);
	if (answers_open(&l->answers) == 0)
		loop_task_schedule(&l->again);
}

static void put_failure(struct lookup *l, unsigned number, const char *why)
{
	put(l, number, &(struct answer){.status = ANSWER_FAILED, .why = view_from_string(why)});
}

static void put_message(struct lookup *l, unsigned number, const struct message_answer *m)
{
	struct view records[ANSWERS_RECORDS_MAX];
	size_t count = m->records.count < ANSWERS_RECORDS_MAX ? m->records.count : ANSWERS_RECORDS_MAX;
	const struct message_field *fields = m->records.items;
	for (size_t i = 0; i < count; i++)
		records[i] = fields[i].value;
	struct answer a = {.secure = m->secure != 0,
	    .ttl = m->ttl < UINT32_MAX ? (uint32_t)m->ttl : UINT32_MAX,
	    .canonical = m->canonical,
	    .why = m->why,
	    .records = records,
	    .count = count};
	a.status = m->bogus                       ? ANSWER_BOGUS
	           : m->status == STATUS_GOOD     ? ANSWER_GOOD
	           : m->status == STATUS_NXDOMAIN ? ANSWER_NXDOMAIN
	                                          : ANSWER_FAILED;
	put(l, number, &a);
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct lookup_question *q = arg;
	struct lookup *l = q->lookup;
	struct message_answer m;
	if (frame && !link_decode(link, frame, &m))
		return false; /* the link is closed by now, and this question was answered with it */
	unsigned number = q->number;
	take_out(q);
	if (frame)
		put_message(l, number, &m);
	else
		put_failure(l, number, "the resolver was restarted");
	return true;
}

static void run_again(void *arg)
{
	struct lookup *l = arg;
	l->ready(l->arg);
}

void lookup_init(struct lookup *l, struct loop *loop, struct calls *dns, uint64_t timeout_ms,
    void (*ready)(void *), void *arg)
{
	*l = (struct lookup){.dns = dns, .timeout_ms = timeout_ms, .ready = ready, .arg = arg};
	answers_init(&l->answers);
	loop_task_init(&l->again, loop, run_again, l);
}

void lookup_limit(struct lookup *l, unsigned questions_max, size_t memory_max)
{
	answers_done(&l->answers);
	answers_init_for(&l->answers, questions_max, memory_max);
}

void lookup_give_up(struct lookup *l)
{
	l->given_up = true;
	while (l->questions) {
		unsigned number = l->questions->number;
		calls_forget(l->dns, l->questions->request);
		take_out(l->questions);
		put_failure(l, number, "there was no answer in time");
	}
	loop_task_schedule(&l->again);
}

void lookup_ask(struct lookup *l)
{
	struct question question;
	while (answers_next(&l->answers, &question)) {
		if (l->given_up) {
			put_failure(l, question.number, "there was no answer in time");
			continue;
		}
		struct message_query m = {.name = view_from_string(question.name),
		    .type = question.type,
		    .timeout_ms = l->timeout_ms};
		struct lookup_question *q = mem_alloc(sizeof *q);
		*q = (struct lookup_question){.next = l->questions, .lookup = l, .number = question.number};
		l->questions = q;
		q->request = calls_ask(l->dns, MESSAGE_QUERY, &m, answered, q);
		if (q->request == 0) {
			take_out(q);
			put_failure(l, question.number, "the resolver is not running");
		}
	}
	/* Nothing was missing: the asker may as well run it again. */
	if (answers_open(&l->answers) == 0)
		loop_task_schedule(&l->again);
}

void lookup_done(struct lookup *l)
{
	while (l->questions) {
		calls_forget(l->dns, l->questions->request);
		take_out(l->questions);
	}
	loop_task_cancel(&l->again);
	answers_done(&l->answers);
}
