/* Ceremonies with an authenticator that is written here: it makes keys by OpenSSL and says what real ones
 * say. */
#include "../../unit.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <stdio.h>

#include "base/buf.h"
#include "trust/login/webauthn.h"

enum { PRESENT = 1, VERIFIED = 4, CREDENTIAL = 64, EXTENSIONS = 128 };

static const char challenge[] = "0123456789abcdef0123456789ABCDEF";

/* What the authenticator and its browser say; a test changes one thing. */
struct ceremony {
	int64_t algorithm;
	EVP_PKEY *key;
	const char *type, *origin, *rp_id, *told_challenge, *cross, *format;
	unsigned flags;
	uint32_t counter;
	int64_t told_algorithm;
	bool break_signature, certificate, trailing;
	struct buf client, data, cose, attestation;
	unsigned char signature[1024];
	size_t signature_len;
};

static void init(struct ceremony *c, int64_t algorithm, const char *type)
{
	*c = (struct ceremony){.algorithm = algorithm,
	    .told_algorithm = algorithm,
	    .type = type,
	    .origin = "https://mx.example",
	    .rp_id = "mx.example",
	    .told_challenge = challenge,
	    .cross = "false",
	    .format = "none",
	    .flags = PRESENT | VERIFIED};
	c->key = algorithm == WEBAUTHN_ES256   ? EVP_EC_gen("P-256")
	         : algorithm == WEBAUTHN_EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	                                       : EVP_RSA_gen(2048);
	assert_non_null(c->key);
	struct buf *bufs[] = {&c->client, &c->data, &c->cose, &c->attestation};
	for (size_t i = 0; i < 4; i++)
		buf_init(bufs[i], 1 << 16);
}

static void done(struct ceremony *c)
{
	struct buf *bufs[] = {&c->client, &c->data, &c->cose, &c->attestation};
	for (size_t i = 0; i < 4; i++)
		buf_done(bufs[i]);
	EVP_PKEY_free(c->key);
}

/* ---- what is written ---- */

static void put_head(struct buf *out, unsigned major, uint64_t n)
{
	if (n < 24) {
		buf_append_u8(out, (uint8_t)(major << 5 | n));
	} else if (n < 256) {
		buf_append_u8(out, (uint8_t)(major << 5 | 24));
		buf_append_u8(out, (uint8_t)n);
	} else {
		buf_append_u8(out, (uint8_t)(major << 5 | 25));
		buf_append_u16(out, (uint16_t)n);
	}
}

static void put_number(struct buf *out, int64_t n)
{
	put_head(out, n < 0, (uint64_t)(n < 0 ? -1 - n : n));
}

static void put_octets(struct buf *out, struct view v)
{
	put_head(out, 2, v.len);
	buf_append(out, v);
}

static void put_text(struct buf *out, const char *text)
{
	put_head(out, 3, strlen(text));
	buf_append_string(out, text);
}

static struct view number_of(EVP_PKEY *key, const char *name, unsigned char out[512])
{
	BIGNUM *n = NULL;
	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	bool coordinate =
	    strcmp(name, OSSL_PKEY_PARAM_RSA_N) != 0 && strcmp(name, OSSL_PKEY_PARAM_RSA_E) != 0;
	int len = coordinate ? 32 : BN_num_bytes(n);
	assert_int_equal(BN_bn2binpad(n, out, len), len);
	BN_free(n);
	return view_of(out, (size_t)len);
}

