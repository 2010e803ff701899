/* SUBMISSION_RECEIPT: a session tells the sender of an email what became of it (RFC 8098), once. */
#include <errno.h>

#include "base/container.h"
#include "mail/submission.h"
#include "role/store/question.h"
#include "role/store/store_answer.h"
#include "role/store/store_private.h"
#include "role/store/submit_addresses.h"

enum {
	ARENA_MAX = 2 * SUBMISSION_RECEIPT_MAX, /* the message, and its addresses */
	OWN = 2,                                /* of the addresses: author, reader */
	ADDRESSES_MAX = OWN + SUBMISSION_RECEIPT_RECIPIENTS_MAX
};

struct right_receipt {
	struct question question;
	struct arena arena;
	struct submission_receipt asked; /* its texts are in the arena */
	struct submit_addresses look;
	struct view addresses[ADDRESSES_MAX];
	int results[ADDRESSES_MAX];
};

static struct right_receipt *receipt_of(struct question *question)
{
	return container_of(question, struct right_receipt, question);
}

static void release(struct question *question)
{
	arena_done(&receipt_of(question)->arena);
}

static const struct question_kind kind = {.release = release};

static void sent(void *arg, int result)
{
	struct right_receipt *x = arg;
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		question_done(&x->question, &(struct mail_done){0});
}

static void looked(struct submit_addresses *look, int result)
{
	struct right_receipt *x = container_of(look, struct right_receipt, look);
	if (!question_back(&x->question))
		return;
	for (size_t i = 0; i < look->count && result == 0; i++)
		if (x->results[i])
			result = i < OWN ? -EACCES : -EADDRNOTAVAIL;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	question_call(&x->question);
	store_answer_send(&(struct store_answer){.account = x->question.right->account,
	    .message = x->asked.message,
	    .recipients = x->asked.recipients,
	    .author = x->asked.author,
	    .utf8 = x->asked.utf8,
	    .eight_bit = x->asked.eight_bit,
	    .receipt_of = x->asked.email,
	    .done = sent,
	    .arg = x});
}

static int take_question(struct right_receipt *x, const struct submission_receipt *m)
{
	struct view rest, line;
	size_t count = 0;
	x->asked = *m;
	if (!arena_copy(&x->arena, m->author, &x->asked.author) ||
	    !arena_copy(&x->arena, m->reader, &x->asked.reader) ||
	    !arena_copy(&x->arena, m->recipients, &x->asked.recipients) ||
	    !arena_copy(&x->arena, m->message, &x->asked.message))
		return -ENOMEM;
	x->addresses[count++] = x->asked.author;
	x->addresses[count++] = x->asked.reader;
	rest = x->asked.recipients;
	while (rest.len > 0 && view_next(&rest, '\n', &line)) {
		if (count == ADDRESSES_MAX)
			return -EINVAL;
		x->addresses[count++] = line;
	}
	x->look = (struct submit_addresses){.account = x->question.right->account,
	    .addresses = x->addresses,
	    .count = count,
	    .own = OWN,
	    .results = x->results,
	    .done = looked};
	return count > OWN && m->message.len > 0 && m->email > 0 ? 0 : -EINVAL;
}

void right_receipt(struct right *r, uint32_t request, const void *message)
{
	struct right_receipt *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->arena, ARENA_MAX);
	int error = take_question(x, message);
	if (error) {
		question_fail(&x->question, error);
		return;
	}
	question_call(&x->question);
	submit_addresses(store_role.store, &x->look);
}
