#include "../../unit.h"

#include <stdio.h>

#include "base/base64.h"
#include "trust/login/keyed_md5.h"
#include "trust/login/limits.h"
#include "trust/login/sasl.h"
#include "trust/login/sasl_client.h"

static const struct sasl_setup plain_setup = {.nonce = {"servernonce", 11},
    .host = {"mx.example", 10},
    .server_secret = {"0123456789abcdef0123456789abcdef", 32}};

static struct sasl_server *server(const char *mechanism, const struct sasl_setup *setup)
{
	const struct sasl_mechanism *m = sasl_mechanism_find(view_from_string(mechanism));
	assert_non_null(m);
	return sasl_server_new(m, setup);
}

static void knows_mechanisms(void **state)
{
	(void)state;
	assert_null(sasl_mechanism_find(VIEW("GSSAPI")));
	assert_non_null(sasl_mechanism_find(VIEW("plain")));
	assert_string_equal(sasl_mechanism_name(sasl_mechanism_at(0)), "SCRAM-SHA-256-PLUS");
	struct sasl_setup bound = plain_setup;
	bound.tls_exporter = VIEW("data");
	assert_false(sasl_mechanism_is_usable(sasl_mechanism_at(0), &plain_setup));
	assert_true(sasl_mechanism_is_usable(sasl_mechanism_at(0), &bound));
}

static void plain(void **state)
{
	(void)state;
	struct sasl_server *s = server("PLAIN", &plain_setup);
	assert_int_equal(sasl_server_start(s, (struct view){0}), SASL_CHALLENGE);
	assert_int_equal(sasl_server_output(s).len, 0);
	assert_int_equal(sasl_server_feed(s, VIEW("Ursel\0Kurt\0xipj3plmq")), SASL_WAIT);
	assert_int_equal(sasl_server_want(s)->kind, SASL_WANT_PASSWORD);
	assert_view(sasl_server_want(s)->identity, "Kurt");
	assert_view(sasl_server_want(s)->password, "xipj3plmq");
	assert_int_equal(sasl_server_answer_password(s, true, 7), SASL_DONE);
	assert_view(sasl_server_identity(s), "Kurt");
	assert_view(sasl_server_authorization(s), "Ursel");
	assert_int_equal(sasl_server_credential(s), 7);
	assert_int_equal(sasl_server_feed(s, VIEW("x")), SASL_FAILED);
	sasl_server_free(s);

	s = server("PLAIN", &plain_setup);
	assert_int_equal(sasl_server_start(s, VIEW("\0a\0b")), SASL_WAIT);
	assert_int_equal(sasl_server_answer_password(s, false, 0), SASL_FAILED);
	assert_int_equal(sasl_server_error(s), SASL_WRONG);
	assert_int_equal(sasl_server_answer_password(s, true, 0), SASL_FAILED);
	sasl_server_free(s);

	static const struct view wrong[] = {{"", 0}, {"a", 1}, {"\0", 1}, {"\0a", 2}, {"\0a\0", 3},
	    {"\0\0b", 3}, {"\0a\0b\0", 5}, {"a\0b", 3}};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		s = server("PLAIN", &plain_setup);
		assert_int_equal(sasl_server_start(s, wrong[i]), SASL_FAILED);
		assert_int_equal(sasl_server_error(s), SASL_MALFORMED);
		sasl_server_free(s);
	}
	/* A name that no account can have is asked for like any other, and is nobody's. */
	s = server("PLAIN", &plain_setup);
	assert_int_equal(sasl_server_start(s, VIEW("\0a\xff\0b")), SASL_WAIT);
	assert_int_equal(sasl_server_want(s)->identity.len, 0);
	assert_int_equal(sasl_server_answer_password(s, true, 0), SASL_FAILED);
	assert_int_equal(sasl_server_error(s), SASL_WRONG);
	sasl_server_free(s);
	sasl_server_free(NULL);
}

