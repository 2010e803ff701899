/*
 * Passkeys: the input is an attestation, what an authenticator says, a key, and CBOR. Nobody signs in by a
 * signature that the input cannot make, and what is one value of CBOR is that value however it is read.
 */
#include "fuzz.h"

#include "trust/login/cbor.h"
#include "trust/login/webauthn.h"

static void visit(struct view text, unsigned depth)
{
	struct cbor value, member;
	struct cursor in = cursor_on(text);
	check(depth <= CBOR_DEPTH_MAX);
	while (!cursor_at_end(&in)) {
		check(cbor_take(&in, &value));
		if (value.kind == CBOR_ARRAY || value.kind == CBOR_MAP)
			visit(value.octets, depth + 1);
		else
			touch(value.octets);
		cbor_member(&value, "fmt", &member);
		cbor_member_number(&value, -1, &member);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char client_data[] =
	    "{\"type\":\"webauthn.create\",\"challenge\":"
	    "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\",\"origin\":\"https://a\"}";
	struct view input = view_of(data, size);
	const struct webauthn_expected expected = {.challenge = VIEW("0123456789abcdef0123456789abcdef"),
	    .origin = VIEW("https://a"),
	    .rp_id = VIEW("a")};
	struct webauthn_credential made = {0};
	struct cbor value;
	int64_t algorithm;
	if (cbor_read(input, &value))
		visit(input, 0);
	if (webauthn_register(&expected, VIEW(client_data), input, &made) == WEBAUTHN_GOOD) {
		check(made.id.len > 0 && made.id.len <= WEBAUTHN_ID_MAX && made.key.len <= WEBAUTHN_KEY_MAX);
		check(webauthn_key_check(made.key, &algorithm) == WEBAUTHN_GOOD);
		touch(made.id);
	}
	if (webauthn_key_check(input, &algorithm) == WEBAUTHN_GOOD)
		check(webauthn_key_verify(input, VIEW("a message"), VIEW("no signature")) != WEBAUTHN_GOOD);
	check(webauthn_register(&expected, input, VIEW("\xa0"), &made) != WEBAUTHN_GOOD);
	check(webauthn_assert(&expected, VIEW(client_data), input, input, &made) != WEBAUTHN_GOOD);
	return 0;
}
