/*
 * SASL machines. The first byte chooses the mechanism, the second what is known and bound; the rest are
 * messages, each behind its length. Nobody gets in without the right password, which the input can't know.
 */
#include "fuzz.h"

#include "base/cursor.h"
#include "trust/login/credentials.h"

static enum sasl_step answer(struct sasl_server *s, bool known)
{
	static const struct sasl_scram_key key = {.verifier = {{1}, {2}}, .credential = 1};
	struct sasl_scram_record record = {
	    .salt = VIEW("0123456789abcdef"), .iterations = 4096, .keys = &key, .count = known};
	struct sasl_secret secret = {VIEW("a secret that no input holds"), 1};
	const struct sasl_want *want = sasl_server_want(s);
	touch(want->identity);
	touch(want->password);
	switch (want->kind) {
	case SASL_WANT_SCRAM:
		return sasl_server_answer_scram(s, &record);
	case SASL_WANT_SECRETS:
		return sasl_server_answer_secrets(s, &secret, known);
	default:
		return sasl_server_answer_password(s, false, 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor in = cursor_on(view_of(data, size));
	const struct sasl_mechanism *mechanism = sasl_mechanism_at(cursor_u8(&in) % 7);
	unsigned flags = cursor_u8(&in);
	struct sasl_setup setup = {.nonce = VIEW("nonce"),
	    .host = VIEW("mx.example"),
	    .server_secret = VIEW("0123456789abcdef0123456789abcdef"),
	    .tls_exporter = flags & 1 ? VIEW("exporter") : (struct view){0},
	    .tls_unique = flags & 2 ? VIEW("unique") : (struct view){0}};
	struct sasl_server *s = sasl_server_new(mechanism, &setup);
	enum sasl_step step =
	    sasl_server_start(s, flags & 4 ? cursor_bytes(&in, cursor_u8(&in)) : (struct view){0});
	for (int round = 0; round < 8 && step != SASL_FAILED; round++) {
		check(step != SASL_DONE);
		touch(sasl_server_output(s));
		if (step == SASL_WAIT)
			step = answer(s, flags & 8);
		else
			step = sasl_server_feed(s, cursor_bytes(&in, cursor_u8(&in)));
	}
	touch(sasl_server_identity(s));
	touch(sasl_server_authorization(s));
	sasl_server_free(s);

	struct credentials c;
	if (size && credentials_decode(view_of(data, size), &c) == 0)
		for (size_t i = 0; i < c.app_count; i++)
			touch(c.apps[i].name);
	return 0;
}
