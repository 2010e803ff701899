/*
 * What was found out about who sent a message, in sentences: what is proven, what isn't, why, and what that
 * means. All text is printable: what strangers wrote has passed base/show.h.
 *
 * Each function appends one or more sentences on one line, without a line end. 0, or the result of
 * buf_append.
 */
#ifndef TRUST_SENDER_SENDER_WORDS_H
#define TRUST_SENDER_SENDER_WORDS_H

#include "trust/sender/sender_results.h"

/* What it all comes to. */
enum sender_standing {
	SENDER_PROVEN,   /* the message comes from the domain in From */
	SENDER_UNPROVEN, /* nothing proves it, and its domain says how its mail can be known */
	SENDER_UNKNOWN,  /* its domain does not say so, or nobody can tell whose it is */
	SENDER_LATER     /* answers are missing now */
};
enum sender_standing sender_standing(const struct sender_results *results);
const char *sender_standing_name(
    enum sender_standing standing); /* "proven", "unproven", "unknown", "later" */

/* The whole in one sentence, and what was done with the message. */
int sender_explain(const struct sender_results *results, struct buf *out);
int sender_explain_action(
    const struct sender_results *results, struct buf *out); /* nothing for SENDER_DELIVERED */

/* One after the other. */
int sender_explain_dmarc(const struct sender_results *results, struct buf *out);
int sender_explain_spf(const struct sender_results *results, struct buf *out);
int sender_explain_signature(const struct sender_results *results, size_t signature, struct buf *out);
int sender_explain_arc(const struct sender_results *results, struct buf *out);
int sender_explain_client(const struct sender_results *results, struct buf *out);

/* All of it, in lines with LF: the whole first, then a line for each method with its result in front. */
int sender_words(const struct sender_results *results, struct buf *out);

/* The same as a JSON object; its members are described in doc/man/postrider.1, at `verify`. */
int sender_json(const struct sender_results *results, struct buf *out);

#endif
