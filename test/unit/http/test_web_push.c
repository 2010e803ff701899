/* Web Push: the example of RFC 8291, what a subscriber can decrypt, tokens that verify, and keys that are
 * none. */
#include "../unit.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/base64.h"
#include "http/web_push.h"

/* RFC 8291 section 5 and appendix A. */
#define P256DH "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define SERVER_PRIVATE "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
#define SERVER_PUBLIC                                                                                        \
	"BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
#define SALT "DGv6ra1nlYgDCS1FRnbzlw"
#define TEXT "When I grow up, I want to be a watermelon"
#define BODY                                                                                                 \
	"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_"                                                     \
	"c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"                                             \
	"EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"

static void octets(const char *text, unsigned char *out, size_t len)
{
	struct buf b;
	buf_init(&b, 200);
	assert_int_equal(base64url_decode(&b, view_from_string(text)), 0);
	assert_int_equal(b.len, len);
	memcpy(out, buf_view(&b).data, len);
	buf_done(&b);
}

static void is_as_the_rfc_has_it(void **state)
{
	(void)state;
	struct web_push_keys keys;
	unsigned char private_key[32], point[WEB_PUSH_POINT], salt[16];
	octets(SERVER_PRIVATE, private_key, sizeof private_key);
	octets(SERVER_PUBLIC, point, sizeof point);
	octets(SALT, salt, sizeof salt);
	assert_int_equal(web_push_read_keys(&keys, VIEW(P256DH), VIEW(AUTH)), 0);
	struct buf body, text;
	buf_init(&body, 5000);
	buf_init(&text, 5000);
	assert_int_equal(web_push_encrypt_with(&body, &keys, VIEW(TEXT), private_key, point, salt), 0);
	base64url_encode(&text, buf_view(&body));
	assert_view(buf_view(&text), BODY);
	buf_done(&body);
	buf_done(&text);
}

static void differs_each_time_and_keeps_its_limit(void **state)
{
	(void)state;
	static char text[WEB_PUSH_TEXT_MAX + 1];
	struct web_push_keys keys;
	struct buf one, two;
	buf_init(&one, 5000);
	buf_init(&two, 5000);
	assert_int_equal(web_push_read_keys(&keys, VIEW(P256DH), VIEW(AUTH)), 0);
	assert_int_equal(web_push_encrypt(&one, &keys, view_of(text, WEB_PUSH_TEXT_MAX)), 0);
	assert_int_equal(web_push_encrypt(&two, &keys, view_of(text, WEB_PUSH_TEXT_MAX)), 0);
	assert_int_equal(one.len, 4096);
	assert_false(view_equal(buf_view(&one), buf_view(&two)));
	assert_memory_not_equal(one.data, two.data, 16);           /* salt */
	assert_memory_not_equal(one.data + 21, two.data + 21, 65); /* key */
	buf_clear(&one);
	assert_int_equal(web_push_encrypt(&one, &keys, view_of(text, sizeof text)), -EMSGSIZE);
	assert_int_equal(one.len, 0);
	assert_int_equal(web_push_encrypt(&one, &keys, VIEW("")), 0);
	assert_int_equal(one.len, 86 + 17);
	buf_done(&one);
	buf_init(&one, 100);
	assert_int_equal(web_push_encrypt(&one, &keys, VIEW("too long for it")), -ENOBUFS);
	buf_done(&one);
	buf_done(&two);
}

static void refuses_keys_that_are_none(void **state)
{
	(void)state;
	struct web_push_keys keys = {.auth = {7}};
	static const char *const points[] = {"", "BCVx", "not base64url!",
	    /* an octet changed: not on the curve; the compressed form; the point at infinity and zeroes */
	    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw8",
	    "AiVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx", "AA",
	    "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
		assert_int_equal(web_push_read_keys(&keys, view_from_string(points[i]), VIEW(AUTH)), -EINVAL);
	static const char *const secrets[] = {
	    "", "BTBZMqHH6r4Tts7J_aSI", "BTBZMqHH6r4Tts7J_aSIggA", AUTH "=="};
	for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
		assert_int_equal(
		    web_push_read_keys(&keys, VIEW(P256DH), view_from_string(secrets[i])), -EINVAL);
	assert_int_equal(keys.auth[0], 7);
}

static void says_who_sends(void **state)
{
	(void)state;
	struct buf token, field;
	buf_init(&token, 2000);
	buf_init(&field, 2000);
	assert_int_equal(web_push_token(&token, VIEW("https://push.example:8443/a/b?c"), 1453523768,
	                     "mailto:postmaster@a.test"),
	    0);
	struct view rest = buf_view(&token), part;
	static const char *const parts[] = {"{\"typ\":\"JWT\",\"alg\":\"ES256\"}",
	    "{\"aud\":\"https://"
	    "push.example:8443\",\"exp\":1453523768,\"sub\":\"mailto:postmaster@a.test\"}"};
	for (size_t i = 0; i < 2; i++) {
		assert_true(view_next(&rest, '.', &part));
		buf_clear(&field);
		assert_int_equal(base64url_decode(&field, part), 0);
		assert_view(buf_view(&field), parts[i]);
	}
	/* Signed as the role of keys would, and verified from the field alone. */
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char der[100], raw[WEB_PUSH_SIGNATURE], point[WEB_PUSH_POINT];
	size_t len = sizeof der, point_len;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(
	    EVP_DigestSign(context, der, &len, (const unsigned char *)buf_view(&token).data, token.len), 1);
	EVP_MD_CTX_free(context);
	assert_int_equal(EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &point_len), 1);
	assert_int_equal(web_push_signature(raw, view_of(der, len)), 0);
	assert_int_equal(web_push_signature(raw, view_of(der, len - 1)), -EINVAL);
	assert_int_equal(web_push_signature(raw, VIEW("")), -EINVAL);
	assert_int_equal(web_push_signature(raw, view_of(der, len)), 0);
	ECDSA_SIG *again = ECDSA_SIG_new();
	ECDSA_SIG_set0(again, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	unsigned char *made = NULL;
	int made_len = i2d_ECDSA_SIG(again, &made);
	assert_int_equal(made_len, len);
	assert_memory_equal(made, der, len);
	OPENSSL_free(made);
	ECDSA_SIG_free(again);
	EVP_PKEY_free(key);
	buf_clear(&field);
	assert_int_equal(web_push_authorization(&field, buf_view(&token), raw, point), 0);
	const char *said = buf_string(&field);
	assert_memory_equal(said, "vapid t=", 8);
	assert_memory_equal(said + 8, buf_string(&token), token.len);
	assert_int_equal(said[8 + token.len], '.');
	assert_non_null(strstr(said, ", k=B"));
	buf_clear(&token);
	static const char *const wrong[] = {
	    "http://push.example/", "push.example", "https:///a", "https://a\"b/", "https://u@a/", ""};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(
		    web_push_token(&token, view_from_string(wrong[i]), 1, "mailto:a@b"), -EINVAL);
	assert_int_equal(web_push_token(&token, VIEW("https://a/"), 1, "mailto:\"a\"@b"), -EINVAL);
	assert_int_equal(web_push_token(&token, VIEW("https://a/"), 1, ""), -EINVAL);
	assert_int_equal(token.len, 0);
	buf_done(&token);
	buf_done(&field);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_as_the_rfc_has_it),
	    cmocka_unit_test(differs_each_time_and_keeps_its_limit),
	    cmocka_unit_test(refuses_keys_that_are_none),
	    cmocka_unit_test(says_who_sends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
