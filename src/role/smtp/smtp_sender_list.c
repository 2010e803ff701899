/* Whether those to whom a message goes read the mailing list by which it came: store knows that of each
 * account. It is asked only about mail that would not get through otherwise. */
#include "role/smtp/smtp_sender_private.h"

#include <errno.h>

#include "base/mem.h"

enum {
	QUESTIONS_MAX = 20 /* accounts of one message that are asked about; lists send to each reader alone */
};

static enum smtp_hook_result ask(struct smtp_sender *s, struct smtp_verdict *verdict);

static bool list_answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct smtp_connection *c = arg;
	struct smtp_sender *s = c->message.sender;
	struct message_result m = {.error = -EAGAIN};
	struct smtp_verdict verdict = smtp_unavailable;
	if (frame && !link_decode(link, frame, &m))
		return false;
	c->check.request = 0;
	/* Store went away, or cannot say now: refused for good, the mail of a list would be lost. */
	if (m.error && (int)m.error != -ENOENT) {
		smtp_hooks_resume(c, HOOK_DECIDED, &verdict);
		return true;
	}
	size_t recipient = c->upload.targets[s->target_next - 1].recipient;
	/* An address that leads to several reads a list when all do. */
	if (m.error)
		s->readers[recipient] = SENDER_NO_READER;
	else if (s->readers[recipient] == SENDER_NOT_ASKED)
		s->readers[recipient] = SENDER_READER;
	enum smtp_hook_result result = ask(s, &verdict);
	if (result != HOOK_WAIT)
		smtp_hooks_resume(c, result, &verdict);
	return true;
}

/* Store is away: then the message cannot be kept either. */
static enum smtp_hook_result ask(struct smtp_sender *s, struct smtp_verdict *verdict)
{
	struct smtp_connection *c = s->connection;
	while (s->target_next < c->upload.count) {
		const struct smtp_target *t = &c->upload.targets[s->target_next++];
		struct message_mailing_list m = {.account = t->account, .list = s->list.number};
		if (t->account && s->questions++ < QUESTIONS_MAX)
			return smtp_hooks_ask(
			    c, &smtp_role.store, MESSAGE_MAILING_LIST, &m, list_answered, verdict);
		s->readers[t->recipient] = SENDER_NO_READER;
	}
	return s->then(s, verdict);
}

enum smtp_hook_result smtp_sender_ask_lists(
    struct smtp_sender *s, smtp_sender_step *then, struct smtp_verdict *verdict)
{
	s->readers = mem_array(smtp_envelope(s->connection->session)->count, sizeof *s->readers);
	s->then = then;
	return ask(s, verdict);
}