static void put_key(struct ceremony *c)
{
	unsigned char n[512];
	size_t len = sizeof n;
	struct buf *out = &c->cose;
	buf_clear(out);
	put_head(out, 5, c->algorithm == WEBAUTHN_ES256 ? 5 : 4);
	put_number(out, 1);
	put_number(out, c->algorithm == WEBAUTHN_ES256 ? 2 : c->algorithm == WEBAUTHN_EDDSA ? 1 : 3);
	put_number(out, 3);
	put_number(out, c->algorithm);
	put_number(out, -1);
	if (c->algorithm == WEBAUTHN_RS256) {
		put_octets(out, number_of(c->key, OSSL_PKEY_PARAM_RSA_N, n));
		put_number(out, -2);
		put_octets(out, number_of(c->key, OSSL_PKEY_PARAM_RSA_E, n));
	} else if (c->algorithm == WEBAUTHN_EDDSA) {
		put_number(out, 6);
		put_number(out, -2);
		assert_int_equal(EVP_PKEY_get_raw_public_key(c->key, n, &len), 1);
		put_octets(out, view_of(n, len));
	} else {
		put_number(out, 1);
		put_number(out, -2);
		put_octets(out, number_of(c->key, OSSL_PKEY_PARAM_EC_PUB_X, n));
		put_number(out, -3);
		put_octets(out, number_of(c->key, OSSL_PKEY_PARAM_EC_PUB_Y, n));
	}
}

static void sign(struct ceremony *c)
{
	unsigned char hash[32];
	struct buf message;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	buf_init(&message, 1 << 16);
	EVP_Digest(buf_view(&c->client).data, buf_view(&c->client).len, hash, NULL, EVP_sha256(), NULL);
	buf_append(&message, buf_view(&c->data));
	buf_append(&message, view_of(hash, sizeof hash));
	c->signature_len = sizeof c->signature;
	assert_int_equal(
	    EVP_DigestSignInit(ctx, NULL, c->algorithm == WEBAUTHN_EDDSA ? NULL : EVP_sha256(), NULL, c->key),
	    1);
	assert_int_equal(EVP_DigestSign(ctx, c->signature, &c->signature_len,
	                     (const unsigned char *)buf_view(&message).data, buf_view(&message).len),
	    1);
	if (c->break_signature)
		c->signature[c->signature_len - 1] ^= 1;
	EVP_MD_CTX_free(ctx);
	buf_done(&message);
}

static void speak(struct ceremony *c)
{
	char told[64];
	unsigned char hash[32];
	sodium_bin2base64(told, sizeof told, (const unsigned char *)c->told_challenge,
	    strlen(c->told_challenge), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	buf_printf(&c->client, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":%s}",
	    c->type, told, c->origin, c->cross);
	EVP_Digest(c->rp_id, strlen(c->rp_id), hash, NULL, EVP_sha256(), NULL);
	buf_append(&c->data, view_of(hash, sizeof hash));
	buf_append_u8(&c->data, (uint8_t)c->flags);
	buf_append_u32(&c->data, c->counter);
	put_key(c);
	if (c->flags & CREDENTIAL) {
		buf_append(&c->data, view_of("0123456789abcdef", 16));
		buf_append_u16(&c->data, 3);
		buf_append_string(&c->data, "key");
		buf_append(&c->data, buf_view(&c->cose));
	}
	if (c->flags & EXTENSIONS)
		buf_append(&c->data, VIEW("\xa1\x61x\xf5"));
	if (c->trailing)
		buf_append_byte(&c->data, '\0');
	sign(c);
}

static void attest(struct ceremony *c)
{
	struct buf *out = &c->attestation;
	put_head(out, 5, 3);
	put_text(out, "fmt");
	put_text(out, c->format);
	put_text(out, "attStmt");
	if (strcmp(c->format, "none") == 0 && !c->certificate) {
		put_head(out, 5, 0);
	} else {
		put_head(out, 5, c->certificate ? 3 : 2);
		put_text(out, "alg");
		put_number(out, c->told_algorithm);
		put_text(out, "sig");
		put_octets(out, view_of(c->signature, c->signature_len));
		if (c->certificate) {
			put_text(out, "x5c");
			put_head(out, 4, 0);
		}
	}
	put_text(out, "authData");
	put_octets(out, buf_view(&c->data));
}

static const struct webauthn_expected expected = {.challenge = {challenge, 32},
    .origin = {"https://mx.example", 18},
    .rp_id = {"mx.example", 10},
    .verified = true};

static enum webauthn_fault make(struct ceremony *c, struct webauthn_credential *made)
{
	c->flags |= CREDENTIAL;
	speak(c);
	attest(c);
	return webauthn_register(&expected, buf_view(&c->client), buf_view(&c->attestation), made);
}

static enum webauthn_fault sign_in(struct ceremony *c, struct webauthn_credential *credential)
{
	speak(c);
	credential->key = buf_view(&c->cose);
	return webauthn_assert(&expected, buf_view(&c->client), buf_view(&c->data),
	    view_of(c->signature, c->signature_len), credential);
}

/* ---- tests ---- */

static void each_algorithm_makes_and_signs_in(void **state)
{
	static const int64_t algorithms[] = {WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256};
	static const char *const formats[] = {"none", "packed"};
	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 2; k++) {
			struct ceremony c;
			struct webauthn_credential made = {0}, kept = {.counter = 4};
			init(&c, algorithms[i], "webauthn.create");
			c.format = formats[k];
			c.counter = 5;
			c.flags |= k ? EXTENSIONS : 0;
			assert_int_equal(make(&c, &made), WEBAUTHN_GOOD);
			assert_view(made.id, "key");
			assert_int_equal(made.counter, 5);
			assert_true(made.verified);
			assert_true(view_equal(made.key, buf_view(&c.cose)));
			done(&c);
			init(&c, algorithms[i], "webauthn.get");
			c.counter = 5;
			assert_int_equal(sign_in(&c, &kept), WEBAUTHN_GOOD);
			assert_int_equal(kept.counter, 5);
			done(&c);
		}
}

