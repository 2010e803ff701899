/* What keys would sign: never anything that OpenSSL reads as a SEQUENCE or SET, the parts of certificates,
 * requests and revocation lists that are signed among it. */
#include "fuzz.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "role/keys/tls_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum tls_block kind = tls_block_kind(view_of(data, size));
	const unsigned char *at = data;
	ASN1_SEQUENCE_ANY *any = d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)size);
	check(any == NULL || at != data + size || kind == TLS_BLOCK_NONE);
	sk_ASN1_TYPE_pop_free(any, ASN1_TYPE_free);
	at = data;
	any = d2i_ASN1_SET_ANY(NULL, &at, (long)size);
	check(any == NULL || at != data + size || kind == TLS_BLOCK_NONE);
	sk_ASN1_TYPE_pop_free(any, ASN1_TYPE_free);
	at = data;
	X509_CINF *certificate = d2i_X509_CINF(NULL, &at, (long)size);
	check(certificate == NULL || at != data + size || kind == TLS_BLOCK_NONE);
	X509_CINF_free(certificate);
	at = data;
	X509_REQ_INFO *request = d2i_X509_REQ_INFO(NULL, &at, (long)size);
	check(request == NULL || at != data + size || kind == TLS_BLOCK_NONE);
	X509_REQ_INFO_free(request);
	at = data;
	X509_CRL_INFO *list = d2i_X509_CRL_INFO(NULL, &at, (long)size);
	check(list == NULL || at != data + size || kind == TLS_BLOCK_NONE);
	X509_CRL_INFO_free(list);
	ERR_clear_error();
	check(kind == TLS_BLOCK_NONE || size >= 64 + 34);
	return 0;
}
