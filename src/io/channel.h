/*
 * A channel: framed messages, with descriptors, over a Unix stream socket between two of our processes.
 * A frame is: length of the payload (4 bytes), type (2), descriptors (2: 0 or 1), request number (4),
 * payload. The receiver gets whole frames; what they mean is the schema's matter (process/messages.h).
 * Sending never blocks: frames wait in memory, and a sender that streams bodies watches channel_backlog.
 */
#ifndef IO_CHANNEL_H
#define IO_CHANNEL_H

#include "base/buf.h"
#include "io/loop.h"

enum {
	/* A body piece and its envelope fit several times, and the envelope of a thousand long addresses
	   once. */
	CHANNEL_FRAME_MAX = 1024 * 1024,
	CHANNEL_OUTPUT_MAX =
	    16 * 1024 * 1024,            /* a peer that lets this much pile up is dead: the channel closes */
	CHANNEL_HIGH_WATER = 256 * 1024, /* above this, streams pause */
	CHANNEL_FDS_MAX = 256 /* descriptors that wait to be sent: all listeners and keys of a start */
};

struct channel_frame {
	uint16_t type;
	uint32_t request;
	struct view payload; /* valid during the call */
	/* -1, or a descriptor that now belongs to the receiver. Also -1 when there was no room for it in this
	 * process. */
	int fd;
};

struct channel_pass {
	uint64_t at; /* position in the output stream of the frame that carries it */
	int fd;
};

struct channel {
	struct loop *loop;
	int fd;
	struct loop_watch readable, writable;
	struct loop_task turn; /* at the end of the turn: sends, and goes on after a pause */
	struct buf in, out;
	int in_fds[4]; /* descriptors that arrived before the end of their frame; -1: one that was lost for
	                  want of room */
	unsigned in_fd_count;
	struct channel_pass *out_fds; /* that wait, oldest first */
	unsigned out_fd_count, out_fd_room;
	uint64_t out_done;
	void (*received)(void *arg, struct channel_frame *frame);
	void (*closed)(void *arg); /* the peer is gone or broke the rules; called once, then nothing else */
	void (*drained)(
	    void *arg); /* may be NULL; the backlog fell below CHANNEL_HIGH_WATER after being above */
	void *arg;
	bool above_water, dead, paused, resuming, overflown;
	bool *ended; /* of the function that calls a handler now: told when the handler closes the channel */
};

/* Takes the descriptor over (made non-blocking and close-on-exec). */
void channel_init(struct channel *c, struct loop *loop, int fd,
    void (*received)(void *, struct channel_frame *), void (*closed)(void *), void *arg);

/*
 * Closes the descriptor and everything that waits. May be called from `received`, `closed` and `drained`,
 * which may also free the structure afterwards; the frame that `received` was given stays valid until it
 * returns.
 */
void channel_done(struct channel *c);

/*
 * Moves an open channel to another place in memory, with all that waits in it; `from` is as after
 * channel_done. Not from within its own handlers.
 */
void channel_move(struct channel *to, struct channel *from);

/* What was read of it and not handed out: whole frames while it is paused, perhaps a part of one behind them.
 */
struct view channel_unread(const struct channel *c);

/* Puts such bytes, or frames that channel_frame_append made, before all that will be read. The result of
 * buf_append. */
int channel_put_unread(struct channel *c, struct view bytes);
int channel_frame_append(struct buf *out, uint16_t type, uint32_t request, struct view payload);

/*
 * Sends a frame; fd >= 0 is sent along and closed here afterwards, on failure too.
 * -EPIPE on a dead channel, -EMSGSIZE past CHANNEL_FRAME_MAX, -ENOBUFS when too much waits: a frame is lost,
 * so `closed` is called at the end of the turn.
 */
int channel_send(struct channel *c, uint16_t type, uint32_t request, struct view payload, int fd);

/*
 * The same without a copy of the payload: channel_begin gives the buffer to append it to, channel_end closes
 * the frame. Nothing else may be sent in between. channel_end's result is channel_send's.
 */
struct buf *channel_begin(struct channel *c, uint16_t type, uint32_t request, size_t *mark);
int channel_end(struct channel *c, size_t mark, int fd);

/* Bytes that wait to be sent. */
size_t channel_backlog(const struct channel *c);

/* These bytes, for another process that gets the same end: perhaps they begin with the rest of a frame.
 * False: descriptors wait among them. */
bool channel_unsent(const struct channel *c, struct view *bytes);

/* Puts such bytes before all that will be sent, when nothing was sent yet. The result of buf_append. */
int channel_put_unsent(struct channel *c, struct view bytes);

/* Stops and resumes reading: the peer's frames then wait in the kernel, and its sending stalls. */
void channel_pause(struct channel *c, bool paused);

/* A connected pair, close-on-exec. 0 or a negative errno. */
int channel_pair(int fds[2]);

/*
 * Blocking exchange for start-up and for signing: sends, or receives one frame into `in` (whole frame, header
 * taken off). After -ETIMEDOUT nothing was taken, and the answer may still come; after any other error the
 * channel is of no more use.
 */
int channel_send_blocking(int fd, uint16_t type, uint32_t request, struct view payload, int pass);
int channel_receive_blocking(int fd, struct buf *in, struct channel_frame *frame, int timeout_ms);

#endif
