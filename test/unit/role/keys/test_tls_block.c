#include "../../unit.h"

#include "role/keys/tls_block.h"

/* Both randoms, and the parameters with a point of so many octets, its first one `form`. */
static struct view params(char out[300], const char *randoms, unsigned curve, size_t point, int form)
{
	memset(out, 0x5a, 300);
	memcpy(out, randoms, strlen(randoms));
	out[64] = 3;
	out[65] = (char)(curve >> 8);
	out[66] = (char)curve;
	out[67] = (char)point;
	if (form >= 0)
		out[68] = (char)form;
	return view_of(out, 68 + point);
}

static void takes_what_a_server_signs(void **state)
{
	(void)state;
	char block[300];
	assert_int_equal(tls_block_kind(params(block, "random", 23, 65, 4)), TLS_BLOCK_12);
	assert_int_equal(tls_block_kind(params(block, "random", 24, 97, 4)), TLS_BLOCK_12);
	assert_int_equal(tls_block_kind(params(block, "random", 25, 133, 4)), TLS_BLOCK_12);
	assert_int_equal(tls_block_kind(params(block, "random", 29, 32, -1)), TLS_BLOCK_12);
	assert_int_equal(tls_block_kind(params(block, "random", 30, 56, -1)), TLS_BLOCK_12);
	memset(block, ' ', 64);
	memcpy(block + 64, "TLS 1.3, server CertificateVerify", 34);
	memset(block + 98, 0x30, 64);
	assert_int_equal(tls_block_kind(view_of(block, 98 + 32)), TLS_BLOCK_13);
	assert_int_equal(tls_block_kind(view_of(block, 98 + 48)), TLS_BLOCK_13);
}

static void refuses_what_only_looks_like_it(void **state)
{
	(void)state;
	char block[300];
	/* Points of other forms and lengths, curves that no client of ours needs, explicit curves. */
	assert_int_equal(tls_block_kind(params(block, "random", 23, 65, 3)), TLS_BLOCK_NONE);
	assert_int_equal(tls_block_kind(params(block, "random", 23, 33, 2)), TLS_BLOCK_NONE);
	assert_int_equal(tls_block_kind(params(block, "random", 23, 97, 4)), TLS_BLOCK_NONE);
	assert_int_equal(tls_block_kind(params(block, "random", 22, 65, 4)), TLS_BLOCK_NONE);
	assert_int_equal(tls_block_kind(params(block, "random", 29, 200, -1)), TLS_BLOCK_NONE);
	assert_int_equal(tls_block_kind(params(block, "random", 256, 32, -1)), TLS_BLOCK_NONE);
	struct view good = params(block, "random", 23, 65, 4);
	block[64] = 1;
	assert_int_equal(tls_block_kind(good), TLS_BLOCK_NONE);
	block[64] = 3;
	for (size_t len = 0; len < good.len; len++)
		assert_int_equal(tls_block_kind(view_take(good, len)), TLS_BLOCK_NONE);
	assert_int_equal(tls_block_kind(view_of(block, good.len + 1)), TLS_BLOCK_NONE);
	/* A client's signature, other hashes, no zero octet. */
	memset(block, ' ', 64);
	memcpy(block + 64, "TLS 1.3, client CertificateVerify", 34);
	assert_int_equal(tls_block_kind(view_of(block, 98 + 32)), TLS_BLOCK_NONE);
	memcpy(block + 64, "TLS 1.3, server CertificateVerify", 34);
	assert_int_equal(tls_block_kind(view_of(block, 98 + 20)), TLS_BLOCK_NONE);
	assert_int_equal(tls_block_kind(view_of(block, 98 + 64)), TLS_BLOCK_NONE);
	block[97] = ' ';
	assert_int_equal(tls_block_kind(view_of(block, 98 + 32)), TLS_BLOCK_NONE);
}

/*
 * The randoms of a handshake are the beginning of a document of exactly the block's length: a first element
 * up to the parameters, and one that covers them.
 */
static struct view document(char out[300], const char *head, unsigned curve, size_t point, int form)
{
	struct view block = params(out, head, curve, point, form);
	size_t at = strlen(head);
	out[at] = 4;
	out[at + 1] = (char)(62 - at); /* up to octet 64, */
	out[64] = 3;                   /* which is the next one's tag, and its length a zero */
	return block;
}

static void refuses_documents_in_the_randoms(void **state)
{
	(void)state;
	char block[300];
	struct view v = document(block, "\x30\x81\x82", 23, 65, 4);
	/* 03 00 is an empty element, 17 41 04... one of 65 octets: it ends where the block ends. */
	assert_true(tls_block_is_asn1(v));
	assert_int_equal(tls_block_kind(v), TLS_BLOCK_NONE);
	block[0] = 0x31;
	assert_int_equal(tls_block_kind(v), TLS_BLOCK_NONE);
	/* The same as an edge would show it without the document's first octets. */
	block[0] = 0x32;
	assert_int_equal(tls_block_kind(v), TLS_BLOCK_12);
	v = document(block, "\x30\x62", 29, 32, -1);
	assert_int_equal(tls_block_kind(v), TLS_BLOCK_NONE);
	v = document(block, "\x30\x81\x82", 23, 65, 4);
	/* A longer form of the same length; no length at all; one that is wrong by one. */
	memcpy(block, "\x30\x84\0\0\0\x7f\x04\x38", 8);
	assert_int_equal(tls_block_kind(v), TLS_BLOCK_NONE);
	memcpy(block, "\x30\x80\x04\x3c", 4);
	assert_int_equal(tls_block_kind(v), TLS_BLOCK_NONE);
	document(block, "\x30\x81\x81", 23, 65, 4);
	assert_int_equal(tls_block_kind(v), TLS_BLOCK_12);
	document(block, "\x30\x81\x83", 23, 65, 4);
	assert_int_equal(tls_block_kind(v), TLS_BLOCK_12);
	assert_false(tls_block_is_asn1(VIEW("")));
	assert_false(tls_block_is_asn1(VIEW("0")));
	assert_false(tls_block_is_asn1(VIEW("\x30\x88\x01")));
	assert_false(tls_block_is_asn1(VIEW("\x30\x03\x1f\x81\x01")));
}

static void knows_the_digests(void **state)
{
	(void)state;
	static const char *const good[] = {"SHA256", "SHA2-256", "sha384", "SHA2-384", "SHA512", "SHA2-512"};
	static const char *const bad[] = {"", "MD5", "SHA1", "SHA-1", "NULL", "MD5-SHA1", "SHA224",
	    "SHA2-256 ", "SHA3-256", "SM3", "UNDEF"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(tls_block_digest_allowed(view_from_string(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(tls_block_digest_allowed(view_from_string(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_what_a_server_signs),
	    cmocka_unit_test(refuses_what_only_looks_like_it),
	    cmocka_unit_test(refuses_documents_in_the_randoms),
	    cmocka_unit_test(knows_the_digests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
