/*
 * The subject of a message in the trace records: only a number for each of its words, so that whoever knows
 * the subject finds the message, and the records do not say what it is. The numbers are no secret: who has
 * the records can try words.
 */
#ifndef TRACE_TRACE_SUBJECT_H
#define TRACE_TRACE_SUBJECT_H

#include "base/buf.h"

enum {
	TRACE_SUBJECT_WORDS = 24,                       /* of a subject; further ones are not found */
	TRACE_SUBJECT_MAX = TRACE_SUBJECT_WORDS * 9 + 1 /* octets that trace_subject_words appends at most */
};

/* Appends "-1a2b3c4d-00ff00ff-": the words of a subject as it was written, encoded words and all. Nothing for
 * one without a word. */
void trace_subject_words(struct view subject, struct buf *out);

/* Whether a line's words have all that are wanted; both as trace_subject_words makes them. */
bool trace_subject_fits(struct view words, struct view wanted);

#endif
