/* Profiles of mail accounts: what keys signs of them, with which certificates, and how often. */
#include "../../unit.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "process/mail_profile.h"
#include "role/keys/profile_sign.h"

#define ADDRESS "alice@example.test"

static struct settings settings;

static int begin(void **state)
{
	(void)state;
	settings_init(&settings);
	settings.hostname = VIEW("mail.example.test");
	settings.imaps_listen = VIEW("127.0.0.1:993");
	settings.submissions_listen = VIEW("127.0.0.1:465");
	return 0;
}

static int end(void **state)
{
	(void)state;
	profile_sign_begin(&settings);
	settings_done(&settings);
	return 0;
}

/* Keys gets a certificate that signs itself, for this host and so many days from now on. */
static X509 *give(EVP_PKEY *key, const char *host, long begins, long ends)
{
	X509 *c = X509_new();
	struct buf pem;
	char *text, name[100];
	snprintf(name, sizeof name, "DNS:%s", host);
	X509_set_version(c, 2);
	X509_gmtime_adj(X509_getm_notBefore(c), begins * 86400);
	X509_gmtime_adj(X509_getm_notAfter(c), ends * 86400);
	X509_set_pubkey(c, key);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(c), "CN", MBSTRING_UTF8, (const unsigned char *)"host", -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(c));
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, name);
	X509_add_ext(c, names, -1);
	X509_EXTENSION_free(names);
	assert_true(X509_sign(c, key, EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(bio, c), 1);
	long len = BIO_get_mem_data(bio, &text);
	buf_init(&pem, 1 << 16);
	buf_append(&pem, view_of(text, (size_t)len));
	BIO_free(bio);
	profile_sign_chain(buf_view(&pem), key);
	buf_done(&pem);
	return c;
}

static int make(const char *address)
{
	struct buf out;
	buf_init(&out, PROFILE_SIGNED_MAX);
	int error = profile_sign_make(view_from_string(address), &out);
	assert_true((error == 0) == (out.len > 0));
	buf_done(&out);
	return error;
}

/* With this certificate nothing is signed. */
static void expect_unfit(EVP_PKEY *key, const char *host, long begins, long ends)
{
	profile_sign_begin(&settings);
	X509_free(give(key, host, begins, ends));
	assert_int_equal(make(ADDRESS), -ENOENT);
}

static void signs_the_profile_that_web_would_serve(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct buf signed_one, plain;
	char *text;
	buf_init(&signed_one, PROFILE_SIGNED_MAX);
	buf_init(&plain, MAIL_PROFILE_MAX);
	profile_sign_begin(&settings);
	X509 *certificate = give(key, "mail.example.test", -1, 30);
	assert_int_equal(profile_sign_make(VIEW(ADDRESS), &signed_one), 0);
	assert_int_equal(mail_profile_write(&settings, VIEW(ADDRESS), &plain), 0);
	const unsigned char *der = (const unsigned char *)buf_view(&signed_one).data;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &der, (long)signed_one.len);
	X509_STORE *store = X509_STORE_new();
	BIO *out = BIO_new(BIO_s_mem());
	X509_STORE_add_cert(store, certificate);
	X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
	assert_int_equal(CMS_verify(cms, NULL, store, NULL, out, CMS_BINARY), 1);
	long len = BIO_get_mem_data(out, &text);
	assert_int_equal(len, plain.len);
	assert_memory_equal(text, buf_view(&plain).data, plain.len);
	BIO_free(out);
	X509_STORE_free(store);
	CMS_ContentInfo_free(cms);
	X509_free(certificate);
	EVP_PKEY_free(key);
	buf_done(&signed_one);
	buf_done(&plain);
}

static void signs_with_no_certificate_that_does_not_fit(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_EC_gen("P-256"), *edwards = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	expect_unfit(key, "mail.example.net", -1, 30);
	expect_unfit(key, "mail.example.test", -30, -1);
	expect_unfit(key, "mail.example.test", 1, 30);
	expect_unfit(edwards, "mail.example.test", -1, 30);
	/* Nor with none. */
	profile_sign_begin(&settings);
	assert_int_equal(make(ADDRESS), -ENOENT);
	profile_sign_chain(VIEW("no certificate"), key);
	assert_int_equal(make(ADDRESS), -ENOENT);
	EVP_PKEY_free(key);
	EVP_PKEY_free(edwards);
}

static void signs_addresses_alone_and_not_too_often(void **state)
{
	static const char *const none[] = {
	    "", "alice", "\"Install this now\"@example.test", "a b@example.test", "a\n@example.test"};
	(void)state;
	enum { MANY = 500 /* far more than in one second, however slow this is */ };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	int refused = 0;
	profile_sign_begin(&settings);
	X509_free(give(key, "mail.example.test", -1, 30));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_int_equal(make(none[i]), -EINVAL);
	for (int i = 0; i < MANY && !refused; i++) {
		int error = make(ADDRESS);
		assert_true(error == 0 || error == -EAGAIN);
		refused += error == -EAGAIN;
	}
	assert_int_equal(refused, 1);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(signs_the_profile_that_web_would_serve, begin, end),
	    cmocka_unit_test_setup_teardown(signs_with_no_certificate_that_does_not_fit, begin, end),
	    cmocka_unit_test_setup_teardown(signs_addresses_alone_and_not_too_often, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
