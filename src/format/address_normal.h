/*
 * Mail addresses as the directory compares them. The local part: Unicode NFC, full case folding (our own
 * domains take local parts without case; RFC 5321 section 2.4 leaves that to them). The domain: lower-case
 * A-labels (RFC 5890). The text is UTF-8, unquoted: "a b"@x is given as a b@x.
 */
#ifndef FORMAT_ADDRESS_NORMAL_H
#define FORMAT_ADDRESS_NORMAL_H

#include "base/view.h"

enum {
	ADDRESS_LOCAL_MAX = 252,  /* what RFC 5321's path of 256 leaves (format/limits.h) */
	ADDRESS_DOMAIN_MAX = 253, /* RFC 1035 section 2.3.4, without the root's dot */
	/* Any path of 256, also when folding and A-labels make it longer; and a key of the directory holds
	   it, with a name. */
	ADDRESS_MAX = 446
};

struct address {
	char text[ADDRESS_MAX];
	size_t len, local_len; /* text: local part, @, domain */
};

static inline struct view address_view(const struct address *a)
{
	return view_of(a->text, a->len);
}

static inline struct view address_local(const struct address *a)
{
	return view_of(a->text, a->local_len);
}

static inline struct view address_domain(const struct address *a)
{
	return view_skip(address_view(a), a->local_len + 1);
}

/* 0; -EINVAL when it is no address, -EMSGSIZE when it is too long. */
int address_normalize(struct view in, struct address *out) __attribute__((warn_unused_result));

/* A domain alone, as A-labels, in out->text; out->local_len is 0. */
int address_normalize_domain(struct view in, struct address *out) __attribute__((warn_unused_result));

/* The same domain with another local part, or the other way round; both normal already. -EMSGSIZE. */
int address_join(struct view local, struct view domain, struct address *out)
    __attribute__((warn_unused_result));

#endif
