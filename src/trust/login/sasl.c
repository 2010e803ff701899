/* SASL, RFC 4422: the table of mechanisms, and what their machines share. */
#include "trust/login/sasl.h"

#include <string.h>

#include "base/mem.h"
#include "trust/login/sasl_private.h"
#include "trust/login/saslprep.h"

/* Best first: a client that takes the first it knows takes the best. */
static const struct sasl_mechanism mechanisms[] = {
    {"SCRAM-SHA-256-PLUS", SASL_SCRAM | SASL_BINDS, SCRAM_SHA_256, false, sasl_scram_feed, sasl_scram_answer,
        NULL},
    {"SCRAM-SHA-256", SASL_SCRAM, SCRAM_SHA_256, false, sasl_scram_feed, sasl_scram_answer, NULL},
    {"SCRAM-SHA-1-PLUS", SASL_SCRAM | SASL_BINDS, SCRAM_SHA_1, false, sasl_scram_feed, sasl_scram_answer,
        NULL},
    {"SCRAM-SHA-1", SASL_SCRAM, SCRAM_SHA_1, false, sasl_scram_feed, sasl_scram_answer, NULL},
    {"CRAM-MD5", SASL_SECRET, SCRAM_SHA_1, true, sasl_cram_md5_feed, NULL, sasl_cram_md5_answer},
    {"PLAIN", SASL_PLAINTEXT, SCRAM_SHA_1, false, sasl_plain_feed, NULL, NULL},
    {"LOGIN", SASL_PLAINTEXT, SCRAM_SHA_1, true, sasl_login_feed, NULL, NULL},
};

const struct sasl_mechanism *sasl_mechanism_at(size_t n)
{
	return n < sizeof mechanisms / sizeof mechanisms[0] ? &mechanisms[n] : NULL;
}

const struct sasl_mechanism *sasl_mechanism_find(struct view name)
{
	const struct sasl_mechanism *m;
	for (size_t i = 0; (m = sasl_mechanism_at(i)) != NULL; i++)
		if (view_equal_nocase(name, view_from_string(m->name)))
			return m;
	return NULL;
}

const char *sasl_mechanism_name(const struct sasl_mechanism *mechanism)
{
	return mechanism->name;
}

bool sasl_mechanism_is_usable(const struct sasl_mechanism *mechanism, const struct sasl_setup *setup)
{
	if (!(mechanism->flags & SASL_BINDS))
		return true;
	return setup->tls_exporter.len || setup->tls_unique.len || setup->tls_server_end_point.len;
}

struct sasl_server *sasl_server_new(const struct sasl_mechanism *mechanism, const struct sasl_setup *setup)
{
	struct sasl_server *s = mem_alloc(sizeof *s);
	s->mechanism = mechanism;
	s->setup = *setup;
	buf_init(&s->output, SASL_MESSAGE_MAX);
	buf_init(&s->identity, SASL_IDENTITY_MAX);
	buf_init(&s->authorization, SASL_IDENTITY_MAX);
	buf_init(&s->password, PASSWORD_MAX);
	buf_init(&s->gs2_header, SASL_MESSAGE_MAX);
	buf_init(&s->client_first_bare, SASL_MESSAGE_MAX);
	buf_init(&s->server_first, SASL_MESSAGE_MAX);
	buf_init(&s->digest, SASL_MESSAGE_MAX);
	return s;
}

static void wipe(struct buf *b)
{
	if (b->data)
		mem_wipe(b->data, b->cap);
	buf_done(b);
}

void sasl_server_free(struct sasl_server *s)
{
	if (s == NULL)
		return;
	struct buf *bufs[] = {&s->output, &s->identity, &s->authorization, &s->password, &s->gs2_header,
	    &s->client_first_bare, &s->server_first, &s->digest};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		wipe(bufs[i]);
	if (s->keys)
		mem_wipe(s->keys, s->key_count * sizeof *s->keys);
	mem_free(s->keys);
	mem_wipe(s, sizeof *s);
	mem_free(s);
}

enum sasl_step sasl_fail(struct sasl_server *s, enum sasl_error error)
{
	s->error = error;
	s->phase = SASL_OVER;
	buf_clear(&s->output);
	return SASL_FAILED;
}

