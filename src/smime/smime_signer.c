/* Whose certificate a signer has, and who vouches for it: RFC 8550, RFC 5280. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "format/address_normal.h"
#include "format/author.h"
#include "smime/smime_private.h"

enum {
	/* OpenSSL's level of 112 bits: RSA of 2,048 bits and above, no SHA-1 and no MD5 in the chain. */
	STRENGTH = 2,
	AUTHORS_MEMORY = 256 * 1024
};

/* ---- anchors ---- */

static bool add_anchor(X509_STORE *store, X509 *certificate)
{
	bool good = X509_STORE_add_cert(store, certificate) == 1;
	X509_free(certificate);
	return good;
}

struct smime_anchors *smime_anchors_new(struct view pem, size_t *count)
{
	BIO *bio = pem.len > 0 && pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
	X509_STORE *store = X509_STORE_new();
	bool good = bio && store;
	*count = 0;
	while (good) {
		X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (certificate == NULL) {
			good = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
			break;
		}
		good = add_anchor(store, certificate) && ++*count <= SMIME_ANCHORS_MAX;
	}
	BIO_free(bio);
	ERR_clear_error();
	if (!good || *count == 0) {
		X509_STORE_free(store);
		return NULL;
	}
	struct smime_anchors *a = mem_alloc(sizeof *a);
	a->store = store;
	return a;
}

void smime_anchors_free(struct smime_anchors *a)
{
	if (a == NULL)
		return;
	X509_STORE_free(a->store);
	mem_free(a);
}

/* ---- the chain ---- */

static uint32_t problem_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return 0;
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return SMIME_EXPIRED;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_CERT_REJECTED:
		return SMIME_UNTRUSTED;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
	case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
		return SMIME_WEAK;
	case X509_V_ERR_INVALID_PURPOSE:
		return SMIME_PURPOSE;
	default:
		return SMIME_CHAIN;
	}
}

/* An anchor need not be its own issuer: it may stand between, when the administrator trusts no more. */
static bool set_terms(X509_STORE_CTX *context, int64_t time)
{
	X509_VERIFY_PARAM *terms = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_depth(terms, SMIME_CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level(terms, STRENGTH);
	X509_VERIFY_PARAM_set_time(terms, (time_t)time);
	return X509_VERIFY_PARAM_set_flags(terms, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
	       X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SMIME_SIGN) == 1 &&
	       X509_STORE_CTX_set_trust(context, X509_TRUST_EMAIL) == 1;
}

uint32_t smime_chain_problems(
    const struct smime_anchors *anchors, X509 *signer, STACK_OF(X509) * others, int64_t time)
{
	uint32_t problems = SMIME_CHAIN;
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	if (anchors == NULL)
		problems = SMIME_UNTRUSTED;
	else if (context && X509_STORE_CTX_init(context, anchors->store, signer, others) == 1 &&
	         set_terms(context, time))
		problems = X509_verify_cert(context) == 1 ? 0 : problem_of(X509_STORE_CTX_get_error(context));
	/* A failure that names no error must not be taken for none. */
	if (problems == 0 && X509_STORE_CTX_get_error(context) != X509_V_OK)
		problems = SMIME_CHAIN;
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return problems;
}

/* ---- the author ---- */

/* RFC 5280 section 7.5: the local part as it is written, the domain as A-labels and in any case. */
static bool is_for(X509 *signer, struct view address)
{
	struct address domain;
	char text[ADDRESS_MAX];
	ptrdiff_t at = view_find_last(address, '@');
	size_t len = 0;
	if (at < 1 || at > ADDRESS_LOCAL_MAX ||
	    address_normalize_domain(view_skip(address, (size_t)at + 1), &domain) != 0 ||
	    (size_t)at + 1 + domain.len > sizeof text)
		return false;
	for (size_t i = 0; i <= (size_t)at; i++)
		text[len++] = address.data[i];
	for (size_t i = 0; i < domain.len; i++)
		text[len++] = domain.text[i];
	return X509_check_email(signer, text, len, 0) == 1;
}

bool smime_is_author(X509 *signer, struct view header)
{
	struct authors authors;
	struct arena arena;
	arena_init(&arena, AUTHORS_MEMORY);
	authors_find(header, &arena, &authors);
	bool is_author = authors.count == 1 && !authors.cut && is_for(signer, authors.addresses[0]);
	arena_done(&arena);
	ERR_clear_error();
	return is_author;
}
