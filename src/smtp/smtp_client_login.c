/* AUTH (RFC 4954) with the best mechanism that both sides know: SCRAM (RFC 5802, 7677), PLAIN (RFC 4616),
 * LOGIN. */
#include <errno.h>

#include "base/base64.h"
#include "base/mem.h"
#include "smtp/smtp_client_private.h"
#include "trust/login/limits.h"
#include "trust/login/sasl_client.h"

struct smtp_client_login {
	unsigned mechanism;
	unsigned round; /* messages sent */
	struct scram_client *scram;
	bool proven; /* the host knows the password */
};

enum {
	PLUS = SMTP_CLIENT_SCRAM_SHA_1_PLUS | SMTP_CLIENT_SCRAM_SHA_256_PLUS,
	SCRAM = SMTP_CLIENT_SCRAM_SHA_1 | SMTP_CLIENT_SCRAM_SHA_256 | PLUS,
	SHA_256 = SMTP_CLIENT_SCRAM_SHA_256 | SMTP_CLIENT_SCRAM_SHA_256_PLUS,
	CLEAR = SMTP_CLIENT_LOGIN | SMTP_CLIENT_PLAIN
};

static const struct {
	const char *name;
	unsigned mechanism;
} mechanisms[] = {
    /* best first */
    {"SCRAM-SHA-256-PLUS", SMTP_CLIENT_SCRAM_SHA_256_PLUS},
    {"SCRAM-SHA-1-PLUS", SMTP_CLIENT_SCRAM_SHA_1_PLUS},
    {"SCRAM-SHA-256", SMTP_CLIENT_SCRAM_SHA_256},
    {"SCRAM-SHA-1", SMTP_CLIENT_SCRAM_SHA_1},
    {"PLAIN", SMTP_CLIENT_PLAIN},
    {"LOGIN", SMTP_CLIENT_LOGIN},
};

enum { MECHANISMS = sizeof mechanisms / sizeof mechanisms[0] };

unsigned smtp_client_mechanism(struct view name)
{
	for (size_t i = 0; i < MECHANISMS; i++)
		if (view_equal_nocase(name, view_from_string(mechanisms[i].name)))
			return mechanisms[i].mechanism;
	return 0;
}

void smtp_client_login_free(struct smtp_client_login *login)
{
	if (login == NULL)
		return;
	scram_client_free(login->scram);
	mem_free(login);
}

/* ---- messages ---- */

static struct scram_client *new_scram(const struct smtp_client *c, unsigned mechanism)
{
	bool plus = mechanism & PLUS;
	return scram_client_new(&(struct scram_client_setup){
	    .hash = mechanism & SHA_256 ? SCRAM_SHA_256 : SCRAM_SHA_1,
	    .authcid = c->config.user,
	    .password = c->config.password,
	    .nonce = c->config.nonce,
	    .binding_name = plus ? VIEW("tls-exporter") : VIEW(""),
	    .binding_data = plus ? view_of(c->exporter, c->exporter_len) : VIEW(""),
	    .binding_possible = !plus && c->exporter_len > 0,
	});
}

/* Our next message, for what the host has sent. -EPROTO: none was due, or the host did not prove itself. */
static int next_message(struct smtp_client *c, struct view challenge, struct buf *out)
{
	struct smtp_client_login *login = c->login;
	unsigned round = login->round++;
	if (login->mechanism == SMTP_CLIENT_PLAIN && round == 0)
		return sasl_plain_message(VIEW(""), c->config.user, c->config.password, out);
	if (login->mechanism == SMTP_CLIENT_LOGIN && round < 2)
		return buf_append(out, round == 0 ? c->config.user : c->config.password);
	if (!(login->mechanism & SCRAM))
		return -EPROTO;
	if (round == 0)
		return scram_client_first(login->scram, out);
	if (round == 1)
		return scram_client_final(login->scram, challenge, out);
	login->proven = round == 2 && scram_client_verify(login->scram, challenge) == 0;
	return login->proven ? 0 : -EPROTO;
}