/* One thing is wrong: the same for both ceremonies. */
static void each_wrong_word_is_told(void **state)
{
	static const struct {
		enum webauthn_fault fault;
		const char *type, *origin, *rp_id, *challenge, *cross;
		unsigned flags;
		bool trailing;
	} cases[] = {{.fault = WEBAUTHN_TYPE, .type = "webauthn.other"},
	    {.fault = WEBAUTHN_CHALLENGE, .challenge = "0123456789abcdef0123456789ABCDEG"},
	    {.fault = WEBAUTHN_CHALLENGE, .challenge = "0123456789abcdef0123456789ABCDE"},
	    {.fault = WEBAUTHN_CHALLENGE, .challenge = ""},
	    {.fault = WEBAUTHN_ORIGIN, .origin = "https://mx.example.evil.example"},
	    {.fault = WEBAUTHN_ORIGIN, .origin = "http://mx.example"},
	    {.fault = WEBAUTHN_ORIGIN, .origin = "https://mx.example:8443"},
	    {.fault = WEBAUTHN_ORIGIN, .cross = "true"}, {.fault = WEBAUTHN_SITE, .rp_id = "example"},
	    {.fault = WEBAUTHN_ABSENT, .flags = VERIFIED}, {.fault = WEBAUTHN_UNVERIFIED, .flags = PRESENT},
	    {.fault = WEBAUTHN_MALFORMED, .trailing = true}};
	(void)state;
	for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
		struct ceremony c;
		struct webauthn_credential credential = {.counter = 0};
		bool makes = i % 2;
		init(&c, WEBAUTHN_EDDSA, makes ? "webauthn.create" : "webauthn.get");
		c.type = cases[i / 2].type ? cases[i / 2].type : c.type;
		c.origin = cases[i / 2].origin ? cases[i / 2].origin : c.origin;
		c.rp_id = cases[i / 2].rp_id ? cases[i / 2].rp_id : c.rp_id;
		c.told_challenge = cases[i / 2].challenge ? cases[i / 2].challenge : c.told_challenge;
		c.cross = cases[i / 2].cross ? cases[i / 2].cross : c.cross;
		c.flags = cases[i / 2].flags ? cases[i / 2].flags : c.flags;
		c.trailing = cases[i / 2].trailing;
		enum webauthn_fault fault = makes ? make(&c, &credential) : sign_in(&c, &credential);
		if (fault != cases[i / 2].fault)
			fail_msg("case %zu: %s", i / 2, webauthn_fault_name(fault));
		done(&c);
	}
}

