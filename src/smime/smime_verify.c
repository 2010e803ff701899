/*
 * The signature itself: CMS SignedData (RFC 5652 section 5), read by OpenSSL. Its own verification of
 * certificates is left out, since that stops at the first problem and knows one time; smime_signer.c does it.
 */
#include <errno.h>
#include <limits.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "smime/smime_private.h"

void smime_prepare(void)
{
	/* No settings of the machine: they may name modules, which are files. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_DIGESTS |
	                              OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
	    NULL);
	EVP_MD_free(EVP_MD_fetch(NULL, "SHA2-256", NULL));
}

/* RFC 8551 section 2.1 counts SHA-1 and MD5 among what is historic: somebody could make two texts for one. */
static bool is_strong(const X509_ALGOR *digest)
{
	const ASN1_OBJECT *object = NULL;
	X509_ALGOR_get0(&object, NULL, NULL, digest);
	switch (OBJ_obj2nid(object)) {
	case NID_sha256:
	case NID_sha384:
	case NID_sha512:
	case NID_sha3_256:
	case NID_sha3_384:
	case NID_sha3_512:
		return true;
	default:
		return false;
	}
}

struct checking {
	const struct smime_anchors *anchors;
	const struct smime_found *found;
	CMS_ContentInfo *cms;
	STACK_OF(X509) * certificates;
	int64_t now, delivered;
	uint32_t problems, problems_delivered; /* of certificates, at the two times */
};

static void check_signer(struct checking *c, CMS_SignerInfo *info)
{
	X509 *signer = NULL;
	X509_ALGOR *digest = NULL;
	CMS_SignerInfo_get0_algs(info, NULL, &signer, &digest, NULL);
	uint32_t problems = 0;
	if (digest == NULL || !is_strong(digest))
		problems |= SMIME_WEAK;
	if (signer == NULL)
		problems |= SMIME_NO_CERTIFICATE;
	else if (!smime_is_author(signer, c->found->header))
		problems |= SMIME_ADDRESS;
	c->problems |= problems;
	c->problems_delivered |= problems;
	if (signer == NULL)
		return;
	c->problems |= smime_chain_problems(c->anchors, signer, c->certificates, c->now);
	c->problems_delivered |= smime_chain_problems(c->anchors, signer, c->certificates, c->delivered);
}

static struct view signed_text(const struct checking *c)
{
	if (c->found->detached)
		return c->found->text;
	ASN1_OCTET_STRING **inside = CMS_get0_content(c->cms);
	return view_of(ASN1_STRING_get0_data(*inside), (size_t)ASN1_STRING_length(*inside));
}

static bool is_signed_by(CMS_SignerInfo *info, struct view text)
{
	const ASN1_OBJECT *object = NULL;
	X509_ALGOR *digest = NULL;
	CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, NULL);
	X509_ALGOR_get0(&object, NULL, NULL, digest);
	const EVP_MD *type = EVP_get_digestbyobj(object);
	BIO *sum = BIO_new(BIO_f_md()), *sink = BIO_new(BIO_s_null());
	bool good = false;
	if (type && sum && sink && BIO_set_md(sum, type) == 1) {
		sum = BIO_push(sum, sink);
		sink = NULL;
		good = (text.len == 0 || BIO_write(sum, text.data, (int)text.len) == (int)text.len) &&
		       (CMS_signed_get_attr_count(info) < 0 || CMS_SignerInfo_verify(info) == 1) &&
		       CMS_SignerInfo_verify_content(info, sum) == 1;
	}
	BIO_free_all(sum);
	BIO_free(sink);
	return good;
}

/*
 * The text is what the signers have signed. Asked when each signer's certificate is there. Not by CMS_verify:
 * it makes a sum for each digest that the message names beside its signers, as many as there are, and goes
 * through all for each.
 */
static bool is_intact(const struct checking *c)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(c->cms);
	struct view text = signed_text(c);
	for (int i = 0; i < sk_CMS_SignerInfo_num(signers); i++)
		if (!is_signed_by(sk_CMS_SignerInfo_value(signers, i), text))
			return false;
	return true;
}

