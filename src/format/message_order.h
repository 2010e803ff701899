/*
 * What messages are put in order by, and joined to threads by their subject (RFC 5256): made once, when a
 * message comes in, and kept beside it as a few octets.
 */
#ifndef FORMAT_MESSAGE_ORDER_H
#define FORMAT_MESSAGE_ORDER_H

#include "base/buf.h"
#include "base/cursor.h"

struct message_order {
	bool known;       /* the header was read; without it all else is unset */
	bool dated;       /* it has a date field that can be read: */
	int64_t sent;     /* seconds since 1970, UTC */
	int16_t minutes;  /* of the writer's zone, east of UTC */
	uint64_t subject; /* hash of the base subject (mime/base_subject.h); 0: it is empty */
	bool answer;      /* the subject is that of an answer, as RFC 5256 section 2.1 tells them */
};

enum { MESSAGE_ORDER_MAX = 1 + 10 + 10 + 8 }; /* octets of the encoding */

/* Appends the encoding. The result of buf_append. */
int message_order_put(const struct message_order *order, struct buf *out);

/* The same, at `out`, which has MESSAGE_ORDER_MAX octets of room. The length. */
size_t message_order_write(const struct message_order *order, char *out);

/* Reads an encoding; marks the cursor when there is none. */
struct message_order message_order_get(struct cursor *in);

#endif
