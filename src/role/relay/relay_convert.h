/*
 * What must be made of a message before it can go: it is changed for a host that takes 7 bits only
 * (mime/downgrade.h), and signed, if a domain of ours is to sign it and has not yet.
 *
 * For 7 bits: the structure that
 * was kept with the message is read first, then its body once, to know what must be encoded, or that it
 * cannot be without harm; the second time the body is converted on its way (relay_body.c). What a domain of
 * ours had signed is converted once more in between, and signed as it will be.
 */
#ifndef ROLE_RELAY_RELAY_CONVERT_H
#define ROLE_RELAY_RELAY_CONVERT_H

#include "base/buf.h"
#include "process/messages_queue.h"

enum relay_convert_state {
	RELAY_CONVERT_BUSY,     /* `ready` follows */
	RELAY_CONVERT_READY,    /* the body must be converted on its way, once */
	RELAY_CONVERT_UNNEEDED, /* it can go as it is */
	RELAY_CONVERT_REFUSED,  /* it cannot be converted without harm: *why says why */
	RELAY_CONVERT_FAILED    /* it could not be looked at now */
};

struct relay_convert;

enum relay_convert_purpose {
	RELAY_CONVERT_7BIT,
	RELAY_CONVERT_SIGN /* it stays as it is, below its signatures */
};

/* Whether it is to be signed on its way: what this server's rules send is put into the queue unsigned. */
bool relay_convert_must_sign(const struct message_queue_message *m);

/*
 * Looks through the message, which must live as long. `ready` is called once, never from within, when the
 * state is no longer BUSY; it may free what it was called for.
 */
struct relay_convert *relay_convert_new(const struct message_queue_message *m,
    enum relay_convert_purpose purpose, void (*ready)(void *arg), void *arg);
enum relay_convert_purpose relay_convert_purpose(const struct relay_convert *v);
enum relay_convert_state relay_convert_state(const struct relay_convert *v, const char **why);
/*
 * READY: what stands above the converted body. Signatures and seals over the body that it was do not survive:
 * where a domain of ours had signed it, its new signatures; else nothing.
 */
struct view relay_convert_head(const struct relay_convert *v);
/* READY: appends the next piece, converted. 0 or -ENOBUFS. */
int relay_convert_piece(struct relay_convert *v, struct view bytes, bool last, struct buf *out);
/* Allowed at any time; NULL is allowed. A caller that has converted a body must have it looked through
 * again before the next time. */
void relay_convert_free(struct relay_convert *v);

#endif
