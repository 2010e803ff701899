/*
 * The way of a message to store. A small one goes in one message together with its envelope; a large one in
 * pieces, on credit, never more of them under way than UPLOAD_UNDER_WAY: whoever has it waits, not our
 * memory.
 */
#ifndef PROCESS_UPLOAD_H
#define PROCESS_UPLOAD_H

#include "process/role.h"
#include "format/line_ends.h"

enum {
	UPLOAD_PIECE = 96 * 1024, /* with the envelope it fits a frame */
	UPLOAD_UNDER_WAY = 384 * 1024
};

struct upload {
	struct calls *store;
	void (*ready)(void *arg);
	void *arg;
	struct buf piece; /* collected until it is worth a message */
	uint64_t number;  /* at store; 0: nothing was sent yet */
	uint64_t sent, credited;
	uint32_t request; /* of the first piece, whose answers the credits are */
	bool broken;      /* it cannot be had whole any more */
	bool binary;      /* set it before the first piece: its line ends are looked at */
	struct line_ends lines;
};

/* ready: there is room for more, or store is gone. Called later, never from within. */
void upload_init(struct upload *u, struct calls *store, void (*ready)(void *arg), void *arg);

/* False: too much is under way, no more should come until `ready`; what was given has been taken all the
 * same. */
bool upload_append(struct upload *u, struct view bytes);

/* Sends what is collected, so that the envelope has the whole frame. */
void upload_flush(struct upload *u);

/* Store was gone meanwhile, or there was no memory: what comes is dropped, and it can't be delivered. */
bool upload_is_lost(const struct upload *u);

/*
 * The last piece and the envelope; m->upload, m->bytes and m->text_growth are set here. The number of the
 * request whose answer is MESSAGE_DELIVERED: the upload is store's then. 0 when it is lost or store is away:
 * it can only be ended.
 */
uint32_t upload_deliver(struct upload *u, struct message_deliver *m, call_answered answered, void *arg);

/* Frees it, and makes store forget what it has; afterwards it is as new, for the next message. */
void upload_end(struct upload *u);

#endif