static void login(void **state)
{
	(void)state;
	struct sasl_server *s = server("LOGIN", &plain_setup);
	assert_int_equal(sasl_server_start(s, (struct view){0}), SASL_CHALLENGE);
	assert_view(sasl_server_output(s), "Username:");
	assert_int_equal(sasl_server_feed(s, VIEW("joe")), SASL_CHALLENGE);
	assert_view(sasl_server_output(s), "Password:");
	assert_int_equal(sasl_server_feed(s, VIEW("secret")), SASL_WAIT);
	assert_view(sasl_server_want(s)->password, "secret");
	assert_int_equal(sasl_server_answer_password(s, true, 0), SASL_DONE);
	sasl_server_free(s);
	s = server("LOGIN", &plain_setup);
	assert_int_equal(sasl_server_start(s, VIEW("joe")), SASL_CHALLENGE);
	assert_view(sasl_server_output(s), "Password:");
	assert_int_equal(sasl_server_feed(s, VIEW("")), SASL_FAILED);
	sasl_server_free(s);
}

static void cram_md5(void **state)
{
	(void)state;
	/* RFC 2195, section 2 */
	struct sasl_setup setup = plain_setup;
	setup.nonce = VIEW("1896.697170952");
	setup.host = VIEW("postoffice.reston.mci.net");
	struct sasl_secret secrets[] = {{VIEW("other"), 1}, {VIEW("tanstaaftanstaaf"), 2}};
	struct sasl_server *s = server("CRAM-MD5", &setup);
	assert_int_equal(sasl_server_start(s, (struct view){0}), SASL_CHALLENGE);
	assert_view(sasl_server_output(s), "<1896.697170952@postoffice.reston.mci.net>");
	assert_int_equal(sasl_server_feed(s, VIEW("tim b913a602c7eda7a495b4e6e7334d3890")), SASL_WAIT);
	assert_int_equal(sasl_server_want(s)->kind, SASL_WANT_SECRETS);
	assert_int_equal(sasl_server_answer_secrets(s, secrets, 2), SASL_DONE);
	assert_int_equal(sasl_server_credential(s), 2);
	assert_view(sasl_server_identity(s), "tim");
	sasl_server_free(s);
	for (size_t known = 0; known < 2; known++) {
		s = server("CRAM-MD5", &setup);
		assert_int_equal(sasl_server_start(s, (struct view){0}), SASL_CHALLENGE);
		assert_int_equal(
		    sasl_server_feed(s, VIEW("tim b913a602c7eda7a495b4e6e7334d3890")), SASL_WAIT);
		assert_int_equal(sasl_server_answer_secrets(s, secrets, known), SASL_FAILED);
		assert_int_equal(sasl_server_error(s), SASL_WRONG);
		sasl_server_free(s);
	}
	s = server("CRAM-MD5", &setup);
	assert_int_equal(sasl_server_start(s, VIEW("tim x")), SASL_FAILED);
	sasl_server_free(s);
}

static void apop(void **state)
{
	(void)state;
	/* RFC 1939, section 7 */
	struct view timestamp = VIEW("<1896.697170952@dbc.mtview.ca.us>");
	assert_true(apop_matches(timestamp, VIEW("tanstaaf"), VIEW("c4c9334bac560ecc979e58001b3e22fb")));
	assert_false(apop_matches(timestamp, VIEW("tanstaag"), VIEW("c4c9334bac560ecc979e58001b3e22fb")));
	assert_false(apop_matches(timestamp, VIEW("tanstaaf"), VIEW("c4c9334bac560ecc979e58001b3e22f")));
	assert_false(apop_matches(timestamp, VIEW("tanstaaf"), VIEW("")));
}

/* RFC 5802, section 5, and RFC 7677, section 3: the server's side. */
static void scram_follows(const char *mechanism, enum scram_hash hash, const char *server_nonce,
    const char *salt, const char *first, const char *server_first, const char *final,
    const char *server_final)
{
	struct sasl_setup setup = plain_setup;
	struct buf octets;
	struct sasl_scram_key key = {.credential = 3};
	setup.nonce = view_from_string(server_nonce);
	buf_init(&octets, 100);
	assert_int_equal(base64_decode(&octets, view_from_string(salt)), 0);
	assert_int_equal(scram_keys(hash, VIEW("pencil"), buf_view(&octets), 4096, &key.verifier, NULL), 0);
	struct sasl_scram_record record = {
	    .salt = buf_view(&octets), .iterations = 4096, .keys = &key, .count = 1};
	struct sasl_server *s = server(mechanism, &setup);
	assert_int_equal(sasl_server_start(s, view_from_string(first)), SASL_WAIT);
	assert_int_equal(sasl_server_want(s)->kind, SASL_WANT_SCRAM);
	assert_int_equal(sasl_server_want(s)->hash, hash);
	assert_view(sasl_server_want(s)->identity, "user");
	assert_int_equal(sasl_server_answer_scram(s, &record), SASL_CHALLENGE);
	assert_view(sasl_server_output(s), server_first);
	assert_int_equal(sasl_server_feed(s, view_from_string(final)), SASL_CHALLENGE);
	assert_view(sasl_server_output(s), server_final);
	assert_int_equal(sasl_server_feed(s, VIEW("")), SASL_DONE);
	assert_int_equal(sasl_server_credential(s), 3);
	sasl_server_free(s);
	buf_done(&octets);
}

