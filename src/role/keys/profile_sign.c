/* See profile_sign.h. */
#include "role/keys/profile_sign.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "process/mail_profile.h"

enum {
	CHAIN_MAX = 10, /* certificates that go along: authorities have two or three */
	/* In a second: people set up a device now and then. A signature takes a millisecond or two, and
	 * whoever asks needs no account: handshakes must not wait for it. */
	RATE = 20
};

static struct {
	const struct settings *settings;
	X509 *leaf; /* NULL: there is none that can sign */
	EVP_PKEY *key;
	STACK_OF(X509) * chain;
	int64_t second; /* clock_monotonic_ms / 1000 */
	unsigned count; /* in this second */
} profiles;

void profile_sign_begin(const struct settings *settings)
{
	profiles.settings = settings;
	X509_free(profiles.leaf);
	EVP_PKEY_free(profiles.key);
	sk_X509_pop_free(profiles.chain, X509_free);
	profiles.leaf = NULL;
	profiles.key = NULL;
	profiles.chain = NULL;
}

/* ---- the certificate ---- */

/* EdDSA in CMS (RFC 8419) is known to few. */
static bool is_known(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "EC");
}

static bool is_for_host(X509 *leaf, struct view host)
{
	return host.len > 0 && X509_check_host(leaf, host.data, host.len, 0, NULL) == 1;
}

/* What stands behind the certificate in its file. */
static STACK_OF(X509) * read_chain(BIO *bio)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *next;
	while (chain && sk_X509_num(chain) < CHAIN_MAX &&
	       (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(chain, next) <= 0)
			X509_free(next);
	return chain;
}

void profile_sign_chain(struct view pem, EVP_PKEY *key)
{
	if (profiles.leaf || key == NULL || !is_known(key) || pem.len == 0 || pem.len > INT32_MAX)
		return;
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	if (leaf && is_for_host(leaf, profiles.settings->hostname) &&
	    EVP_PKEY_eq(X509_get0_pubkey(leaf), key) == 1 && EVP_PKEY_up_ref(key) == 1) {
		profiles.leaf = leaf;
		profiles.key = key;
		profiles.chain = read_chain(bio);
		leaf = NULL;
	}
	X509_free(leaf);
	BIO_free(bio);
	ERR_clear_error();
}

/* ---- a signature ---- */

static bool has_turn(void)
{
	int64_t second = clock_monotonic_ms() / 1000;
	if (second != profiles.second)
		profiles.count = 0;
	profiles.second = second;
	return profiles.count++ < RATE;
}

static bool is_valid_now(const X509 *leaf)
{
	return X509_cmp_current_time(X509_get0_notBefore(leaf)) < 0 &&
	       X509_cmp_current_time(X509_get0_notAfter(leaf)) > 0;
}

/* A profile shows the address as its name: no sentence shall stand there above our signature. */
static bool is_plain(struct view address)
{
	for (size_t i = 0; i < address.len; i++)
		if (address.data[i] <= ' ' || address.data[i] == 127 || address.data[i] == '"')
			return false;
	return address.len > 0;
}

static int sign(struct view profile, struct buf *out)
{
	unsigned char *der = NULL;
	BIO *text = BIO_new_mem_buf(profile.data, (int)profile.len);
	CMS_ContentInfo *cms =
	    text ? CMS_sign(profiles.leaf, profiles.key, profiles.chain, text, CMS_BINARY | CMS_NOSMIMECAP)
	         : NULL;
	int len = cms ? i2d_CMS_ContentInfo(cms, &der) : -1;
	int error = len > 0 ? buf_append(out, view_of(der, (size_t)len)) : -EIO;
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(text);
	ERR_clear_error();
	return error;
}

int profile_sign_make(struct view address, struct buf *out)
{
	struct buf profile;
	if (profiles.leaf == NULL || !is_valid_now(profiles.leaf))
		return -ENOENT;
	if (!is_plain(address))
		return -EINVAL;
	if (!has_turn())
		return -EAGAIN;
	buf_init(&profile, MAIL_PROFILE_MAX);
	int error = mail_profile_write(profiles.settings, address, &profile);
	if (error == 0)
		error = sign(buf_view(&profile), out);
	buf_done(&profile);
	return error;
}

void profile_sign_answer(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_sign_profile *m = message;
	struct buf out;
	buf_init(&out, PROFILE_SIGNED_MAX);
	int error = profile_sign_make(m->address, &out);
	struct message_profile_signed answer = {
	    .error = error, .bytes = error ? (struct view){0} : buf_view(&out)};
	ipc_send(&link->channel, MESSAGE_PROFILE_SIGNED, frame->request, &answer, -1);
	buf_done(&out);
}
