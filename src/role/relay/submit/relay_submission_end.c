/* How a message's turn ends, and the recipients that fail on its way: for the files of this folder. */
#include "role/relay/submit/relay_submit_private.h"

#include "dsn/dsn_explain.h"

static void on_end(void *arg)
{
	struct relay_submission *s = arg;
	s->ended(s, s->how, s->reason);
}

void relay_submission_finish(struct relay_submission *s, enum relay_submission_end how, const char *reason)
{
	if (s->finished)
		return;
	s->finished = true;
	s->how = how;
	s->reason = reason;
	loop_task_schedule(&s->task);
}

void relay_submission_fail(
    struct relay_submission *s, size_t recipient, enum trouble cause, const char *words)
{
	struct view text = view_from_string(words);
	if (!arena_copy(&s->arena, text, &text))
		text = (struct view){0};
	for (size_t i = 0; i < s->m.recipients.count; i++)
		if (i == recipient || recipient == SIZE_MAX) {
			s->results[i].verdict = QUEUE_FAILED;
			s->results[i].cause = cause;
			s->results[i].status = view_from_string(trouble_status(cause, true));
			s->results[i].reply = text;
		}
}

bool relay_submission_ask(
    struct relay_submission *s, struct calls *calls, unsigned type, const void *m, call_answered answered)
{
	s->asked = calls;
	s->request = calls_ask(calls, type, m, answered, s);
	if (s->request == 0)
		relay_submission_finish(s, SUBMISSION_TROUBLE, "another part of this server is away");
	return s->request != 0;
}

void relay_submission_init_end(struct relay_submission *s)
{
	loop_task_init(&s->task, &relay_role.process->loop, on_end, s);
}
