/* What somebody may do with a Mailbox, in JMAP's words (RFC 8621 section 2, and mayShare of
 * draft-ietf-jmap-mail-sharing), which stand for rights of RFC 4314. */
#ifndef JMAP_JMAP_RIGHTS_H
#define JMAP_JMAP_RIGHTS_H

#include "jmap/jmap_private.h"

enum {
	JMAP_RIGHTS_INBOX = 1 << 0, /* of the INBOX: it can be neither renamed nor removed */
	JMAP_RIGHTS_SHARE = 1 << 1  /* mayShare too */
};

/* As an object. */
void jmap_put_rights(struct json_out *w, uint64_t rights, unsigned flags);

/* Whether the request wants to hear of sharing: it names one of the capabilities for it. */
bool jmap_uses_sharing(struct jmap_call *c);

/* The ids of Principals: "H", and the number of an account or a group. */
size_t jmap_principal_write(char out[static MAIL_ID_MAX], uint64_t number);
bool jmap_principal_read(struct view id, uint64_t *number);

/* ---- what is shared with whom ---- */

/* What an object or a patch wants of one Principal's rights. */
struct jmap_share {
	uint64_t number;
	uint32_t give, take;                                       /* RIGHT_* */
	enum { SHARE_UNSAID, SHARE_YES, SHARE_NO } rename, remove; /* the two that are one right */
};

enum { JMAP_SHARES_MAX = 64 /* of one Mailbox: ACCOUNT_GRANTS_MAX */ };

struct jmap_shares {
	struct jmap_share list[JMAP_SHARES_MAX];
	size_t count;
	bool replace; /* whoever is not named loses all */
};

/* Reads the value of "shareWith" (path empty) or of what is below it ("H1", "H1/mayReadItems"): NULL, or
 * words for what is wrong. Several of one patch add up; jmap_shares_check is for the end of them. */
const char *jmap_shares_read(struct jmap_shares *shares, struct view path, const json_t *value);
const char *jmap_shares_check(const struct jmap_shares *shares);

/* As SHARING_SET wants them, in the call's arena; false: no memory. */
bool jmap_shares_encode(struct jmap_call *c, const struct jmap_shares *shares, struct view *out);

#endif
