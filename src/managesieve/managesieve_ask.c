/* Questions to the account and their answers: one question at a time, since one command runs at a time. */
#include "managesieve/managesieve_private.h"

void managesieve_ask(
    struct managesieve_session *s, unsigned type, const void *question, managesieve_answered *answered)
{
	s->wait = MANAGESIEVE_WAIT_ACCOUNT;
	s->answered = answered;
	s->warns = false;
	s->expected = 0;
	s->backend->ask(s->arg, ++s->last_request, type, question);
}

void managesieve_say(struct managesieve_session *s, unsigned type, const void *question)
{
	s->backend->ask(s->arg, s->last_request + 1, type, question);
}

void managesieve_answer(struct managesieve_session *s, uint32_t request, unsigned type, const void *answer)
{
	if (s->wait != MANAGESIEVE_WAIT_ACCOUNT || request != s->last_request ||
	    s->state == MANAGESIEVE_ENDED)
		return;
	if (type == MAIL_DONE)
		s->wait = MANAGESIEVE_NO_WAIT;
	s->answered(s, type, answer);
	if (type == MAIL_DONE)
		buf_done(&s->found);
}