static void scram_follows_the_rfcs(void **state)
{
	(void)state;
	scram_follows("SCRAM-SHA-1", SCRAM_SHA_1, "3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92",
	    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
	scram_follows("SCRAM-SHA-256", SCRAM_SHA_256, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	    "W22ZaJ0SNY7soEsUEjb6gQ==", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

struct run {
	const char *mechanism;
	struct sasl_setup server;
	struct scram_client_setup client;
	bool known;
	struct sasl_server *s;
};

/* A whole exchange between our two sides; what the server says in the end. */
static enum sasl_step exchange(struct run *r)
{
	static const char salt[] = "0123456789abcdef";
	struct sasl_scram_key keys[2] = {{.credential = 1}, {.credential = 2}};
	struct buf out;
	r->client.hash = strstr(r->mechanism, "SHA-256") ? SCRAM_SHA_256 : SCRAM_SHA_1;
	r->client.nonce = VIEW("clientnonce");
	assert_int_equal(
	    scram_keys(r->client.hash, VIEW("other"), view_of(salt, 16), 4096, &keys[0].verifier, NULL), 0);
	assert_int_equal(
	    scram_keys(r->client.hash, VIEW("pencil"), view_of(salt, 16), 4096, &keys[1].verifier, NULL), 0);
	struct sasl_scram_record record = {
	    .salt = view_of(salt, 16), .iterations = 4096, .keys = keys, .count = r->known ? 2 : 0};
	struct scram_client *c = scram_client_new(&r->client);
	r->s = server(r->mechanism, &r->server);
	buf_init(&out, 4000);
	assert_int_equal(scram_client_first(c, &out), 0);
	enum sasl_step step = sasl_server_start(r->s, buf_view(&out));
	if (step == SASL_WAIT)
		step = sasl_server_answer_scram(r->s, &record);
	buf_clear(&out);
	if (step == SASL_CHALLENGE) {
		assert_int_equal(scram_client_final(c, sasl_server_output(r->s), &out), 0);
		step = sasl_server_feed(r->s, buf_view(&out));
	}
	if (step == SASL_CHALLENGE) {
		assert_int_equal(scram_client_verify(c, sasl_server_output(r->s)), 0);
		step = sasl_server_feed(r->s, (struct view){0});
	}
	scram_client_free(c);
	buf_done(&out);
	return step;
}

static void scram_ends(struct run r, enum sasl_step expected, enum sasl_error error)
{
	assert_int_equal(exchange(&r), expected);
	if (expected == SASL_FAILED)
		assert_int_equal(sasl_server_error(r.s), error);
	else
		assert_int_equal(sasl_server_credential(r.s), 2);
	sasl_server_free(r.s);
}

static void scram_agrees_with_our_client(void **state)
{
	(void)state;
	struct run r = {.mechanism = "SCRAM-SHA-256",
	    .server = plain_setup,
	    .known = true,
	    .client = {
	        .authcid = VIEW("us=er,\xc2\xaa"), .authzid = VIEW("x,y"), .password = VIEW("pencil")}};
	assert_int_equal(exchange(&r), SASL_DONE);
	assert_view(sasl_server_identity(r.s), "us=er,a");
	assert_view(sasl_server_authorization(r.s), "x,y");
	sasl_server_free(r.s);
	r.mechanism = "SCRAM-SHA-1";
	scram_ends(r, SASL_DONE, 0);
	r.client.password = VIEW("Pencil");
	scram_ends(r, SASL_FAILED, SASL_WRONG);
	r.client.password = VIEW("pencil");
	r.known = false;
	scram_ends(r, SASL_FAILED, SASL_WRONG);
}

static void scram_binds_to_the_channel(void **state)
{
	(void)state;
	struct run r = {.mechanism = "SCRAM-SHA-256-PLUS",
	    .server = plain_setup,
	    .known = true,
	    .client = {.authcid = VIEW("user"),
	        .password = VIEW("pencil"),
	        .binding_name = VIEW("tls-exporter"),
	        .binding_data = VIEW("channel data")}};
	r.server.tls_exporter = VIEW("channel data");
	r.server.tls_unique = VIEW("unique data");
	scram_ends(r, SASL_DONE, 0);
	r.mechanism = "SCRAM-SHA-1-PLUS";
	scram_ends(r, SASL_DONE, 0);
	/* Another channel: somebody between us. */
	r.client.binding_data = VIEW("Channel data");
	scram_ends(r, SASL_FAILED, SASL_BINDING);
	r.client.binding_name = VIEW("tls-unique");
	r.client.binding_data = VIEW("unique data");
	scram_ends(r, SASL_DONE, 0);
	/* A kind of data that we don't have, none at all, and data without -PLUS. */
	r.client.binding_name = VIEW("tls-server-end-point");
	scram_ends(r, SASL_FAILED, SASL_BINDING);
	r.client.binding_name = (struct view){0};
	scram_ends(r, SASL_FAILED, SASL_BINDING);
	r.mechanism = "SCRAM-SHA-1";
	scram_ends(r, SASL_DONE, 0);
	r.client.binding_name = VIEW("tls-unique");
	scram_ends(r, SASL_FAILED, SASL_BINDING);
	/* "y": the client could bind and was not offered it, though we do offer it: the list was cut. */
	r.client.binding_name = (struct view){0};
	r.client.binding_possible = true;
	scram_ends(r, SASL_FAILED, SASL_BINDING);
	r.server.tls_exporter = r.server.tls_unique = (struct view){0};
	scram_ends(r, SASL_DONE, 0);
	r.mechanism = "SCRAM-SHA-1-PLUS";
	scram_ends(r, SASL_FAILED, SASL_BINDING);
}

static void scram_hides_who_exists(void **state)
{
	(void)state;
	struct sasl_scram_record nobody = {0};
	char first[200], again[200], other[200];
	char *texts[] = {first, again, other};
	const char *names[] = {"n,,n=ghost,r=abc", "n,,n=ghost,r=abc", "n,,n=ghast,r=abc"};
	for (size_t i = 0; i < 3; i++) {
		struct sasl_server *s = server("SCRAM-SHA-256", &plain_setup);
		assert_int_equal(sasl_server_start(s, view_from_string(names[i])), SASL_WAIT);
		assert_int_equal(sasl_server_answer_scram(s, &nobody), SASL_CHALLENGE);
		snprintf(texts[i], 200, "%.*s", VIEW_FMT(sasl_server_output(s)));
		sasl_server_free(s);
	}
	assert_string_equal(first, again);
	assert_string_not_equal(first, other);
	assert_non_null(strstr(first, ",i=16384"));
	assert_int_equal(strlen(strstr(first, ",s=")), strlen(",s=AAAAAAAAAAAAAAAAAAAAAA==,i=16384"));
}

static void salt_of(const char *first, const struct sasl_scram_record *record, char out[200])
{
	struct sasl_server *s = server("SCRAM-SHA-256", &plain_setup);
	assert_int_equal(sasl_server_start(s, view_from_string(first)), SASL_WAIT);
	assert_int_equal(sasl_server_answer_scram(s, record), SASL_CHALLENGE);
	snprintf(out, 200, "%.*s", VIEW_FMT(sasl_server_output(s)));
	/* And nobody comes in without a key. */
	assert_int_equal(sasl_server_feed(s, VIEW("c=biws,r=abcservernonce,p=AAAA")), SASL_FAILED);
	sasl_server_free(s);
}

/* What a stranger can ask for tells neither whether there is an account nor whether it has app passwords. */
static void the_salt_is_the_accounts(void **state)
{
	(void)state;
	static const char *const ways[] = {
	    "n,,n=ghost@example.org,r=abc", "n,,n=GHOST@example.org,r=abc", "n,,n=Ghost@EXAMPLE.Org,r=abc"};
	static const char *const umlauts[] = {"n,,n=j\xc3\xb6@m\xc3\xbcnchen.test,r=abc",
	    "n,,n=J\xc3\x96@M\xc3\x9cnchen.test,r=abc", "n,,n=jo\xcc\x88@xn--mnchen-3ya.test,r=abc"};
	struct sasl_scram_record nobody = {0},
	                         without = {.salt = VIEW("0123456789abcdef"), .iterations = SCRAM_ITERATIONS};
	char first[200], other[200];
	for (size_t i = 0; i < 3; i++) {
		salt_of(ways[i], &nobody, i ? other : first);
		if (i)
			assert_string_equal(first, other);
	}
	for (size_t i = 0; i < 3; i++) {
		salt_of(umlauts[i], &nobody, i ? other : first);
		if (i)
			assert_string_equal(first, other);
	}
	salt_of("n,,n=ghast@example.org,r=abc", &nobody, first);
	salt_of(ways[0], &nobody, other);
	assert_string_not_equal(first, other);
	/* An account without any app password has one salt, and always the same. */
	for (size_t i = 0; i < 3; i++) {
		salt_of(ways[i], &without, other);
		assert_string_equal(other, "r=abcservernonce,s=MDEyMzQ1Njc4OWFiY2RlZg==,i=16384");
	}
}

static void scram_refuses_malformed_messages(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "n", "n,", "n,,", "x,,n=u,r=a", "n,,m=x,n=u,r=a", "n,,n=,r=a",
	    "n,,n=u", "n,,n=u,r=", "n,,n=u,r=a b", "n,b=x,n=u,r=a", "n,a=,n=u,r=a", "n,,n=a=b,r=c",
	    "n,,r=a,n=u", ",,n=u,r=a"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct sasl_server *s = server("SCRAM-SHA-256", &plain_setup);
		assert_int_equal(sasl_server_start(s, view_from_string(wrong[i])), SASL_FAILED);
		assert_int_equal(sasl_server_error(s), SASL_MALFORMED);
		sasl_server_free(s);
	}
	static const char *const finals[] = {"", "c=biws", "c=biws,r=aservernonce",
	    "c=?,r=aservernonce,p=AAAA", "c=biws,r=other,p=AAAA", "c=eSws,r=aservernonce,p=AAAA",
	    "c=biws,r=aservernonce,p=!", "r=a,c=biws,p=AAAA"};
	for (size_t i = 0; i < sizeof finals / sizeof finals[0]; i++) {
		struct sasl_scram_record nobody = {0};
		struct sasl_server *s = server("SCRAM-SHA-256", &plain_setup);
		assert_int_equal(sasl_server_start(s, VIEW("n,,n=u,r=a")), SASL_WAIT);
		assert_int_equal(sasl_server_answer_scram(s, &nobody), SASL_CHALLENGE);
		assert_int_equal(sasl_server_feed(s, view_from_string(finals[i])), SASL_FAILED);
		sasl_server_free(s);
	}
}

/* Calls out of turn fail; they never let anybody in. */
static void keeps_the_order(void **state)
{
	(void)state;
	struct sasl_scram_record nobody = {0};
	struct sasl_server *s = server("SCRAM-SHA-1", &plain_setup);
	assert_int_equal(sasl_server_start(s, VIEW("n,,n=u,r=a")), SASL_WAIT);
	assert_int_equal(sasl_server_answer_password(s, true, 0), SASL_FAILED);
	assert_int_equal(sasl_server_answer_scram(s, &nobody), SASL_FAILED);
	sasl_server_free(s);
	s = server("SCRAM-SHA-1", &plain_setup);
	assert_int_equal(sasl_server_start(s, VIEW("n,,n=u,r=a")), SASL_WAIT);
	assert_int_equal(sasl_server_feed(s, VIEW("c=biws,r=a,p=x")), SASL_FAILED);
	sasl_server_free(s);
	s = server("PLAIN", &plain_setup);
	assert_int_equal(sasl_server_answer_password(s, true, 0), SASL_FAILED);
	sasl_server_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_mechanisms),
	    cmocka_unit_test(plain),
	    cmocka_unit_test(login),
	    cmocka_unit_test(cram_md5),
	    cmocka_unit_test(apop),
	    cmocka_unit_test(scram_follows_the_rfcs),
	    cmocka_unit_test(scram_agrees_with_our_client),
	    cmocka_unit_test(scram_binds_to_the_channel),
	    cmocka_unit_test(scram_hides_who_exists),
	    cmocka_unit_test(the_salt_is_the_accounts),
	    cmocka_unit_test(scram_refuses_malformed_messages),
	    cmocka_unit_test(keeps_the_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
