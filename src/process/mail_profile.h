/*
 * Apple's profile of a mail account (.mobileconfig): where mail is read and sent, for an address, by the
 * settings of this server. Role web serves it, and keys signs it: both make it of the address alone, so that
 * nothing else gets into what is signed.
 */
#ifndef PROCESS_MAIL_PROFILE_H
#define PROCESS_MAIL_PROFILE_H

#include "base/buf.h"
#include "config/settings.h"

enum {
	MAIL_PROFILE_MAX = 16 * 1024 /* octets: it has some 2,500, and the address ten times */
};

/* Appends the profile, a property list in XML. address: as it was typed. The same address gets the same text.
 * 0; -EINVAL: it is no address; -ENOBUFS. */
int mail_profile_write(const struct settings *s, struct view address, struct buf *out)
    __attribute__((warn_unused_result));

#endif
