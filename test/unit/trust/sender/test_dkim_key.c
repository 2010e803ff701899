/* Key records and keys: RFC 6376 section 3.6.1, RFC 8301, RFC 8463. */
#include "../../unit.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "base/base64.h"
#include "trust/sender/dkim_key.h"

#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
/* RFC 6376 appendix C: SubjectPublicKeyInfo. The second is of 512 bits. */
#define RSA1024                                                                                              \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/"                      \
	"zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5"                                                                     \
	"ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/"                                                   \
	"NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDA"                                         \
	"QAB"
#define RSA512                                                                                               \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALgSoqXVSEmfcIsOzw7oRuCCOwsmtX/SJnTWxYyj2leFxfS/"                   \
	"AVJ+dYfY+hXqMsT7l+MZvvh/R1Wz"                                                                       \
	"N4MO/kI/7XsCAwEAAQ=="

static struct arena arena;
static struct dkim_key k;

static enum dkim_key_fault parse(const char *text)
{
	arena_reset(&arena);
	dkim_key_parse(view_from_string(text), &arena, &k);
	return k.fault;
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void reads_records(void **state)
{
	(void)state;
	assert_int_equal(parse("v=DKIM1; p=" RSA1024), DKIM_KEY_GOOD);
	assert_int_equal(k.kind, DKIM_KEY_RSA);
	assert_int_equal(k.bits, 1024);
	assert_int_equal(k.n.len, 128);
	assert_true(view_equal(k.e, VIEW("\x01\x00\x01")));
	assert_false(k.testing || k.strict);
	assert_int_equal(parse("p=" RSA1024), DKIM_KEY_GOOD);
	assert_int_equal(
	    parse("v=DKIM1; k=rsa; h=sha1 : sha256; s=other:email; t=y:s:x; n=for=20people; x=1; p=" RSA1024
	          ";"),
	    DKIM_KEY_GOOD);
	assert_true(k.testing && k.strict);
	assert_view(k.notes, "for=20people");
	assert_int_equal(parse("v=DKIM1; k=Ed25519; s=*; p=" ED25519), DKIM_KEY_GOOD);
	assert_int_equal(k.kind, DKIM_KEY_ED25519);
	assert_int_equal(k.bits, 256);
}

static void names_what_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum dkim_key_fault fault;
	} bad[] = {
	    {"", DKIM_KEY_NONE},
	    {"v=spf1 include:_spf.example.org -all", DKIM_KEY_NONE},
	    {"v=DMARC1; p=none", DKIM_KEY_NONE},
	    {"v=DKIM2; p=" ED25519, DKIM_KEY_NONE},
	    {"k=rsa; v=DKIM1; p=" RSA1024, DKIM_KEY_NONE},
	    {"k=rsa", DKIM_KEY_NONE},
	    {"v=DKIM1", DKIM_KEY_SYNTAX},
	    {"v=DKIM1; p", DKIM_KEY_SYNTAX},
	    {"v=DKIM1; p=a; p=a", DKIM_KEY_SYNTAX},
	    {"v=DKIM1; p=", DKIM_KEY_REVOKED},
	    {"v=DKIM1; k=dsa; p=AAAA", DKIM_KEY_UNSUPPORTED},
	    {"v=DKIM1; k=; p=AAAA", DKIM_KEY_UNSUPPORTED},
	    {"v=DKIM1; h=sha1; p=" RSA1024, DKIM_KEY_HASH},
	    {"v=DKIM1; h=; p=" RSA1024, DKIM_KEY_HASH},
	    {"v=DKIM1; s=tlsrpt; p=" RSA1024, DKIM_KEY_SERVICE},
	    {"v=DKIM1; p=AAAA", DKIM_KEY_BROKEN},
	    {"v=DKIM1; p=A*AA", DKIM_KEY_BROKEN},
	    {"v=DKIM1; p=" ED25519, DKIM_KEY_BROKEN},
	    {"v=DKIM1; k=ed25519; p=" RSA1024, DKIM_KEY_BROKEN},
	    {"v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA3SUqa9UbfciWkk7tlcJ9P1VD5pXAasg0JUn/OgjVbKE=",
	        DKIM_KEY_BROKEN},
	    {"v=DKIM1; p=" RSA512, DKIM_KEY_SHORT},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse(bad[i].text), bad[i].fault);
	arena_reset(&arena);
	dkim_key_parse(VIEW("v=DKIM1; p=\0"), &arena, &k);
	assert_int_equal(k.fault, DKIM_KEY_SYNTAX);
	struct arena small;
	arena_init(&small, 16);
	dkim_key_parse(VIEW("v=DKIM1; p=" RSA1024), &small, &k);
	assert_int_equal(k.fault, DKIM_KEY_MEMORY);
	arena_done(&small);
}

