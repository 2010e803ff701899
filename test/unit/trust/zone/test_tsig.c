/* TSIG: a message as dnspython signed it, its answer, and every way to change that. */
#include "../../unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trust/zone/tsig.h"

/* The key "update-key" has the secret 0123456789abcdef0123456789abcdef. */
#define SECRET "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define LINE "hmac-sha256:update-key:" SECRET

static const char request_hex[] =
    "123428000001000100010001076578616d706c65036f72670000060001065f646d617263c00c001000fe000000000000c01d"
    "0010000100000e10001110763d444d415243313b20703d6e6f6e650a7570646174652d6b65790000fa00ff00000000003d0b"
    "686d61632d7368613235360000006553f100012c002039c57925275a67c2cd99e3f8c1a150bc56b47070b5d2801f31d7ed67"
    "a10fe79b123400000000";
static const char reply_hex[] =
    "1234a8000001000000000001076578616d706c65036f726700000600010a7570646174652d6b65790000fa00ff0000000000"
    "3d0b686d61632d7368613235360000006553f10a012c002005c5b504463f3ce2c39999bd71fe7d8dcd8f222762ce86df782d"
    "d6c2e395ffea123400000000";

enum { REQUEST_TIME = 1700000000, REPLY_TIME = 1700000010, TSIG_OCTETS = 12 + 10 + 61 };

static void unhex(const char *text, struct buf *out)
{
	unsigned octet;
	buf_init(out, 4096);
	for (; sscanf(text, "%2x", &octet) == 1; text += 2)
		buf_append_u8(out, (uint8_t)octet);
}

static struct tsig_key key(void)
{
	struct tsig_key k;
	const char *problem;
	assert_int_equal(tsig_key_parse(VIEW(LINE), &k, &problem), 0);
	return k;
}

static void keys_are_read_as_servers_write_them(void **state)
{
	(void)state;
	static const char *const good[] = {LINE, LINE "\n", "# " LINE "\nkey:\n- id: update-key\n",
	    "key \"update-key\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET "\";\n};\n",
	    "// made by tsig-keygen\nkey Update-Key. { secret \"" SECRET "\"; algorithm \"HMAC-SHA256\"; };"};
	static const char *const bad[][2] = {{"", "key"}, {"key x", "key"},
	    {"hmac-md5:k:" SECRET, "algorithm"}, {"hmac-sha256:a..b:" SECRET, "name"},
	    {"hmac-sha256:k:###", "secret"}, {"hmac-sha256:k:YQ==", "secret"},
	    {"key k { algorithm hmac-sha256; };", "secret"},
	    {"key k { secret \"" SECRET "\"; };", "algorithm"},
	    {"key k { algorithm hmac-sha256; secret \"" SECRET, "key"}, {"key k { colour blue; };", "key"}};
	struct tsig_key k;
	const char *problem;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(tsig_key_parse(view_from_string(good[i]), &k, &problem), 0);
		assert_string_equal(k.name, "update-key");
		assert_string_equal(k.algorithm, "hmac-sha256");
		assert_int_equal(k.secret_len, 32);
		assert_memory_equal(k.secret, "0123456789abcdef0123456789abcdef", 32);
		tsig_key_wipe(&k);
		assert_int_equal(k.secret[0] | k.secret_len, 0);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(tsig_key_parse(view_from_string(bad[i][0]), &k, &problem), -EINVAL);
		assert_non_null(strstr(problem, bad[i][1]));
	}
}

static void signs_as_others_do(void **state)
{
	(void)state;
	struct buf expected, message;
	struct tsig_mac mac;
	struct tsig_key k = key();
	unhex(request_hex, &expected);
	buf_init(&message, 4096);
	buf_append(&message, view_take(buf_view(&expected), buf_view(&expected).len - TSIG_OCTETS));
	message.data[11] = 0; /* no additional record yet */
	assert_int_equal(tsig_sign(&message, &k, REQUEST_TIME, &mac), 0);
	assert_true(view_equal(buf_view(&message), buf_view(&expected)));
	assert_int_equal(mac.len, 32);
	buf_done(&message);
	buf_init(&message, buf_view(&expected).len - 1);
	buf_append(&message, view_take(buf_view(&expected), buf_view(&expected).len - TSIG_OCTETS));
	assert_int_equal(tsig_sign(&message, &k, REQUEST_TIME, &mac), -ENOBUFS);
	buf_done(&message);
	buf_done(&expected);
}

