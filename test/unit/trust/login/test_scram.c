#include "../../unit.h"

#include <errno.h>

#include "base/base64.h"
#include "trust/login/sasl_client.h"

/* A client's side of the exchanges of RFC 5802, section 5, and RFC 7677, section 3. */
static void client_follows(enum scram_hash hash, const char *nonce, const char *server_first,
    const char *final, const char *server_final)
{
	struct scram_client_setup setup = {.hash = hash,
	    .authcid = VIEW("user"),
	    .password = VIEW("pencil"),
	    .nonce = view_from_string(nonce)};
	struct scram_client *c = scram_client_new(&setup);
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(scram_client_first(c, &out), 0);
	assert_true(view_starts(buf_view(&out), VIEW("n,,n=user,r=")));
	buf_clear(&out);
	assert_int_equal(scram_client_final(c, view_from_string(server_first), &out), 0);
	assert_string_equal(buf_string(&out), final);
	assert_int_equal(scram_client_verify(c, view_from_string(server_final)), 0);
	assert_int_equal(scram_client_verify(c, VIEW("v=AAAA")), -EACCES);
	assert_int_equal(scram_client_verify(c, VIEW("e=other-error")), -EACCES);
	scram_client_free(c);
	buf_done(&out);
}

static void follows_the_rfcs(void **state)
{
	(void)state;
	client_follows(SCRAM_SHA_1, "fyko+d2lbbFgONRv9qkxdawL",
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
	client_follows(SCRAM_SHA_256, "rOprNGfwEbeRWgbNEkqO",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

static void client_refuses_bad_servers(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "r=abc,s=QSXCR+Q6sek8bf92,i=4096",
	    "r=nonce,s=QSXCR+Q6sek8bf92,i=4096", "r=nonceX,s=QSXCR+Q6sek8bf92,i=4095",
	    "r=nonceX,s=QSXCR+Q6sek8bf92,i=99999999", "r=nonceX,s=,i=4096", "r=nonceX,s=?,i=4096",
	    "r=nonceX,i=4096", "e=unknown-user", "m=x,r=nonceX,s=QSXCR+Q6sek8bf92,i=4096"};
	struct scram_client_setup setup = {
	    .hash = SCRAM_SHA_1, .authcid = VIEW("user"), .password = VIEW("pencil"), .nonce = VIEW("nonce")};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct scram_client *c = scram_client_new(&setup);
		struct buf out;
		buf_init(&out, 1000);
		assert_int_equal(scram_client_first(c, &out), 0);
		assert_int_equal(scram_client_final(c, view_from_string(wrong[i]), &out), -EBADMSG);
		scram_client_free(c);
		buf_done(&out);
	}
}

static void codes_names(void **state)
{
	(void)state;
	struct buf out, back;
	buf_init(&out, 100);
	buf_init(&back, 100);
	assert_int_equal(scram_name_encode(VIEW("a=b,c"), &out), 0);
	assert_view(buf_view(&out), "a=3Db=2Cc");
	assert_int_equal(scram_name_decode(buf_view(&out), &back), 0);
	assert_view(buf_view(&back), "a=b,c");
	assert_int_equal(scram_name_decode(VIEW("a=b"), &back), -EINVAL);
	assert_int_equal(scram_name_decode(VIEW(""), &back), -EINVAL);
	buf_done(&out);
	buf_done(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_the_rfcs),
	    cmocka_unit_test(client_refuses_bad_servers),
	    cmocka_unit_test(codes_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