/* ---- keys of any size ---- */

static void put_der(struct buf *out, uint8_t tag, struct view contents)
{
	buf_append_u8(out, tag);
	if (contents.len < 128) {
		buf_append_u8(out, (uint8_t)contents.len);
	} else {
		buf_append_u8(out, 0x82);
		buf_append_u16(out, (uint16_t)contents.len);
	}
	buf_append(out, contents);
}

static void put_integer(struct buf *out, struct view number)
{
	struct buf positive;
	buf_init(&positive, 4096);
	if ((unsigned char)number.data[0] & 0x80)
		buf_append_byte(&positive, '\0');
	buf_append(&positive, number);
	put_der(out, 0x02, buf_view(&positive));
	buf_done(&positive);
}

/* A bare RSAPublicKey with a modulus of so many bits, whose last octet is `last`. */
static enum dkim_key_fault parse_rsa(unsigned bits, unsigned char last, struct view exponent)
{
	static char n[1100];
	struct buf numbers, der, text;
	size_t len = (bits + 7) / 8;
	memset(n, 0x55, len);
	n[0] = (char)(1U << ((bits - 1) % 8));
	n[len - 1] = (char)last;
	buf_init(&numbers, 4096);
	buf_init(&der, 4096);
	buf_init(&text, 8192);
	put_integer(&numbers, view_of(n, len));
	put_integer(&numbers, exponent);
	put_der(&der, 0x30, buf_view(&numbers));
	buf_append_string(&text, "v=DKIM1; p=");
	base64_encode(&text, buf_view(&der));
	enum dkim_key_fault fault = parse(buf_string(&text));
	buf_done(&numbers);
	buf_done(&der);
	buf_done(&text);
	return fault;
}

static void bounds_sizes(void **state)
{
	(void)state;
	struct view f4 = VIEW("\x01\x00\x01");
	assert_int_equal(parse_rsa(1024, 1, f4), DKIM_KEY_GOOD);
	assert_int_equal(k.bits, 1024);
	assert_int_equal(parse_rsa(1023, 1, f4), DKIM_KEY_SHORT);
	assert_int_equal(k.bits, 1023);
	assert_int_equal(parse_rsa(1025, 1, f4), DKIM_KEY_GOOD);
	assert_int_equal(parse_rsa(4096, 1, f4), DKIM_KEY_GOOD);
	assert_int_equal(parse_rsa(4097, 1, f4), DKIM_KEY_LONG);
	assert_int_equal(parse_rsa(8192, 1, f4), DKIM_KEY_LONG);
	assert_int_equal(parse_rsa(2048, 2, f4), DKIM_KEY_BROKEN);
	assert_int_equal(parse_rsa(2048, 1, VIEW("\x03")), DKIM_KEY_GOOD);
	assert_int_equal(parse_rsa(2048, 1, VIEW("\x01")), DKIM_KEY_BROKEN);
	assert_int_equal(parse_rsa(2048, 1, VIEW("\x02")), DKIM_KEY_BROKEN);
	assert_int_equal(parse_rsa(2048, 1, VIEW("\x00")), DKIM_KEY_BROKEN);
	assert_int_equal(parse_rsa(2048, 1, VIEW("\xff\xff\xff\xff\xff\xff\xff\xff")), DKIM_KEY_GOOD);
	assert_int_equal(parse_rsa(2048, 1, VIEW("\x01\xff\xff\xff\xff\xff\xff\xff\xff")), DKIM_KEY_LONG);
}