static struct tsig_mac request_mac(void)
{
	struct tsig_mac mac = {.len = 32};
	struct buf request;
	unhex(request_hex, &request);
	memcpy(mac.octets, request.data + buf_view(&request).len - 38, 32);
	buf_done(&request);
	return mac;
}

static void answers_are_checked(void **state)
{
	(void)state;
	struct buf reply;
	struct tsig_key k = key();
	struct tsig_mac mac = request_mac();
	uint64_t theirs = 0;
	unhex(reply_hex, &reply);
	struct view whole = buf_view(&reply);
	assert_int_equal(tsig_verify(whole, &k, &mac, REPLY_TIME, &theirs), TSIG_GOOD);
	assert_int_equal(tsig_verify(whole, &k, &mac, REPLY_TIME + 300, &theirs), TSIG_GOOD);
	assert_int_equal(tsig_verify(whole, &k, &mac, REPLY_TIME + 301, &theirs), TSIG_FORGED);
	assert_int_equal(tsig_verify(whole, &k, &mac, REPLY_TIME - 301, &theirs), TSIG_FORGED);
	/* No bit of it, the number apart (which the reader holds against the question's), may be another one.
	 */
	for (size_t i = 2; i < whole.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			reply.data[i] = (char)(reply.data[i] ^ 1 << bit);
			bool letter = bit == 5 && (unsigned)(reply.data[i] | 0x20) - 'a' < 26;
			enum tsig_verdict v = tsig_verify(whole, &k, &mac, REPLY_TIME, &theirs);
			if (!letter) /* names are compared without case */
				assert_int_not_equal(v, TSIG_GOOD);
			reply.data[i] = (char)(reply.data[i] ^ 1 << bit);
		}
	}
	for (size_t len = 0; len < whole.len; len++)
		assert_int_not_equal(
		    tsig_verify(view_take(whole, len), &k, &mac, REPLY_TIME, &theirs), TSIG_GOOD);
	mac.octets[0] ^= 1; /* the answer to another request */
	assert_int_equal(tsig_verify(whole, &k, &mac, REPLY_TIME, &theirs), TSIG_FORGED);
	buf_done(&reply);
}

/* Without additional records, and with the codes of a server that cannot or does not want to. */
static void refusals_are_told_apart(void **state)
{
	(void)state;
	struct buf reply;
	struct tsig_key k = key();
	struct tsig_mac mac = request_mac();
	uint64_t theirs = 0;
	unhex(reply_hex, &reply);
	size_t error_at = buf_view(&reply).len - 4;
	reply.data[error_at + 1] = 17;
	assert_int_equal(tsig_verify(buf_view(&reply), &k, &mac, REPLY_TIME, &theirs), TSIG_BAD_KEY);
	reply.data[error_at + 1] = 16;
	assert_int_equal(tsig_verify(buf_view(&reply), &k, &mac, REPLY_TIME, &theirs), TSIG_BAD_SIGNATURE);
	reply.data[error_at + 1] = 18; /* must be signed, and isn't */
	assert_int_equal(tsig_verify(buf_view(&reply), &k, &mac, REPLY_TIME, &theirs), TSIG_FORGED);
	reply.data[11] = 0;
	buf_truncate(&reply, buf_view(&reply).len - TSIG_OCTETS);
	assert_int_equal(tsig_verify(buf_view(&reply), &k, &mac, REPLY_TIME, &theirs), TSIG_UNSIGNED);
	buf_done(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_read_as_servers_write_them),
	    cmocka_unit_test(signs_as_others_do),
	    cmocka_unit_test(answers_are_checked),
	    cmocka_unit_test(refusals_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