/* What a step leads to, for the next call. */
static enum sasl_step step(struct sasl_server *s, enum sasl_step next)
{
	s->phase = next == SASL_CHALLENGE ? SASL_READING : next == SASL_WAIT ? SASL_WAITING : SASL_OVER;
	return next;
}

bool sasl_take_identity(struct sasl_server *s, struct view name)
{
	buf_clear(&s->identity);
	if (memchr(name.data ? name.data : "", '\0', name.len) == NULL && saslprep(name, &s->identity) == 0)
		return true;
	buf_clear(&s->identity);
	return false;
}

enum sasl_step sasl_want_password(struct sasl_server *s)
{
	s->want = (struct sasl_want){.kind = SASL_WANT_PASSWORD,
	    .identity = buf_view(&s->identity),
	    .password = buf_view(&s->password)};
	return SASL_WAIT;
}

enum sasl_step sasl_server_start(struct sasl_server *s, struct view initial)
{
	const struct sasl_mechanism *m = s->mechanism;
	if (!sasl_mechanism_is_usable(m, &s->setup))
		return sasl_fail(s, SASL_BINDING);
	if (initial.len > SASL_MESSAGE_MAX)
		return sasl_fail(s, SASL_MALFORMED);
	if (!m->server_first)
		return initial.data ? sasl_server_feed(s, initial) : SASL_CHALLENGE;
	enum sasl_step first = step(s, m->feed(s, (struct view){0}));
	if (initial.data == NULL || first != SASL_CHALLENGE)
		return first;
	/* Some clients send LOGIN's name at once. CRAM-MD5's answer can't be known before its challenge. */
	return m->flags & SASL_SECRET ? sasl_fail(s, SASL_MALFORMED) : sasl_server_feed(s, initial);
}

enum sasl_step sasl_server_feed(struct sasl_server *s, struct view message)
{
	if (message.len > SASL_MESSAGE_MAX || s->phase != SASL_READING)
		return sasl_fail(s, SASL_MALFORMED);
	s->round++;
	buf_clear(&s->output);
	/* A message may be empty, but it is one. */
	return step(s, s->mechanism->feed(s, message.data ? message : VIEW("")));
}

const struct sasl_want *sasl_server_want(const struct sasl_server *s)
{
	return &s->want;
}

enum sasl_step sasl_server_answer_password(struct sasl_server *s, bool right, uint64_t credential)
{
	if (s->phase != SASL_WAITING || s->want.kind != SASL_WANT_PASSWORD)
		return sasl_fail(s, SASL_MALFORMED);
	if (s->password.data)
		mem_wipe(s->password.data, s->password.cap);
	buf_clear(&s->password);
	/* An identity that could not be prepared is nobody's, whatever the caller found. */
	if (!right || s->identity.len == 0)
		return sasl_fail(s, SASL_WRONG);
	s->credential = credential;
	return step(s, SASL_DONE);
}

enum sasl_step sasl_server_answer_scram(struct sasl_server *s, const struct sasl_scram_record *record)
{
	if (s->phase != SASL_WAITING || s->mechanism->answer_scram == NULL)
		return sasl_fail(s, SASL_MALFORMED);
	return step(s, s->mechanism->answer_scram(s, record));
}

enum sasl_step sasl_server_answer_secrets(
    struct sasl_server *s, const struct sasl_secret *secrets, size_t count)
{
	if (s->phase != SASL_WAITING || s->mechanism->answer_secrets == NULL)
		return sasl_fail(s, SASL_MALFORMED);
	return step(s, s->mechanism->answer_secrets(s, secrets, count));
}

struct view sasl_server_output(const struct sasl_server *s)
{
	return buf_view(&s->output);
}

struct view sasl_server_identity(const struct sasl_server *s)
{
	return buf_view(&s->identity);
}

struct view sasl_server_authorization(const struct sasl_server *s)
{
	return buf_view(&s->authorization);
}

uint64_t sasl_server_credential(const struct sasl_server *s)
{
	return s->credential;
}

enum sasl_error sasl_server_error(const struct sasl_server *s)
{
	return s->error;
}
