/* Questions to the account: those of calls, and the session's own for its accounts. */
#include "jmap/jmap_state.h"

#include <errno.h>

#include "base/mem.h"

/* ---- questions ---- */

static uint32_t ask(struct jmap_session *s, struct jmap_request *r, uint64_t serial, unsigned type,
    const void *question, jmap_answered *answered)
{
	if (s->question_count == s->question_room) {
		s->question_room = s->question_room ? 2 * s->question_room : 4;
		s->questions = mem_resize(s->questions, s->question_room * sizeof *s->questions);
	}
	if (++s->last_number == 0)
		s->last_number = 1;
	uint32_t number = s->last_number;
	s->questions[s->question_count++] = (struct jmap_question){number, r, serial, answered};
	s->host->ask(s->arg, number, type, question);
	return number;
}

uint32_t jmap_ask(struct jmap_call *c, unsigned type, const void *question, jmap_answered *answered)
{
	struct jmap_session *s = c->request->session;

	if (c->ended)
		return 0;
	if (s->lost) { /* an answer would never come */
		jmap_error_of(c, -EIO, "the account");
		return 0;
	}
	if (s->question_count >= JMAP_QUESTIONS_MAX) {
		jmap_error(c, c->method->flags & JMAP_WRITES ? "serverPartialFail" : "serverUnavailable",
		    "too much is being asked of the account; try again later");
		return 0;
	}
	return ask(s, c->request, c->serial, type, question, answered);
}

void jmap_stop(struct jmap_call *c, uint32_t number)
{
	struct jmap_session *s = c->request->session;

	for (size_t i = 0; i < s->question_count; i++)
		if (s->questions[i].number == number && s->questions[i].request == c->request) {
			s->questions[i].request = NULL;
			if (!s->lost)
				s->host->ask(s->arg, number, MAIL_STOP, &(struct mail_stop){0});
			return;
		}
}

void jmap_tell(struct jmap_call *c, unsigned type, const void *said)
{
	struct jmap_session *s = c->request->session;

	/* An upload that a call has begun and not used must go, however the call has ended. */
	if ((c->ended && type != MAIL_UPLOAD_ABORT) || s->lost)
		return;
	if (++s->last_number == 0)
		s->last_number = 1;
	s->host->ask(s->arg, s->last_number, type, said);
}

uint64_t jmap_upload_number(struct jmap_call *c)
{
	return ++c->request->session->last_upload;
}

void jmap_on_credit(
    struct jmap_call *c, void (*credited)(struct jmap_call *c, const struct mail_upload_credit *credit))
{
	c->credited = credited;
}

void jmap_forget_questions(struct jmap_session *s, const struct jmap_request *r)
{
	for (size_t i = 0; i < s->question_count; i++)
		if (s->questions[i].request == r)
			s->questions[i].request = NULL;
}

/* ---- accounts ---- */

void jmap_ask_accounts(struct jmap_session *s)
{
	if (s->accounts_number || s->lost)
		return;
	s->gathered = mem_alloc(sizeof *s->gathered);
	s->gathered[0] = (struct jmap_account){.number = s->config.account, .address = s->config.address};
	s->gathered_count = 1;
	s->accounts_number = ask(s, NULL, 0, MAIL_MAILBOXES, &(struct mail_mailboxes){.offered = true}, NULL);
}

const struct jmap_account *jmap_find_account(const struct jmap_session *s, struct view id)
{
	uint64_t number;

	if (!mail_account_id_read(id, &number))
		return NULL;
	for (size_t i = 0; i < s->account_count; i++)
		if (s->accounts[i].number == number)
			return &s->accounts[i];
	return NULL;
}

void jmap_put_accounts(struct jmap_call *c, const char *name, uint64_t number)
{
	struct json_out *w = jmap_respond(c);
	const struct jmap_session *s = c->request->session;
	size_t i = 0;

	while (i < s->account_count && s->accounts[i].number != number)
		i++;
	json_out_name(w, view_from_string(name));
	if (i == s->account_count) {
		json_out_null(w);
		return;
	}
	json_out_object(w);
	s->put_account(w, s, &s->accounts[i]);
	json_out_end(w);
}