static void a_ceremony_is_not_the_other(void **state)
{
	struct ceremony c;
	struct webauthn_credential credential = {0};
	(void)state;
	init(&c, WEBAUTHN_EDDSA, "webauthn.get");
	assert_int_equal(make(&c, &credential), WEBAUTHN_TYPE);
	done(&c);
	init(&c, WEBAUTHN_EDDSA, "webauthn.create");
	assert_int_equal(sign_in(&c, &credential), WEBAUTHN_TYPE);
	done(&c);
}

static void signatures_are_looked_at(void **state)
{
	static const int64_t algorithms[] = {WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256};
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ceremony c;
		struct webauthn_credential credential = {0};
		init(&c, algorithms[i], "webauthn.get");
		c.break_signature = true;
		assert_int_equal(sign_in(&c, &credential), WEBAUTHN_SIGNATURE);
		done(&c);
		init(&c, algorithms[i], "webauthn.create");
		c.break_signature = true;
		c.format = "packed";
		assert_int_equal(make(&c, &credential), WEBAUTHN_ATTESTATION);
		done(&c);
	}
}

static void other_attestations_are_refused(void **state)
{
	static const struct {
		const char *format;
		int64_t told;
		bool certificate;
	} cases[] = {{"fido-u2f", WEBAUTHN_EDDSA, false}, {"packed", WEBAUTHN_ES256, false},
	    {"packed", WEBAUTHN_EDDSA, true}, {"none", WEBAUTHN_EDDSA, true}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ceremony c;
		struct webauthn_credential credential;
		init(&c, WEBAUTHN_EDDSA, "webauthn.create");
		c.format = cases[i].format;
		c.told_algorithm = cases[i].told;
		c.certificate = cases[i].certificate;
		assert_int_equal(make(&c, &credential), WEBAUTHN_ATTESTATION);
		done(&c);
	}
}

static void counters_go_forward(void **state)
{
	static const struct {
		uint32_t kept, told;
		enum webauthn_fault fault;
	} cases[] = {{0, 0, WEBAUTHN_GOOD}, {0, 1, WEBAUTHN_GOOD}, {3, 4, WEBAUTHN_GOOD},
	    {3, 3, WEBAUTHN_COUNTER}, {3, 2, WEBAUTHN_COUNTER}, {3, 0, WEBAUTHN_COUNTER}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ceremony c;
		struct webauthn_credential credential = {.counter = cases[i].kept};
		init(&c, WEBAUTHN_EDDSA, "webauthn.get");
		c.counter = cases[i].told;
		assert_int_equal(sign_in(&c, &credential), cases[i].fault);
		done(&c);
	}
}

static void unsound_keys_are_refused(void **state)
{
	unsigned char key[64] = "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
	int64_t algorithm;
	(void)state;
	/* x = 0, y = 0 is not on the curve. */
	memcpy(key + 10 + 32, "\x22\x58\x20", 3);
	struct buf whole;
	buf_init(&whole, 200);
	buf_append(&whole, view_of(key, 10 + 32 + 3));
	buf_append(&whole, view_of((const char[32]){0}, 32));
	assert_int_equal(webauthn_key_check(buf_view(&whole), &algorithm), WEBAUTHN_ALGORITHM);
	buf_done(&whole);
	struct ceremony c;
	init(&c, WEBAUTHN_RS256, "webauthn.get");
	EVP_PKEY_free(c.key);
	c.key = EVP_RSA_gen(1024);
	struct webauthn_credential credential = {0};
	assert_int_equal(sign_in(&c, &credential), WEBAUTHN_ALGORITHM);
	done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_algorithm_makes_and_signs_in),
	    cmocka_unit_test(each_wrong_word_is_told),
	    cmocka_unit_test(a_ceremony_is_not_the_other),
	    cmocka_unit_test(signatures_are_looked_at),
	    cmocka_unit_test(other_attestations_are_refused),
	    cmocka_unit_test(counters_go_forward),
	    cmocka_unit_test(unsound_keys_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
