/* See relay_transaction.h. */
#include "role/relay/relay_transaction.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "role/relay/relay_rate.h"

/* The stage of decisions made before MAIL: they rest on the host's answer to EHLO. */
#define DECIDED_AT "EHLO"

/* ---- results ---- */

static void end_body(struct relay_transaction *t)
{
	const char *why;
	struct relay_convert *v = t->message->convert;
	if (t->body && v && relay_convert_state(v, &why) == RELAY_CONVERT_READY)
		relay_message_converted(t->message);
	relay_body_free(t->body);
	t->body = NULL;
}

static uint64_t success(const struct relay_transaction *t)
{
	if (t->lmtp)
		return QUEUE_DELIVERED;
	return smtp_client_host(t->client)->dsn ? QUEUE_RELAYED : QUEUE_PASSED_ON;
}

void relay_transaction_answered(
    struct relay_transaction *t, size_t index, const struct smtp_client_reply *reply)
{
	static const struct relay_reason unanswered = {TROUBLE_LOST, "4.4.2", "end of data",
	    "the connection was lost after the end of the message, before it was answered: it may have been "
	    "delivered"};
	struct relay_message *m = t->message;
	size_t i = m->group_numbers[index];
	if (reply->code >= 200 && reply->code < 300) {
		relay_message_answered(m, i, success(t), reply);
		t->accepted++;
	} else if (reply->code == 0 && reply->stage == SMTP_CLIENT_AT_END) {
		relay_message_result(m, i, QUEUE_DEFERRED, &unanswered);
	} else if (smtp_client_is_too_many(reply)) {
		if (t->crowded++ == 0)
			relay_reason_reply(&t->crowd, "4.5.3", reply);
		if (index == 0) /* others come with the next group, if any of this one was taken; the first
		                   needn't hope */
			relay_message_result(m, i, QUEUE_DEFERRED, &t->crowd);
	} else if (reply->code >= 500) {
		relay_message_answered(m, i, QUEUE_FAILED, reply);
	} else if (reply->code >= 400 && reply->code != 421) {
		relay_message_answered(m, i, QUEUE_DEFERRED, reply);
	}
	/* Without an answer, or with 421, it is tried again on another connection. */
}

static void finish(struct relay_transaction *t)
{
	struct relay_message *m = t->message;
	t->message = NULL;
	relay_message_finish(m, t->peer);
}

void relay_transaction_done(struct relay_transaction *t)
{
	end_body(t);
	if (t->accepted > 0)
		t->functions->taken(t->arg);
	else if (t->crowded > 0)
		relay_message_fail(t->message, QUEUE_DEFERRED, &t->crowd);
	if (relay_message_is_complete(t->message))
		finish(t);
	/* Else it goes on when the client is ready, or with the connection's end. */
}

void relay_transaction_end(struct relay_transaction *t, const struct relay_reason *why)
{
	struct relay_message *m = t->message;
	if (m) {
		relay_message_lands(m);
		end_body(t);
		if (!relay_message_is_complete(m) && ++m->tries >= RELAY_TRIES_MAX)
			relay_message_fail(m, QUEUE_DEFERRED, why);
		if (relay_message_is_complete(m)) {
			finish(t);
		} else {
			t->message = NULL;
			m->owner->finished(m->arg, m);
		}
	}
	relay_reason_done(&t->crowd);
}

/* ---- what this server decides, by what the host has announced: the host itself is not asked ---- */

static bool has_safe_peer(const struct relay_transaction *t)
{
	return t->peer->named_safely &&
	       (strcmp(t->peer->verified, "pkix") == 0 || strncmp(t->peer->verified, "dane", 4) == 0);
}

static void decide(struct relay_message *m, uint64_t verdict, const struct relay_reason *why)
{
	for (size_t i = 0; i < m->group_count; i++)
		relay_message_result(m, m->group_numbers[i], verdict, why);
}

/* Why it cannot go now, or at all. */
static void refuse(struct relay_message *m, enum relay_convert_purpose purpose, bool later, const char *why)
{
	char text[300];
	if (purpose == RELAY_CONVERT_SIGN)
		snprintf(text, sizeof text, "the message is to be signed first: %s", why);
	else
		snprintf(text, sizeof text,
		    "the next host accepts no 8-bit mail, and this message cannot be converted: %s", why);
	if (later)
		decide(m, QUEUE_DEFERRED, &(struct relay_reason){TROUBLE_LOCAL, "4.3.0", DECIDED_AT, text});
	else
		decide(
		    m, QUEUE_FAILED, &(struct relay_reason){TROUBLE_CONVERSION, "5.6.3", DECIDED_AT, text});
}

/*
 * The host takes 7 bits only, or the message is not signed yet. True when it can be sent now, converted,
 * signed, or as it is; else it is being looked through (*waits), or its recipients have got their results.
 */
