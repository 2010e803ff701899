#include "authority.h"

#include <string.h>

#include "format/transfer.h"

static void extend(X509 *certificate, X509 *issuer, int kind, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

struct identity identity_make(const char *name, const struct identity *issuer, const struct wanted *w)
{
	static long serial = 1;
	char alternative[200];
	struct identity id = {
	    .key = w->rsa_bits ? EVP_RSA_gen(w->rsa_bits) : EVP_EC_gen("P-256"), .certificate = X509_new()};
	X509 *c = id.certificate, *from = issuer ? issuer->certificate : c;
	assert_non_null(id.key);
	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
	X509_gmtime_adj(X509_getm_notBefore(c), w->begins * 86400 - 3600);
	X509_gmtime_adj(X509_getm_notAfter(c), (w->ends ? w->ends : 365) * 86400);
	X509_set_pubkey(c, id.key);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(c), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(from));
	extend(c, from, NID_basic_constraints, w->authority ? "critical,CA:TRUE" : "CA:FALSE");
	if (w->usage)
		extend(c, from, NID_key_usage, w->usage);
	if (w->purpose)
		extend(c, from, NID_ext_key_usage, w->purpose);
	if (w->email) {
		snprintf(alternative, sizeof alternative, "email:%s", w->email);
		extend(c, from, NID_subject_alt_name, alternative);
	}
	assert_true(X509_sign(c, issuer ? issuer->key : id.key, w->digest ? w->digest : EVP_sha256()) > 0);
	return id;
}

void identity_free(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->certificate);
}

static void take(BIO *bio, struct buf *out)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	assert_int_equal(buf_append(out, view_of(text, (size_t)len)), 0);
	BIO_free(bio);
}

void identity_pem(const struct identity *id, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_X509(bio, id->certificate), 1);
	take(bio, out);
}

void sign_cms(const struct identity *signer, const X509 *with, const char *text, unsigned flags,
    const EVP_MD *digest, struct buf *out)
{
	BIO *in = BIO_new_mem_buf(text, -1), *bio = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_BINARY | CMS_PARTIAL);
	assert_non_null(cms);
	assert_non_null(CMS_add1_signer(cms, signer->certificate, signer->key, digest, flags | CMS_BINARY));
	if (with)
		assert_int_equal(CMS_add1_cert(cms, (X509 *)(uintptr_t)with), 1);
	assert_int_equal(CMS_final(cms, in, NULL, flags | CMS_BINARY), 1);
	assert_int_equal(i2d_CMS_bio(bio, cms), 1);
	take(bio, out);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
}

void message_detached(const char *fields, const char *text, const struct buf *cms, struct buf *out)
{
	buf_append_string(out, fields);
	buf_append_string(out,
	    "MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; "
	    "micalg=sha-256; boundary=b\r\n\r\nThis is signed.\r\n--b\r\n");
	buf_append_string(out, text);
	buf_append_string(out, "\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n"
	                       "Content-Transfer-Encoding: base64\r\n\r\n");
	assert_int_equal(base64_encode_lines(out, buf_view(cms)), 0);
	buf_append_string(out, "\r\n--b--\r\n");
}

void message_opaque(const char *fields, const struct buf *cms, struct buf *out)
{
	buf_append_string(out, fields);
	buf_append_string(out, "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; "
	                       "smime-type=signed-data; name=smime.p7m\r\n"
	                       "Content-Transfer-Encoding: base64\r\n\r\n");
	assert_int_equal(base64_encode_lines(out, buf_view(cms)), 0);
}
