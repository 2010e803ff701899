/*
 * From the greeting to the first transaction: EHLO and what it announces, HELO for hosts that know no better
 * (RFC 5321 section 3.2), STARTTLS (RFC 3207).
 */
#include <string.h>

#include "smtp/smtp_client_private.h"

/* ---- what is announced ---- */

static uint64_t number(struct view argument, uint64_t max)
{
	struct view word;
	uint64_t n = 0;
	if (view_next(&argument, ' ', &word))
		view_to_u64(word, max, &n);
	return n;
}

static void take_size(struct smtp_client_host *host, struct view argument)
{
	host->size_max = number(argument, UINT64_MAX);
}

/* RFC 2852: the minimum may be followed by a comma and more. */
static void take_deliver_by(struct smtp_client_host *host, struct view argument)
{
	struct view minimum;
	if (view_next(&argument, ',', &minimum))
		host->deliver_by_min = (uint32_t)number(minimum, SMTP_BY_SECONDS_MAX);
}

static void take_future_release(struct smtp_client_host *host, struct view argument)
{
	host->hold_max = (uint32_t)number(argument, SMTP_BY_SECONDS_MAX);
}

static void take_mechanisms(struct smtp_client_host *host, struct view argument)
{
	struct view word;
	while (view_next(&argument, ' ', &word))
		host->mechanisms |= smtp_client_mechanism(word);
}

/* RFC 9422: name=value, and names that nobody knows yet. */
static void take_limits(struct smtp_client_host *host, struct view argument)
{
	struct view word;
	while (view_next(&argument, ' ', &word)) {
		ptrdiff_t equals = view_find(word, '=');
		if (equals < 0)
			continue;
		struct view name = view_take(word, (size_t)equals);
		uint32_t n = (uint32_t)number(view_skip(word, (size_t)equals + 1), 999999);
		if (view_equal_nocase(name, VIEW("MAILMAX")))
			host->mail_max = n;
		else if (view_equal_nocase(name, VIEW("RCPTMAX")))
			host->rcpt_max = n;
	}
}

static const struct keyword {
	const char *name;
	size_t flag; /* where in the host's struct */
	void (*take)(struct smtp_client_host *host, struct view argument);
} keywords[] = {
#define FLAG(member) offsetof(struct smtp_client_host, member)
    {"PIPELINING", FLAG(pipelining), NULL},
    {"SIZE", FLAG(size), take_size},
    {"8BITMIME", FLAG(eight_bit), NULL},
    {"SMTPUTF8", FLAG(utf8), NULL},
    {"CHUNKING", FLAG(chunking), NULL},
    {"BINARYMIME", FLAG(binary), NULL},
    {"DSN", FLAG(dsn), NULL},
    {"STARTTLS", FLAG(start_tls), NULL},
    {"REQUIRETLS", FLAG(require_tls), NULL},
    {"ENHANCEDSTATUSCODES", FLAG(enhanced_codes), NULL},
    {"DELIVERBY", FLAG(deliver_by), take_deliver_by},
    {"MT-PRIORITY", FLAG(priority), NULL},
    {"FUTURERELEASE", FLAG(future_release), take_future_release},
    {"AUTH", FLAG(auth), take_mechanisms},
    {"LIMITS", FLAG(esmtp), take_limits},
#undef FLAG
};

void smtp_client_keyword(struct smtp_client *c, struct view line)
{
	size_t len = 0;
	/* "AUTH=LOGIN" is how some old hosts wrote it. */
	while (len < line.len && line.data[len] != ' ' && line.data[len] != '=')
		len++;
	struct view name = view_take(line, len), argument = view_trim(view_skip(line, len + 1));
	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
		if (!view_equal_nocase(name, view_from_string(keywords[i].name)))
			continue;
		*(bool *)((char *)&c->host + keywords[i].flag) = true;
		if (keywords[i].take)
			keywords[i].take(&c->host, argument);
		return;
	}
}

/* ---- the dialogue ---- */

static void say_hello(struct smtp_client *c, const char *word)
{
	buf_append_string(c->out, word);
	buf_append_byte(c->out, ' ');
	buf_append(c->out, c->config.hostname);
	buf_append(c->out, VIEW("\r\n"));
}

/* Extensions that were announced before are forgotten (RFC 3207 section 4.2). */
static void say_ehlo(struct smtp_client *c)
{
	c->host = (struct smtp_client_host){0};
	c->step = CLIENT_EHLO;
	say_hello(c, c->config.kind == SMTP_CLIENT_LMTP ? "LHLO" : "EHLO");
}

static bool wants_tls(const struct smtp_client *c)
{
	return !c->secure &&
	       (c->config.tls == SMTP_CLIENT_TLS_REQUIRED || c->config.tls == SMTP_CLIENT_TLS_IF_OFFERED);
}

static void after_hello(struct smtp_client *c)
{
	if (!wants_tls(c)) {
		smtp_client_begin_login(c);
	} else if (c->host.start_tls) {
		buf_append(c->out, VIEW("STARTTLS\r\n"));
		c->step = CLIENT_STARTTLS;
	} else if (c->config.tls == SMTP_CLIENT_TLS_REQUIRED) {
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NO_TLS);
	} else {
		smtp_client_begin_login(c);
	}
}

void smtp_client_hello_answered(struct smtp_client *c)
{
	bool good = smtp_client_positive(c);
	if (c->step == CLIENT_EHLO && c->code >= 500 && c->config.kind == SMTP_CLIENT_SMTP) {
		c->host = (struct smtp_client_host){0};
		c->step = CLIENT_HELO;
		say_hello(c, "HELO");
	} else if (!good) {
		smtp_client_fail(c, SMTP_CLIENT_REFUSED);
	} else if (c->step == CLIENT_GREETING) {
		say_ehlo(c);
	} else {
		c->host.esmtp = c->step == CLIENT_EHLO;
		after_hello(c);
	}
}

void smtp_client_starttls_answered(struct smtp_client *c)
{
	if (smtp_client_positive(c)) {
		c->step = CLIENT_TLS;
		c->backend->start_tls(c->arg);
	} else if (c->config.tls == SMTP_CLIENT_TLS_REQUIRED) {
		smtp_client_fail(c, SMTP_CLIENT_NO_TLS);
	} else {
		smtp_client_begin_login(c);
	}
}

void smtp_client_keep_exporter(struct smtp_client *c, struct view tls_exporter)
{
	c->exporter_len = tls_exporter.len <= sizeof c->exporter ? tls_exporter.len : 0;
	if (c->exporter_len > 0)
		memcpy(c->exporter, tls_exporter.data, c->exporter_len);
}

void smtp_client_secured(struct smtp_client *c, struct view tls_exporter)
{
	if (c->step != CLIENT_TLS)
		return;
	c->secure = true;
	smtp_client_keep_exporter(c, tls_exporter);
	say_ehlo(c);
}
