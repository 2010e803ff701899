/*
 * Everything about one message's sender: the client's name, SPF, DKIM, ARC and DMARC, from the envelope and
 * the message's octets as they stream by. A machine over trust/dns/answers.h: what can be asked is named as
 * soon as it is known, so that the answers are there when the message ends.
 *
 *     check = sender_check_new(&request, &answers);
 *     sender_check_bytes(check, piece);    (each; sender_check_kept with what becomes of it)
 *     sender_check_end(check);
 *     while (!sender_check_judge(check)) ...   (answers.h; after new and bytes there may be questions too)
 *     verdicts = sender_check_verdicts(check);
 */
#ifndef TRUST_SENDER_SENDER_CHECK_H
#define TRUST_SENDER_SENDER_CHECK_H

#include "trust/sender/arc.h"
#include "trust/sender/client_name.h"
#include "trust/sender/dkim.h"
#include "trust/sender/dmarc.h"
#include "trust/sender/spf.h"

enum {
	SENDER_AUTHORS_MAX =
	    4, /* domains in From that are looked at; with more, nobody is proven: DMARC_TOO_LARGE */
	SENDER_QUESTIONS_MAX = 500 /* of one message: SPF 121, the client's names 11, keys 20, of ARC 100,
	                              DMARC 10 for each author and 80 for signers */
};

/* Copied but for `client`, which must outlive the check. */
struct sender_request {
	const struct sockaddr *client; /* NULL: not known; then SPF is not checked */
	struct view helo;
	struct view sender_local, sender_domain; /* of MAIL FROM; both empty for a null sender */
	struct view receiver;                    /* this host */
	uint64_t now;                            /* seconds since 1970 */
};

/* One domain of From. */
struct sender_author {
	struct view domain;        /* A-labels; empty: it is none that could have a record */
	enum sender_result result; /* of DMARC */
};

struct sender_verdicts {
	const struct sender_request *request;
	struct view mail_from; /* without brackets; empty for a null sender */
	struct client_names client;
	struct spf_verdict spf; /* of MAIL FROM, or of HELO for a null sender */
	bool spf_of_helo;
	const struct dkim *dkim; /* its verdicts: count of them */
	const struct arc *arc;
	struct dmarc_verdict dmarc; /* of several authors the one that is the worst */
	struct view proven_by; /* d= of the signature that is aligned and passed, with dmarc.aligned_dkim */
	size_t authors; /* domains in From: 0, 1, or more, of which SENDER_AUTHORS_MAX were looked at */
	struct sender_author author[SENDER_AUTHORS_MAX];
	struct view envelope; /* the domain of MAIL FROM, as A-labels; empty for a null sender */
};

struct sender_check;

/* Names the first questions. Never NULL. `answers` is new and outlives the check. */
struct sender_check *sender_check_new(const struct sender_request *request, struct answers *answers);
void sender_check_free(struct sender_check *check); /* NULL is allowed */

/* The message as it came, in pieces of any size. True: there are questions that were not there before. */
bool sender_check_bytes(struct sender_check *check, struct view bytes);
/*
 * The message as it is kept, where its header was repaired on the way in: what readers will see. Signatures
 * are over the octets that came; the authors are those of both, so that none is hidden from either. Only the
 * header is looked at. Not needed where nothing is repaired. The result is as above.
 */
bool sender_check_kept(struct sender_check *check, struct view bytes);
void sender_check_end(struct sender_check *check);

/* After the end. False: answers are missing. */
bool sender_check_judge(struct sender_check *check);

/* After sender_check_judge; valid as long as check and answers. */
const struct sender_verdicts *sender_check_verdicts(const struct sender_check *check);

/* Octets that it takes now, but for the answers; about so many. */
size_t sender_check_memory(const struct sender_check *check);

/* The header, after it has ended. */
struct view sender_check_header(const struct sender_check *check);

#endif