/* Each octet of a good key's DER changed, and each length of it: never read past its end, never a wrong size.
 */
static void reads_any_der(void **state)
{
	(void)state;
	struct buf der, text;
	buf_init(&der, 4096);
	buf_init(&text, 8192);
	base64_decode(&der, VIEW(RSA1024));
	for (size_t i = 0; i < der.len; i++)
		for (int change = 0; change < 3; change++) {
			unsigned char *octets = (unsigned char *)der.data, old = octets[i];
			octets[i] = (unsigned char)(change == 0 ? old + 1 : change == 1 ? 0xff : 0);
			buf_clear(&text);
			buf_append_string(&text, "p=");
			base64_encode(&text, change == 2 ? view_take(buf_view(&der), i) : buf_view(&der));
			parse(buf_string(&text));
			if (k.fault == DKIM_KEY_GOOD)
				assert_true(k.n.len >= 128 && k.n.len <= 512 && k.e.len >= 1 && k.e.len <= 8);
			octets[i] = old;
		}
	buf_done(&der);
	buf_done(&text);
}

/* ---- signing and verifying ---- */

static void signs_with(EVP_PKEY *key, enum dkim_key_kind kind)
{
	unsigned char signature[DKIM_SIGNATURE_MAX], digest[DKIM_HASH_SIZE];
	size_t len = sizeof signature;
	struct buf record;
	buf_init(&record, 4096);
	assert_int_equal(dkim_key_record(key, &record), 0);
	assert_int_equal(parse(buf_string(&record)), DKIM_KEY_GOOD);
	assert_int_equal(k.kind, kind);
	assert_int_equal(dkim_key_sign(key, VIEW("block"), signature, &len), 0);
	dkim_digest(VIEW("block"), digest);
	assert_int_equal(dkim_key_verify(&k, digest, view_of(signature, len)), DKIM_CHECK_GOOD);
	assert_int_equal(dkim_key_verify(&k, digest, view_of(signature, len - 1)), DKIM_CHECK_BAD);
	assert_int_equal(dkim_key_verify(&k, digest, VIEW("")), DKIM_CHECK_BAD);
	signature[3] ^= 1;
	assert_int_equal(dkim_key_verify(&k, digest, view_of(signature, len)), DKIM_CHECK_BAD);
	signature[3] ^= 1;
	digest[0] ^= 1;
	assert_int_equal(dkim_key_verify(&k, digest, view_of(signature, len)), DKIM_CHECK_BAD);
	len = 16;
	assert_int_equal(dkim_key_sign(key, VIEW("block"), signature, &len), -ENOBUFS);
	buf_done(&record);
}

static void signs(void **state)
{
	(void)state;
	struct buf record;
	buf_init(&record, 4096);
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
	         *weak = EVP_RSA_gen(768), *other = EVP_EC_gen("P-256");
	unsigned char signature[DKIM_SIGNATURE_MAX];
	size_t len = sizeof signature;
	signs_with(rsa, DKIM_KEY_RSA);
	signs_with(ed25519, DKIM_KEY_ED25519);
	assert_int_equal(dkim_key_sign(weak, VIEW("block"), signature, &len), -EINVAL);
	assert_int_equal(dkim_key_sign(other, VIEW("block"), signature, &len), -EINVAL);
	assert_int_equal(dkim_key_record(weak, &record), -EINVAL);
	assert_int_equal(dkim_key_record(other, &record), -EINVAL);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed25519);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(other);
	buf_done(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_records),
	    cmocka_unit_test(names_what_is_wrong),
	    cmocka_unit_test(bounds_sizes),
	    cmocka_unit_test(reads_any_der),
	    cmocka_unit_test(signs),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
