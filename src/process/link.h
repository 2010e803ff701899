/*
 * Channels to other roles: links (a channel with its rules), calls (our questions, whose answers come later),
 * and what we are asked and answer later.
 */
#ifndef PROCESS_LINK_H
#define PROCESS_LINK_H

#include "base/map.h"
#include "process/messages.h"

struct role_process;
struct link;

/* ---- links ---- */

/*
 * What a role does with a message: one row a type, in the tables of its role_functions (role.h); a table ends
 * with an empty row. A link refuses what its table does not have: it is logged and the link closed, since the
 * peer is broken or somebody else's.
 *
 * `message` is decoded: it, the frame and the link's arena live during the call. frame->fd is the callee's if
 * it takes it (sets -1).
 */
struct link_verb {
	unsigned type;
	void (*carry_out)(struct link *link, struct channel_frame *frame, const void *message);
};

struct link {
	struct role_process *process;
	struct channel channel;
	unsigned peer, self; /* who may say what is checked against these */
	uint64_t number;     /* of a channel that the master made; 0: of another kind */
	const struct link_verb *verbs;
	struct calls *calls;               /* whose answers come here; NULL: nothing is asked */
	void (*closed)(struct link *link); /* may free the link's owner; may be NULL */
	void *arg;
	struct arena arena;  /* for decoding; reset after each frame */
	uint64_t generation; /* differs for every opening: an answer to an earlier one is dropped */
	bool up;
	size_t asked_count, asked_bytes; /* questions of the peer that wait for their answers: asked_begin */
};

/*
 * Takes fd over; a link that was up is closed first, without calling `closed`. When the channel closes and
 * the master made it, the master is told, and makes a new one if the peer lives: it comes as another call of
 * the role's `peer`. What comes is carried out by the role's table for this peer.
 */
void link_open(struct link *link, struct role_process *p, int fd, unsigned peer,
    void (*closed)(struct link *), void *arg);
void link_close(struct link *link);

/* The peer broke the rules, which the caller has logged: as if it had closed its end. `closed` may free the
 * link. */
void link_break(struct link *link);

/* Decodes as ipc_decode; on failure the peer is broken: it is logged and the link closed, and false returned.
 */
#define link_decode(link, frame, message)                                                                    \
	link_decode_as(link, frame, IPC_SCHEMA_OF(message), sizeof *(message), message)
bool link_decode_as(struct link *link, const struct channel_frame *frame, const struct codec_schema *schema,
    size_t size, void *message);

/* ---- calls: questions whose answers come later ---- */

/*
 * The answer's frame, or NULL when the peer went away. Returns true when the call is over, false when more
 * frames will come with its number. frame->fd as above.
 */
typedef bool (*call_answered)(void *arg, struct link *link, struct channel_frame *frame);

struct calls {
	struct link link;
	struct link old; /* the one before: only answers that are still owed come over it (calls_succeed) */
	size_t old_pending; /* questions that were asked over it */
	struct map pending; /* request number -> struct call */
	uint32_t last;
};

void calls_init(struct calls *c);

/*
 * A channel for the calls has arrived; the ones that were pending on an earlier channel are answered with
 * NULL. A frame with a request number must be an answer to that question, or to one that was forgotten; one
 * without is carried out by the role's table.
 */
void calls_link(struct calls *c, struct role_process *p, int fd, unsigned peer);
/*
 * The same where the peer's process has a successor, as in an upgrade: what is asked from now on is the
 * successor's to answer. What was asked before is answered by the one before, whose link closes when nothing
 * is owed any more; if it closes earlier, these questions are answered with NULL.
 */
void calls_succeed(struct calls *c, struct role_process *p, int fd, unsigned peer);
void calls_close(struct calls *c);

/* The link over which a question was asked that is not over: what belongs to it goes that way. NULL: there is
 * no such question, or its link is down. */
struct link *calls_link_of(struct calls *c, uint32_t request);

/*
 * Asks. The number of the request, for further frames and for calls_forget; 0 when the peer is away or the
 * message does not fit: then `answered` is not called.
 */
uint32_t calls_ask(struct calls *c, unsigned type, const void *message, call_answered answered, void *arg);

/* The same over the link that calls_link_of has given, which may be the one before. */
uint32_t calls_ask_over(struct calls *c, struct link *link, unsigned type, const void *message,
    call_answered answered, void *arg);

/* The same with a payload that ipc_encode has made, for a question that may have to be asked again. */
uint32_t calls_ask_encoded(
    struct calls *c, unsigned type, struct view payload, call_answered answered, void *arg);

/* A further frame of a question that is not over, over the link that it was asked over. */
void calls_say_more(struct calls *c, uint32_t request, unsigned type, const void *message);
/* What that link has not yet taken; 0: there is no such question. */
size_t calls_backlog(struct calls *c, uint32_t request);

/* The asker is gone: later answers are dropped, their descriptors closed. */
void calls_forget(struct calls *c, uint32_t request);

/* ---- the other side: questions that are answered later ---- */

/* One of a peer's. The link must stay where it is until the answer, open or not. */
struct asked {
	struct link *link;
	uint64_t generation;
	uint32_t request;
	size_t bytes;
};

/*
 * Notes a question whose answer will come by asked_answer, once and for certain. False when the peer has too
 * many under way already: then it must be told at once, with ipc_send, that it shall try later.
 */
bool asked_begin(struct asked *asked, struct link *link, const struct channel_frame *frame)
    __attribute__((warn_unused_result));

/* Answers; one that asked over an earlier channel is gone, and gets nothing. */
void asked_answer(const struct asked *asked, unsigned type, const void *message);
/* The same with a descriptor, which is the answer's from the call on; -1: none. */
void asked_answer_with(const struct asked *asked, unsigned type, const void *message, int fd);

#endif
