/* See certificate_look.h. */
#include "master/certificate_look.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

enum { NAMES_MAX = 64 * 1024 };

static int64_t seconds_of(const ASN1_TIME *time)
{
	struct tm tm;
	return ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

void certificate_look_at(X509 *x, struct view host, struct certificate_look *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	*out = (struct certificate_look){
	    .begins = seconds_of(X509_get0_notBefore(x)), .ends = seconds_of(X509_get0_notAfter(x))};
	buf_init(&out->names, NAMES_MAX);
	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS)
			continue;
		if (buf_view(&out->names).len)
			buf_append_byte(&out->names, '\n');
		buf_append(&out->names, view_of(ASN1_STRING_get0_data(name->d.dNSName),
		                            (size_t)ASN1_STRING_length(name->d.dNSName)));
	}
	GENERAL_NAMES_free(names);
	out->named = host.len > 0 &&
	             X509_check_host(x, host.data, host.len, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

bool certificate_look(struct view pem, struct view host, struct certificate_look *out)
{
	BIO *bio = BIO_new_mem_buf(pem.len ? pem.data : "", (int)pem.len);
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	if (x)
		certificate_look_at(x, host, out);
	bool good = x != NULL;
	X509_free(x);
	BIO_free(bio);
	ERR_clear_error();
	return good;
}

void certificate_look_done(struct certificate_look *c)
{
	buf_done(&c->names);
}

void certificate_day(int64_t seconds, char out[CERTIFICATE_DAY_SIZE])
{
	time_t at = (time_t)seconds;
	struct tm tm;
	gmtime_r(&at, &tm);
	strftime(out, CERTIFICATE_DAY_SIZE, "%Y-%m-%d", &tm);
}
