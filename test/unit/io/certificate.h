/* Certificates made on the fly. */
#ifndef TEST_CERTIFICATE_H
#define TEST_CERTIFICATE_H

#include "../unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/buf.h"

/* alt NULL: an authority without an issuer, no names with one. Times are seconds from now. */
static inline X509 *make_certificate(
    EVP_PKEY *key, const char *cn, const char *alt, X509 *issuer, EVP_PKEY *issuer_key, int from, int to)
{
	static long serial;
	X509 *x = X509_new();
	X509V3_CTX ctx;
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(x), from);
	X509_gmtime_adj(X509_getm_notAfter(x), to);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x));
	X509V3_set_ctx(&ctx, issuer ? issuer : x, x, NULL, NULL, 0);
	X509_EXTENSION *extension = alt ? X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, alt)
	                                : X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints,
	                                      issuer ? "CA:FALSE" : "critical,CA:TRUE");
	assert_non_null(extension);
	X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(x, issuer ? issuer_key : key, EVP_sha256()) > 0);
	return x;
}

static inline void append_pem(struct buf *pem, X509 *x)
{
	char *data;
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, x);
	long len = BIO_get_mem_data(bio, &data);
	buf_append(pem, view_of(data, (size_t)len));
	BIO_free(bio);
}

#endif
