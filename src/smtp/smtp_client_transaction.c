/*
 * A transaction: the envelope goes out ahead where the host allows it (RFC 2920), and the replies come back
 * in its order. Every recipient is told its result once, from whatever decided it; what was sent ahead for
 * nothing is still answered, and those answers are waited for before anything else is sent.
 */
#include <errno.h>

#include "base/mem.h"
#include "smtp/smtp_client_private.h"

/* ---- the beginning ---- */

static void choose_ways(struct smtp_client *c, const struct smtp_client_transaction *t)
{
	bool lmtp = c->config.kind == SMTP_CLIENT_LMTP;
	c->pipelined = c->host.pipelining;
	/*
	 * BDAT saves the look at every line, but not a turn where each chunk waits for its reply. With LMTP
	 * how many replies a chunk gets depends on those before it, so there it always waits.
	 */
	c->chunking = c->host.chunking &&
	              (t->terms.body == SMTP_BINARYMIME || (c->pipelined && !lmtp && !t->lines_unsure));
	c->lockstep = c->chunking && (!c->pipelined || lmtp);
}

static bool sends_together(const struct smtp_client *c)
{
	const struct smtp_client_transaction *t = c->transaction;
	return c->chunking && !c->lockstep && t->count == 1 && t->size > 0 && t->size <= SMTP_CLIENT_SMALL;
}

static void write_ahead(struct smtp_client *c)
{
	smtp_client_write_mail(c);
	if (!c->pipelined)
		return;
	for (size_t i = 0; i < c->transaction->count; i++)
		smtp_client_write_rcpt(c, i);
	if (!c->chunking)
		buf_append(c->out, VIEW("DATA\r\n"));
}

int smtp_client_send(struct smtp_client *c, const struct smtp_client_transaction *t)
{
	struct smtp_client_lack lack;
	if (c->step != CLIENT_READY)
		return -EBUSY;
	if (t->count > smtp_client_recipients_max(c) || smtp_client_transactions_left(c) == 0)
		return -E2BIG;
	if (t->count == 0 || !smtp_client_can_write(t))
		return -EINVAL;
	if (smtp_client_accepts(c, t, &lack) != SMTP_CLIENT_TAKES)
		return -ENOTSUP;
	size_t before = buf_view(c->out).len;
	choose_ways(c, t);
	c->transaction = t;
	c->fates = mem_alloc(t->count);
	bool reset = c->rset_due;
	if (reset)
		buf_append(c->out, VIEW("RSET\r\n"));
	if (!reset || c->pipelined)
		write_ahead(c);
	if (buf_failed(c->out)) {
		buf_truncate(c->out, before);
		smtp_client_forget(c);
		return -ENOMEM;
	}
	c->rset_due = false;
	c->transactions++;
	c->step = reset ? CLIENT_RSET : CLIENT_MAIL;
	if (sends_together(c))
		smtp_client_open_body(c);
	return 0;
}

/* ---- results ---- */

static void tell(struct smtp_client *c, size_t index, const struct smtp_client_reply *reply)
{
	if (c->fates[index] == FATE_ACCEPTED)
		c->accepted--;
	c->fates[index] = FATE_TOLD;
	c->backend->recipient(c->arg, index, reply);
}

void smtp_client_tell_all(struct smtp_client *c, const struct smtp_client_reply *reply)
{
	for (size_t i = 0; i < c->transaction->count; i++)
		if (c->fates[i] != FATE_TOLD)
			tell(c, i, reply);
}

void smtp_client_forget(struct smtp_client *c)
{
	mem_free(c->fates);
	c->fates = NULL;
	c->transaction = NULL;
	c->answered = c->accepted = c->chunks = c->replied = 0;
	c->mail_accepted = c->body_open = c->body_paused = c->end_sent = false;
	c->stuff = (struct dot_stuff){0};
}

static void finish(struct smtp_client *c)
{
	smtp_client_forget(c);
	c->backend->done(c->arg);
	smtp_client_settle(c);
}

/* Without a message: what the host still has of it goes with the next one's RSET. */
static void give_up(struct smtp_client *c)
{
	c->rset_due = c->mail_accepted || c->chunks > 0;
	finish(c);
}

/* ---- replies ---- */

static void rset_answered(struct smtp_client *c)
{
	if (!smtp_client_positive(c)) {
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NONSENSE);
		return;
	}
	c->step = CLIENT_MAIL;
	if (!c->pipelined)
		smtp_client_write_mail(c);
}

