/* What a certificate says of itself: names and times, for checks and for people. */
#ifndef MASTER_CERTIFICATE_LOOK_H
#define MASTER_CERTIFICATE_LOOK_H

#include <openssl/types.h>

#include "base/buf.h"

enum { CERTIFICATE_SOON_DAYS = 14 /* Let's Encrypt renews 30 days before; two weeks later nobody has */ };

struct certificate_look {
	int64_t begins, ends; /* seconds since 1970 */
	struct buf names;     /* its DNS names, a line each */
	bool named;           /* it is for the host that was asked about */
};

/* Looks at the first certificate of a chain in PEM form, or at one. False: it is none. certificate_look_done
 * frees. */
bool certificate_look(struct view pem, struct view host, struct certificate_look *out);
void certificate_look_at(X509 *x, struct view host, struct certificate_look *out);
void certificate_look_done(struct certificate_look *c);

/* "2026-11-29", UTC. */
enum { CERTIFICATE_DAY_SIZE = 16 };
void certificate_day(int64_t seconds, char out[CERTIFICATE_DAY_SIZE]);

#endif