/* Writes it as a line, or as the end of AUTH's line if it fits there. */
static bool write_message(struct smtp_client *c, struct view challenge)
{
	struct buf message;
	buf_init(&message, SASL_MESSAGE_MAX);
	int error = next_message(c, challenge, &message);
	if (error == 0) {
		base64_encode(c->out, buf_view(&message));
		buf_append(c->out, VIEW("\r\n"));
	}
	if (message.data)
		mem_wipe(message.data, message.cap);
	buf_done(&message);
	return error == 0;
}

/* ---- the exchange ---- */

static unsigned usable(const struct smtp_client *c)
{
	unsigned allowed = c->config.mechanisms ? c->config.mechanisms : SMTP_CLIENT_ANY_MECHANISM;
	if (!c->secure && !c->config.clear_login)
		allowed &= ~(unsigned)CLEAR;
	if (c->config.nonce.len == 0)
		allowed &= ~(unsigned)SCRAM;
	if (c->exporter_len == 0)
		allowed &= ~(unsigned)PLUS;
	return allowed & c->host.mechanisms;
}

/* The initial response goes with the command where the line then keeps to its length (RFC 4954 section 4). */
static bool sends_first(const struct smtp_client *c, unsigned mechanism)
{
	size_t octets = c->config.user.len + c->config.password.len + c->config.nonce.len + 32;
	return mechanism != SMTP_CLIENT_LOGIN && octets * 4 / 3 < SMTP_CLIENT_AUTH_FIRST;
}

void smtp_client_begin_login(struct smtp_client *c)
{
	if (c->config.user.len == 0) {
		smtp_client_settle(c);
		return;
	}
	unsigned possible = usable(c);
	size_t i = 0;
	while (i < MECHANISMS && !(mechanisms[i].mechanism & possible))
		i++;
	if (i == MECHANISMS) {
		smtp_client_fail_unanswered(c, SMTP_CLIENT_NO_LOGIN);
		return;
	}
	c->login = mem_alloc(sizeof *c->login);
	c->login->mechanism = mechanisms[i].mechanism;
	if (c->login->mechanism & SCRAM)
		c->login->scram = new_scram(c, c->login->mechanism);
	c->step = CLIENT_AUTH;
	size_t before = buf_view(c->out).len;
	buf_append(c->out, VIEW("AUTH "));
	buf_append_string(c->out, mechanisms[i].name);
	if (!sends_first(c, c->login->mechanism)) {
		buf_append(c->out, VIEW("\r\n"));
		return;
	}
	buf_append_byte(c->out, ' ');
	if (!write_message(c, VIEW(""))) {
		buf_truncate(c->out, before);
		smtp_client_fail_unanswered(c, SMTP_CLIENT_LOGIN_REFUSED);
	}
}

static void continue_login(struct smtp_client *c, struct view text)
{
	struct buf challenge;
	buf_init(&challenge, SASL_MESSAGE_MAX);
	bool broken = base64_decode(&challenge, view_trim(text)) != 0;
	/* LOGIN's prompts are free text, which some hosts do not even encode. */
	if ((broken && c->login->mechanism & SCRAM) || !write_message(c, buf_view(&challenge))) {
		buf_append(c->out, VIEW("*\r\n"));
		smtp_client_fail_unanswered(c, SMTP_CLIENT_LOGIN_REFUSED);
	}
	buf_done(&challenge);
}

void smtp_client_login_answered(struct smtp_client *c, struct view text)
{
	if (c->code / 100 == 3) {
		continue_login(c, text);
		return;
	}
	bool proven = c->login->proven || !(c->login->mechanism & SCRAM);
	smtp_client_login_free(c->login);
	c->login = NULL;
	if (!smtp_client_positive(c))
		smtp_client_fail(c, SMTP_CLIENT_LOGIN_REFUSED);
	else if (!proven)
		smtp_client_fail_unanswered(c, SMTP_CLIENT_LOGIN_REFUSED);
	else
		smtp_client_settle(c);
}
