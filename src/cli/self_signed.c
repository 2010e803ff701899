/* A self-signed certificate: see self_signed.h. */
#include "cli/self_signed.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

#include "base/random.h"

enum { CERTIFICATE_DAYS = 825 }; /* browsers take none that lives longer */

static FILE *create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static void add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *certify(EVP_PKEY *key, const char *name, const char *names)
{
	X509 *x = X509_new();
	X509_set_version(x, 2);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), random_u64() >> 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), (long)CERTIFICATE_DAYS * 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(
	    X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	/* A server's certificate, and no authority: with its key nobody makes others that a client believes.
	 */
	add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(x, NID_key_usage, "critical,digitalSignature");
	add_extension(x, NID_ext_key_usage, "serverAuth");
	add_extension(x, NID_subject_alt_name, names);
	X509_sign(x, key, EVP_sha256());
	return x;
}

bool self_signed_make(const char *name, const char *names, const char *certificate_path, const char *key_path)
{
	if (access(certificate_path, R_OK) == 0 && access(key_path, R_OK) == 0)
		return true;
	unlink(certificate_path);
	unlink(key_path);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = certify(key, name, names);
	FILE *key_file = create(key_path), *cert_file = create(certificate_path);
	bool good = key_file && cert_file &&
	            PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	            PEM_write_X509(cert_file, x) == 1;
	bool closed = (!key_file || fclose(key_file) == 0);
	closed = (!cert_file || fclose(cert_file) == 0) && closed;
	X509_free(x);
	EVP_PKEY_free(key);
	return good && closed;
}
