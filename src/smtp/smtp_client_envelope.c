/*
 * MAIL and RCPT as they are written, and what must be known before: whether the host can take the message at
 * all, and whether a value could break out of its line. Addresses come from other hosts' mail; that they were
 * checked once, in another process, is not trusted here.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"
#include "smtp/smtp_client_private.h"

/* ---- values ---- */

enum { PATH_ROOM = 1000 }; /* octets of an address: RFC 5321 allows 256, in UTF-8 as well */

/* What separates an address from the rest of its line may stand within quotes only. */
static bool is_address(struct view address, bool utf8)
{
	bool quoted = false;
	if (address.len > PATH_ROOM || !(utf8 ? utf8_valid(address) : utf8_is_ascii(address)))
		return false;
	for (size_t i = 0; i < address.len; i++) {
		char c = address.data[i];
		if ((unsigned char)c < ' ' || c == 0x7f)
			return false;
		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			i++;
		else if (!quoted && (c == ' ' || c == '<' || c == '>'))
			return false;
		if (i < address.len && ((unsigned char)address.data[i] < ' ' || address.data[i] == 0x7f))
			return false;
	}
	return !quoted;
}

static bool is_value(struct view value, bool utf8)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] <= ' ' || value.data[i] == 0x7f)
			return false;
	return value.len <= SMTP_CLIENT_TEXT_MAX && (utf8 ? utf8_valid(value) : utf8_is_ascii(value));
}

bool smtp_client_can_write(const struct smtp_client_transaction *t)
{
	bool good = is_address(t->terms.sender, t->terms.utf8) && t->terms.ret <= RET_HDRS &&
	            is_value(t->terms.envid, false) && is_value(t->auth, false) &&
	            t->terms.priority >= SMTP_PRIORITY_MIN && t->terms.priority <= SMTP_PRIORITY_MAX &&
	            t->by_seconds >= -SMTP_BY_SECONDS_MAX && t->by_seconds <= SMTP_BY_SECONDS_MAX;
	for (size_t i = 0; i < t->count && good; i++) {
		const struct smtp_client_recipient *r = &t->recipients[i];
		good = r->address.len > 0 && is_address(r->address, t->terms.utf8) &&
		       is_value(r->notify, false) && is_value(r->orcpt, t->terms.utf8);
	}
	return good;
}

/* ---- what the host can take ---- */

static enum smtp_client_verdict cannot(struct smtp_client_lack *lack, enum trouble cause, const char *text)
{
	*lack =
	    (struct smtp_client_lack){.cause = cause, .enhanced = trouble_status(cause, true), .text = text};
	return SMTP_CLIENT_CANNOT;
}

static bool in_time(const struct smtp_client_host *host, const struct smtp_client_transaction *t)
{
	return host->deliver_by && t->by_seconds > 0 && t->by_seconds >= (int64_t)host->deliver_by_min;
}

enum smtp_client_verdict smtp_client_accepts(
    const struct smtp_client *c, const struct smtp_client_transaction *t, struct smtp_client_lack *lack)
{
	const struct smtp_client_host *host = &c->host;
	if (t->terms.requiretls && !(c->secure && host->require_tls))
		return cannot(lack, TROUBLE_REQUIRETLS, "the next host does not support REQUIRETLS");
	if (t->terms.utf8 && !host->utf8)
		return cannot(lack, TROUBLE_NO_SMTPUTF8, "the next host does not support SMTPUTF8");
	if (t->terms.by_mode == SMTP_BY_RETURN && !in_time(host, t))
		return cannot(lack, TROUBLE_NO_DELIVERBY,
		    "the next host cannot promise delivery in the time that is left");
	if (host->size_max > 0 && t->size > host->size_max)
		return cannot(lack, TROUBLE_TOO_LARGE, "the message is larger than the next host accepts");
	if (t->terms.body == SMTP_BINARYMIME && !(host->binary && host->chunking))
		return SMTP_CLIENT_CONVERTS;
	if (t->terms.body == SMTP_8BITMIME && !host->eight_bit)
		return SMTP_CLIENT_CONVERTS;
	return SMTP_CLIENT_TAKES;
}

size_t smtp_client_recipients_max(const struct smtp_client *c)
{
	size_t told = c->host.rcpt_max > 0 ? c->host.rcpt_max : SMTP_CLIENT_RCPT_DEFAULT;
	return told < SMTP_CLIENT_RECIPIENTS_MAX ? told : SMTP_CLIENT_RECIPIENTS_MAX;
}

size_t smtp_client_transactions_left(const struct smtp_client *c)
{
	if (c->host.mail_max == 0)
		return SIZE_MAX;
	return c->transactions < c->host.mail_max ? c->host.mail_max - (size_t)c->transactions : 0;
}

/* ---- commands ---- */

static void put(struct smtp_client *c, const char *name, struct view value)
{
	if (value.len == 0)
		return;
	buf_append_string(c->out, name);
	buf_append(c->out, value);
}

static void put_deliver_by(struct smtp_client *c, const struct smtp_client_transaction *t)
{
	buf_printf(c->out, " BY=%" PRId64 ";%s%s", t->by_seconds,
	    t->terms.by_mode == SMTP_BY_RETURN ? "R" : "N", t->terms.by_trace ? "T" : "");
}

void smtp_client_write_mail(struct smtp_client *c)
{
	const struct smtp_client_transaction *t = c->transaction;
	const struct smtp_client_host *host = &c->host;
	buf_append(c->out, VIEW("MAIL FROM:<"));
	buf_append(c->out, t->terms.sender);
	buf_append_byte(c->out, '>');
	if (host->size && t->size > 0)
		buf_printf(c->out, " SIZE=%" PRIu64, t->size);
	if (t->terms.body == SMTP_BINARYMIME)
		buf_append(c->out, VIEW(" BODY=BINARYMIME"));
	else if (t->terms.body == SMTP_8BITMIME)
		buf_append(c->out, VIEW(" BODY=8BITMIME"));
	if (t->terms.utf8)
		buf_append(c->out, VIEW(" SMTPUTF8"));
	if (t->terms.requiretls)
		buf_append(c->out, VIEW(" REQUIRETLS"));
	if (host->dsn) {
		put(c, " RET=", mail_ret_text(t->terms.ret));
		put(c, " ENVID=", t->terms.envid);
	}
	if (host->auth)
		put(c, " AUTH=", t->auth);
	if (host->priority && t->terms.has_priority)
		buf_printf(c->out, " MT-PRIORITY=%" PRId64, t->terms.priority);
	if (host->deliver_by && t->terms.by_mode != SMTP_BY_NONE)
		put_deliver_by(c, t);
	buf_append(c->out, VIEW("\r\n"));
}

void smtp_client_write_rcpt(struct smtp_client *c, size_t index)
{
	const struct smtp_client_recipient *r = &c->transaction->recipients[index];
	buf_append(c->out, VIEW("RCPT TO:<"));
	buf_append(c->out, r->address);
	buf_append_byte(c->out, '>');
	if (c->host.dsn) {
		put(c, " NOTIFY=", r->notify);
		put(c, " ORCPT=", r->orcpt);
	}
	buf_append(c->out, VIEW("\r\n"));
}
