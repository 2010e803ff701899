/*
 * What of a message's path (trace_words.h) may be told to those who sent it and those who got it. Whom an
 * address here leads to, in which mailbox somebody keeps a message, by which of his rules, and what an
 * administrator has noted about it, is nobody's business but their own.
 */
#ifndef TRACE_TRACE_SHARE_H
#define TRACE_TRACE_SHARE_H

#include "trace/trace_words.h"

/* To its sender. False: nothing of it; else fields were taken out, and a message that a recipient's rule has
 * discarded has come to its end as if it was kept. */
bool trace_for_sender(struct trace_line *line);

/* Of what trace_for_sender has left, when it is about somebody whom the sender has not written to, as one of
 * those to whom an alias leads: what became of it, and nothing by which that one can be known. */
void trace_hide_recipient(struct trace_line *line);

/* To the owner of the account of this address, who got it. */
bool trace_for_recipient(struct trace_line *line, struct view address);

/* Whether the event is that the message has come to that account: kept, delivered, or ended by its rules. */
bool trace_has_reached(const struct trace_line *line, struct view address);

/*
 * The lines of one message (with its reports) that concern this user, appended to *out, with what the user
 * may know of each: of mail that the user's address sent, or that reached its mailbox. False: it is none of
 * the user's.
 */
bool trace_for_user(struct view lines, struct view address, struct buf *out);

#endif