/* Content of another type than "data" is no mail (RFC 8551 section 2.4.2); and it lies where the MIME type
 * says that it does, so that nobody is shown one text while another is verified. */
static bool is_of_mail(const struct checking *c)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(c->cms);
	bool is_inside = content && *content;
	return OBJ_obj2nid(CMS_get0_eContentType(c->cms)) == NID_pkcs7_data &&
	       is_inside == !c->found->detached;
}

static void check_signed(struct checking *c)
{
	STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(c->cms);
	int count = sk_CMS_SignerInfo_num(signers);
	uint32_t problems = 0;
	c->certificates = CMS_get1_certs(c->cms);
	if (count > SMIME_SIGNERS_MAX || sk_X509_num(c->certificates) > SMIME_CERTIFICATES_MAX) {
		problems = SMIME_TOO_MUCH;
	} else if (!is_of_mail(c)) {
		problems = SMIME_MALFORMED;
	} else {
		(void)CMS_set1_signers_certs(c->cms, NULL, 0);
		for (int i = 0; i < count; i++)
			check_signer(c, sk_CMS_SignerInfo_value(signers, i));
		if (!(c->problems & SMIME_NO_CERTIFICATE) && !is_intact(c))
			problems = SMIME_CHANGED;
	}
	c->problems |= problems;
	c->problems_delivered |= problems;
	sk_X509_pop_free(c->certificates, X509_free);
}

static void set_both(struct smime_verdict *v, enum smime_status status)
{
	v->now = v->delivered = status;
}

/* A signature without signers carries certificates, or lists of them (RFC 8551 section 3.8). */
static void judge(struct checking *c, struct smime_verdict *v)
{
	int type = c->cms ? OBJ_obj2nid(CMS_get0_type(c->cms)) : NID_undef;
	c->problems = c->problems_delivered = c->found->problems;
	if (c->cms == NULL) {
		uint32_t why = c->found->problems & SMIME_TOO_MUCH ? 0 : SMIME_MALFORMED;
		c->problems |= why;
		c->problems_delivered |= why;
	} else if (type == NID_pkcs7_enveloped || type == NID_id_smime_ct_authEnvelopedData) {
		set_both(v, c->found->detached ? SMIME_UNKNOWN : SMIME_NONE);
		return;
	} else if (type != NID_pkcs7_signed || sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(c->cms)) <= 0) {
		set_both(v, SMIME_UNKNOWN);
		return;
	} else {
		check_signed(c);
	}
	v->now = c->problems ? SMIME_FAILED : SMIME_VERIFIED;
	v->delivered = c->problems_delivered ? SMIME_FAILED : SMIME_VERIFIED;
	v->problems = c->problems;
}

/* All of it must be CMS: what follows would be covered by nothing. */
static CMS_ContentInfo *read_cms(struct view bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.data, *end = at + bytes.len;
	CMS_ContentInfo *cms =
	    bytes.len > 0 && bytes.len <= INT_MAX ? d2i_CMS_ContentInfo(NULL, &at, (long)bytes.len) : NULL;
	if (cms == NULL || at == end)
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

int smime_verify(struct view message, const struct smime_anchors *anchors, int64_t now, int64_t delivered,
    struct smime_verdict *verdict)
{
	struct smime_found found;
	struct checking c = {.anchors = anchors, .found = &found, .now = now, .delivered = delivered};
	struct smime_verdict v = {.problems = 0};
	if (message.len > INT_MAX / 2) /* OpenSSL counts with int, and the canonical form is longer */
		return -ENOMEM;
	int error = smime_find(message, &found);
	if (error == 0) {
		set_both(&v, found.status);
		if (found.status == SMIME_SIGNED) {
			c.cms = read_cms(buf_view(&found.cms));
			judge(&c, &v);
		}
		*verdict = v;
	}
	CMS_ContentInfo_free(c.cms);
	smime_found_done(&found);
	ERR_clear_error();
	return error;
}
