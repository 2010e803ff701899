/*
 * The machine of a login: which mechanism, what it is set up with, and what it is told of the account. APOP
 * (RFC 1939 section 7), which is none of SASL's, is one more machine here, of a single step.
 */
#include <errno.h>

#include "base/base64.h"
#include "base/random.h"
#include "role/auth/auth_login.h"
#include "trust/login/keyed_md5.h"

enum { NONCE_BYTES = 18, APOP_DIGEST = 32 };

static struct auth_sasl_answer step(enum sasl_step to)
{
	return (struct auth_sasl_answer){.kind = AUTH_SASL_STEP, .step = to};
}

static struct auth_sasl_answer failure(enum login_failure why)
{
	return (struct auth_sasl_answer){.kind = AUTH_SASL_FAILURE, .why = why};
}

/* A message that is there and empty is told apart from none. */
static struct view there(struct view v)
{
	return view_of(v.data ? v.data : "", v.len);
}

/* ---- the beginning ---- */

static void set_up(struct login *l, const struct message_login *m)
{
	unsigned char nonce[NONCE_BYTES];
	random_bytes(nonce, sizeof nonce);
	buf_init(&l->nonce, 64);
	buf_init(&l->binding, 64);
	buf_init(&l->hostname, 256);
	base64_encode(&l->nonce, view_of(nonce, sizeof nonce));
	buf_append(&l->binding, m->binding);
	buf_append(&l->hostname, auth_role.process->settings.hostname);
	l->setup = (struct sasl_setup){.nonce = buf_view(&l->nonce),
	    .host = buf_view(&l->hostname),
	    .server_secret = view_of(auth_secret(), AUTH_SECRET_SIZE)};
	if (view_equal(m->binding_type, VIEW("tls-exporter")))
		l->setup.tls_exporter = buf_view(&l->binding);
	else if (view_equal(m->binding_type, VIEW("tls-unique")))
		l->setup.tls_unique = buf_view(&l->binding);
}

/* "name digest". */
static struct auth_sasl_answer begin_apop(struct login *l, const struct message_login *m)
{
	ptrdiff_t space = view_find_last(m->initial, ' ');
	struct view digest = view_skip(m->initial, space < 0 ? m->initial.len : (size_t)space + 1);
	l->is_apop = true;
	buf_init(&l->stamp, 256);
	buf_init(&l->apop_name, SASL_IDENTITY_MAX + 1);
	buf_init(&l->apop_digest, 64);
	if (space < 1 || digest.len != APOP_DIGEST || m->apop_stamp.len == 0)
		return failure(LOGIN_MALFORMED);
	buf_append(&l->stamp, m->apop_stamp);
	buf_append(&l->apop_digest, digest);
	buf_append(&l->apop_name, view_take(m->initial, (size_t)space));
	return step(SASL_WAIT);
}

struct auth_sasl_answer auth_sasl_begin(struct login *l, const struct message_login *m)
{
	set_up(l, m);
	if (view_equal(m->mechanism, VIEW("APOP")))
		return begin_apop(l, m);
	const struct sasl_mechanism *mechanism = sasl_mechanism_find(m->mechanism);
	if (mechanism == NULL || !sasl_mechanism_is_usable(mechanism, &l->setup))
		return failure(LOGIN_BAD_MECHANISM);
	l->sasl = sasl_server_new(mechanism, &l->setup);
	return step(sasl_server_start(l->sasl, m->has_initial ? there(m->initial) : (struct view){0}));
}

struct auth_sasl_answer auth_sasl_more(struct login *l, struct view response)
{
	return l->sasl ? step(sasl_server_feed(l->sasl, there(response))) : failure(LOGIN_MALFORMED);
}

struct view auth_sasl_challenge(const struct login *l)
{
	return sasl_server_output(l->sasl);
}

struct view auth_sasl_identity(const struct login *l)
{
	return l->is_apop ? buf_view(&l->apop_name) : sasl_server_want(l->sasl)->identity;
}

/* ---- what the machine wants to know ---- */

static struct auth_sasl_answer look_apop(struct login *l)
{
	const struct sasl_secret *secrets;
	size_t count = 0;
	bool right = false;
	if (credentials_secrets(
	        l->known ? &l->credentials : NULL, l->protocol, &l->arena, &secrets, &count) != 0)
		return failure(LOGIN_TEMPORARY);
	for (size_t i = 0; i < count; i++)
		if (apop_matches(buf_view(&l->stamp), secrets[i].secret, buf_view(&l->apop_digest))) {
			right = true;
			l->credential = secrets[i].credential;
		}
	return step(right ? SASL_DONE : SASL_FAILED);
}

struct auth_sasl_answer auth_sasl_checked(struct login *l, int result)
{
	/* Too many at once, or no memory: the honest answer is 'later', not 'wrong'. */
	if (result != 0 && result != -EACCES)
		return failure(LOGIN_TEMPORARY);
	return step(sasl_server_answer_password(l->sasl, result == 0, l->credential));
}

struct auth_sasl_answer auth_sasl_look(struct login *l, void (*checked)(struct login *l, int result))
{
	if (l->is_apop)
		return look_apop(l);
	const struct sasl_want *want = sasl_server_want(l->sasl);
	const struct credentials *credentials = l->known ? &l->credentials : NULL;
	if (want->kind == SASL_WANT_PASSWORD) {
		int result = auth_password_check(l, want->password, checked);
		return result == -EINPROGRESS ? (struct auth_sasl_answer){.kind = AUTH_SASL_LATER}
		                              : auth_sasl_checked(l, result);
	}
	if (want->kind == SASL_WANT_SCRAM) {
		struct sasl_scram_record record;
		if (credentials_scram_record(credentials, want->hash, l->protocol, &l->arena, &record) != 0)
			return failure(LOGIN_TEMPORARY);
		return step(sasl_server_answer_scram(l->sasl, &record));
	}
	const struct sasl_secret *secrets;
	size_t count;
	if (credentials_secrets(credentials, l->protocol, &l->arena, &secrets, &count) != 0)
		return failure(LOGIN_TEMPORARY);
	return step(sasl_server_answer_secrets(l->sasl, secrets, count));
}

/* ---- the end ---- */

bool auth_sasl_is_for_itself(struct login *l)
{
	if (l->is_apop)
		return true;
	struct view authorization = sasl_server_authorization(l->sasl);
	l->credential = sasl_server_credential(l->sasl);
	return authorization.len == 0 || view_equal_nocase(authorization, buf_view(&l->identity));
}

bool auth_sasl_is_malformed(const struct login *l)
{
	return l->sasl && sasl_server_error(l->sasl) == SASL_MALFORMED;
}

void auth_sasl_end(struct login *l)
{
	struct buf *bufs[] = {
	    &l->nonce, &l->binding, &l->hostname, &l->stamp, &l->apop_name, &l->apop_digest};
	sasl_server_free(l->sasl);
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_done(bufs[i]);
}
