/* Macros of SPF, RFC 7208 section 7. */
#ifndef TRUST_SENDER_SPF_MACRO_H
#define TRUST_SENDER_SPF_MACRO_H

#include "base/buf.h"

/* What the letters stand for. `validated` is asked for at most once and only when %{p} is there. */
struct spf_macro_values {
	struct view sender_local, sender_domain, domain, address, readable_address, helo, receiver;
	bool ipv6;
	uint64_t now;
	/* The client's name (section 7.3), "unknown" without one; false: not known yet. */
	bool (*validated)(void *arg, struct view *name);
	void *arg;
};

enum spf_macro_place {
	SPF_IN_DOMAIN,     /* a domain-spec: it ends with a top label or a macro */
	SPF_IN_MODIFIER,   /* the value of an unknown modifier: any macro-string */
	SPF_IN_EXPLANATION /* the explanation's text: spaces, and the letters c, r and t too */
};

/* The grammar alone. */
bool spf_macro_valid(struct view text, enum spf_macro_place place);

/*
 * Appends what a valid text stands for. 0; -EAGAIN: the client's name is not known yet; -EINVAL: it is not
 * valid; the result of buf_append.
 */
int spf_macro_expand(
    struct view text, enum spf_macro_place place, const struct spf_macro_values *values, struct buf *out);

#endif