static bool convert(struct relay_message *m, enum relay_convert_purpose purpose, bool *waits)
{
	const char *why = NULL;
	relay_message_convert(m, purpose);
	enum relay_convert_state state = relay_convert_state(m->convert, &why);
	*waits = state == RELAY_CONVERT_BUSY;
	if (purpose == RELAY_CONVERT_7BIT) {
		m->transaction.terms.body = SMTP_7BIT;
		/* A sealed message that is only untidy has not been touched (mime/downgrade.h). */
		m->transaction.lines_unsure = true;
	}
	if (state == RELAY_CONVERT_READY)
		m->transaction.size = 0;
	if (*waits || state == RELAY_CONVERT_READY || state == RELAY_CONVERT_UNNEEDED)
		return !*waits;
	refuse(m, purpose, state == RELAY_CONVERT_FAILED, why);
	relay_message_converted(m);
	return false;
}

/* ---- sending ---- */

static void on_wrote(void *arg)
{
	struct relay_transaction *t = arg;
	t->functions->wrote(t->arg);
}

static void on_cut(void *arg)
{
	struct relay_transaction *t = arg;
	t->functions->cut(t->arg);
}

static void begin_body(struct relay_transaction *t)
{
	static const struct relay_body_functions functions = {.wrote = on_wrote, .cut = on_cut};
	const char *why;
	struct relay_message *m = t->message;
	bool converts = m->convert && relay_convert_state(m->convert, &why) == RELAY_CONVERT_READY;
	t->body = relay_body_new(t->client, &m->m, converts ? m->convert : NULL, &functions, t);
}

/* The group that was chosen. False when it has its results already. */
static bool send_group(struct relay_transaction *t)
{
	static const struct relay_reason unsafe = {TROUBLE_REQUIRETLS, "5.7.10", DECIDED_AT,
	    "the message demands verified encryption (REQUIRETLS), and the next host's name or certificate "
	    "is not verified"};
	static const struct relay_reason unwritable = {TROUBLE_UNWRITABLE, "5.6.7", DECIDED_AT,
	    "an address or parameter of this message contains characters that SMTP cannot carry"};
	static const struct relay_reason no_memory = {TROUBLE_LOCAL, "4.3.0", DECIDED_AT, "out of memory"};
	struct relay_message *m = t->message;
	struct smtp_client_lack lack = {0};
	/* RFC 8689 section 5: a report is not thrown away because its way back cannot promise what was asked
	 * for. */
	if (m->m.terms.requiretls && m->m.terms.sender.len == 0 &&
	    !(has_safe_peer(t) && smtp_client_host(t->client)->require_tls))
		m->transaction.terms.requiretls = false;
	if (m->transaction.terms.requiretls && !t->lmtp && !has_safe_peer(t)) {
		decide(m, QUEUE_FAILED, &unsafe);
		return false;
	}
	enum smtp_client_verdict verdict = smtp_client_accepts(t->client, &m->transaction, &lack);
	bool waits;
	if (verdict == SMTP_CLIENT_CONVERTS) {
		if (!convert(m, RELAY_CONVERT_7BIT, &waits))
			return waits;
		verdict = smtp_client_accepts(t->client, &m->transaction, &lack);
	} else if (verdict == SMTP_CLIENT_TAKES && relay_convert_must_sign(&m->m) &&
	           !convert(m, RELAY_CONVERT_SIGN, &waits)) {
		return waits;
	}
	if (verdict != SMTP_CLIENT_TAKES) {
		struct relay_reason why = {.cause = lack.cause, .stage = DECIDED_AT, .text = lack.text};
		snprintf(why.status, sizeof why.status, "%s", lack.enhanced);
		decide(m, QUEUE_FAILED, &why);
		return false;
	}
	begin_body(t);
	t->accepted = t->crowded = 0;
	int error = smtp_client_send(t->client, &m->transaction);
	if (error == 0)
		return true;
	/* What cannot be written (an address with UTF-8 and no SMTPUTF8) no other host would take either. */
	end_body(t);
	decide(
	    m, error == -EINVAL ? QUEUE_FAILED : QUEUE_DEFERRED, error == -EINVAL ? &unwritable : &no_memory);
	return false;
}

bool relay_transaction_go_on(struct relay_transaction *t)
{
	bool wait;
	if (t->message == NULL)
		return false;
	while (relay_message_group(t->message, smtp_client_recipients_max(t->client), &wait))
		if (wait || send_group(t))
			return true;
	finish(t);
	return false;
}

bool relay_transaction_begin(struct relay_transaction *t, struct relay_message *m)
{
	static const struct relay_reason share = {TROUBLE_RATE, "4.7.0", "",
	    "the sender's domain has used up its share for now (setting sender_domain_rate)"};
	t->message = m;
	relay_message_takes_off(m, t->functions->ready, t->arg);
	if (!relay_sender_may(m->m.terms.sender))
		relay_message_fail(m, QUEUE_DEFERRED, &share);
	return relay_transaction_go_on(t);
}

void relay_transaction_body(struct relay_transaction *t)
{
	if (t->message && t->body)
		relay_body_write(t->body);
}
