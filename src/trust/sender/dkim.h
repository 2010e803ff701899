/*
 * Verifying DKIM signatures: RFC 6376 section 6, RFC 8301, RFC 8463, RFC 8616. Evaluation over
 * trust/dns/answers.h; how a message comes in, dkim_mail.h says.
 *
 * A result is one of RFC 8601 section 2.7.1. Beside the standard:
 * - a header that readers may understand in several ways is neutral, whatever was signed (dkim_header.h);
 * - a field that messages have once (From, Subject, Content-Type ...), signed once and standing twice, is
 *   policy, and so is a body that goes on behind what l= covers: somebody may have added what is read
 *   (sections 8.2 and 8.15);
 * - a signature of a key in test mode (t=y) that fails is neutral (section 3.6.1).
 */
#ifndef TRUST_SENDER_DKIM_H
#define TRUST_SENDER_DKIM_H

#include "trust/sender/dkim_check.h"
#include "trust/sender/sender.h"

enum {
	/* Signatures of one message that are looked at, the uppermost first: those added last. Real mail has
	   up to six. */
	DKIM_SIGNATURES_MAX = 20,
	DKIM_ARENA_MAX = 512 * 1024
};

/* What is known of one signature; views live as long as the struct dkim, its message and the answers. */
struct dkim_verdict {
	enum sender_result result;
	enum dkim_cause cause;
	struct dkim_field field;
	struct dkim_found_key key; /* its name is empty until it was asked for */
	const char *added;         /* the name of a field, or NULL */
	uint64_t body_length;      /* in the signature's canonicalisation */
};

struct dkim {
	struct dkim_mail *mail;
	struct arena arena;
	int64_t now;
	struct dkim_verdict verdicts[DKIM_SIGNATURES_MAX]; /* from the top */
	const struct dkim_header_field *own[DKIM_SIGNATURES_MAX];
	bool judged[DKIM_SIGNATURES_MAX];
	size_t count;
	size_t passed_over; /* signatures past DKIM_SIGNATURES_MAX */
};

/* When the header has ended: finds the signatures, and says which hashes of the body are wanted. `now` is in
 * seconds since 1970. The message stays where it is. */
void dkim_begin(struct dkim *d, struct dkim_mail *mail, int64_t now);
void dkim_done(struct dkim *d);

/* Names the questions that will be asked; at any time after dkim_begin. */
void dkim_ask(struct dkim *d, struct answers *answers);

/* After the message has ended: false as long as questions are missing; then all verdicts are there. */
bool dkim_judge(struct dkim *d, struct answers *answers);

/*
 * Of the whole message: pass if one signature passes, else what comes first of fail, neutral, policy,
 * temperror and permerror; none without a signature. temperror without memory, neutral when the header was
 * past a limit.
 */
enum sender_result dkim_result(const struct dkim *d);

#endif
