/*
 * Changes of a zone as one message to its primary server: RFC 2136. The records as they were seen are its
 * prerequisites, so that it changes all that it names, or nothing when somebody else was faster. Pure: the
 * message is sent elsewhere.
 */
#ifndef TRUST_ZONE_ZONE_UPDATE_H
#define TRUST_ZONE_ZONE_UPDATE_H

#include "trust/zone/zone_check.h"

/* Why a change is not made. */
enum zone_skip {
	ZONE_SKIP_NOT,   /* it is made */
	ZONE_SKIP_ZONE,  /* its name lies in another zone */
	ZONE_SKIP_ALIAS, /* there is an alias (CNAME) at that name */
	ZONE_SKIP_UNSEEN /* what stands there now is not known */
};

/* Of one change: `seen` holds what the primary server has. False: it has to be asked (the question is on the
 * list). */
bool zone_update_skips(
    const char *apex, const struct zone_change *change, struct answers *seen, enum zone_skip *out);

/*
 * Appends the message (not signed yet) for the changes that are not skipped. 0 with *made, how many these
 * are; -EINVAL: a name is none; the result of buf_append when it is too large.
 */
int zone_update_write(struct buf *out, uint16_t id, const char *apex, const struct zone_change *changes,
    size_t count, struct answers *seen, size_t *made);

/* What a server's code means for the update, in a sentence with what to do (RFC 2136 section 2.2). */
const char *zone_update_words(unsigned rcode);

#endif