static void mail_answered(struct smtp_client *c, const struct smtp_client_reply *reply)
{
	c->mail_accepted = smtp_client_positive(c);
	if (!c->mail_accepted) {
		c->body_open = false;
		smtp_client_tell_all(c, reply);
	}
	if (!c->mail_accepted && !c->pipelined) {
		give_up(c);
		return;
	}
	c->step = CLIENT_RCPT;
	if (!c->pipelined)
		smtp_client_write_rcpt(c, 0);
}

static void envelope_answered(struct smtp_client *c)
{
	if (c->pipelined && !c->chunking) {
		c->step = CLIENT_DATA;
	} else if (c->accepted == 0 && c->chunks == 0) {
		give_up(c);
	} else if (c->body_open || c->chunks > 0) {
		smtp_client_await_chunk(c);
	} else if (c->chunking) {
		c->step = CLIENT_BODY;
		smtp_client_open_body(c);
	} else {
		buf_append(c->out, VIEW("DATA\r\n"));
		c->step = CLIENT_DATA;
	}
}

static void rcpt_answered(struct smtp_client *c, const struct smtp_client_reply *reply)
{
	size_t index = c->answered++;
	if (c->fates[index] == FATE_OPEN) {
		if (smtp_client_positive(c)) {
			c->fates[index] = FATE_ACCEPTED;
			c->accepted++;
		} else {
			tell(c, index, reply);
		}
	}
	if (c->answered == c->transaction->count)
		envelope_answered(c);
	else if (!c->pipelined)
		smtp_client_write_rcpt(c, c->answered);
}

static void data_answered(struct smtp_client *c, const struct smtp_client_reply *reply)
{
	bool wanted = c->code / 100 == 3;
	if (smtp_client_positive(c)) {
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NONSENSE);
	} else if (!wanted) {
		smtp_client_tell_all(c, reply);
		give_up(c);
	} else if (c->accepted > 0) {
		c->step = CLIENT_BODY;
		smtp_client_open_body(c);
	} else if (c->config.kind == SMTP_CLIENT_LMTP) {
		/* How many replies would follow the dot, with no recipient to give one for, is nowhere said.
		 */
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NONSENSE);
	} else {
		/* RFC 2920 section 3.1: DATA was sent ahead, all recipients are refused: an empty message. */
		buf_append(c->out, VIEW(".\r\n"));
		c->end_sent = true;
		c->step = CLIENT_END;
	}
}

static void chunk_answered(struct smtp_client *c, const struct smtp_client_reply *reply)
{
	c->replied++;
	if (!smtp_client_positive(c)) {
		c->body_open = false;
		smtp_client_tell_all(c, reply);
	}
	if (c->accepted == 0 && c->replied == c->chunks)
		give_up(c);
	else
		smtp_client_await_chunk(c);
}

/* RFC 2033 section 4.2: a reply for each recipient that was accepted, in their order. */
static void tell_next(struct smtp_client *c, const struct smtp_client_reply *reply)
{
	for (size_t i = 0; i < c->transaction->count; i++) {
		if (c->fates[i] == FATE_ACCEPTED) {
			tell(c, i, reply);
			return;
		}
	}
}

static void end_answered(struct smtp_client *c, const struct smtp_client_reply *reply)
{
	if (c->config.kind == SMTP_CLIENT_LMTP)
		tell_next(c, reply);
	else
		smtp_client_tell_all(c, reply);
	if (c->accepted > 0)
		return;
	/* RFC 3030 section 2: after a BDAT that failed the host waits for RSET. */
	if (c->chunking && !smtp_client_positive(c))
		give_up(c);
	else
		finish(c);
}

void smtp_client_transaction_answered(struct smtp_client *c)
{
	struct smtp_client_reply reply = smtp_client_this_reply(c);
	switch (c->step) {
	case CLIENT_RSET:
		rset_answered(c);
		break;
	case CLIENT_MAIL:
		mail_answered(c, &reply);
		break;
	case CLIENT_RCPT:
		rcpt_answered(c, &reply);
		break;
	case CLIENT_DATA:
		data_answered(c, &reply);
		break;
	case CLIENT_CHUNK:
		chunk_answered(c, &reply);
		break;
	default:
		end_answered(c, &reply);
	}
}
