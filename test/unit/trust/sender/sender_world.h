/* What the tests of signatures share: a message on its way, the zone of test_answers, keys. */
#ifndef TEST_SENDER_WORLD_H
#define TEST_SENDER_WORLD_H

#include "../dns/zone.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "trust/sender/dkim.h"
#include "trust/sender/dkim_sign.h"

#define NOW 1800000000

static struct dkim_mail mail;
static struct dkim dkim;
static struct answers answers;
static EVP_PKEY *rsa, *ed25519;

static inline void forget(void)
{
	dkim_done(&dkim);
	answers_done(&answers);
	dkim_mail_done(&mail);
}

/* The whole message, in pieces of that size. */
static inline void check_pieces(struct view message, int64_t now, size_t piece)
{
	forget();
	dkim_mail_init(&mail);
	answers_init(&answers);
	for (size_t at = 0; at < message.len;) {
		struct view rest = view_take(view_skip(message, at), piece);
		bool ended = mail.header_ended;
		size_t taken = dkim_mail_header(&mail, rest);
		if (!ended && mail.header_ended)
			dkim_begin(&dkim, &mail, now);
		dkim_mail_body(&mail, view_skip(rest, taken));
		at += rest.len;
	}
	if (!mail.header_ended) {
		dkim_mail_header_end(&mail);
		dkim_begin(&dkim, &mail, now);
	}
	dkim_ask(&dkim, &answers);
	dkim_mail_end(&mail);
	while (!dkim_judge(&dkim, &answers))
		zone_answer(&answers);
}

static inline void check_message(struct view message)
{
	check_pieces(message, NOW, 5000);
}

static inline void world_open(void)
{
	rsa = EVP_RSA_gen(2048);
	ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	dkim_mail_init(&mail);
	arena_init(&dkim.arena, 1);
	answers_init(&answers);
}

static inline void world_close(void)
{
	forget();
	zone_clear();
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed25519);
}

/* Publishes a key at "SELECTOR._domainkey.DOMAIN", with tags in front of its own. */
static inline void publish(EVP_PKEY *key, const char *selector, const char *domain)
{
	char name[300];
	struct buf record;
	buf_init(&record, 4096);
	assert_int_equal(dkim_key_record(key, &record), 0);
	snprintf(name, sizeof name, "%s._domainkey.%s", selector, domain);
	zone_txt(name, buf_string(&record));
	buf_done(&record);
}

/* Appends the message with the signer's field above it. */
static inline int sign_message(
    struct view message, EVP_PKEY *key, const struct dkim_signer *signer, struct buf *out)
{
	struct dkim_mail m;
	struct dkim_draft draft;
	unsigned char signature[DKIM_SIGNATURE_MAX];
	size_t len = sizeof signature;
	dkim_mail_init(&m);
	dkim_draft_init(&draft);
	size_t taken = dkim_mail_header(&m, message);
	dkim_mail_header_end(&m);
	assert_int_equal(dkim_sign_begin(&m), 0);
	dkim_mail_body(&m, view_skip(message, taken));
	dkim_mail_end(&m);
	int error = dkim_sign(&m, signer, &draft);
	if (error == 0) {
		assert_int_equal(dkim_key_sign(key, buf_view(&draft.block), signature, &len), 0);
		assert_int_equal(dkim_draft_finish(&draft, view_of(signature, len), out), 0);
		buf_append(out, message);
	}
	dkim_draft_done(&draft);
	dkim_mail_done(&m);
	return error;
}

#endif
