/*
 * Whom an account has heard from and written to, so that a message can be told to be the first one of its
 * sender, or to come from somebody who has the name, or nearly the address, of somebody else whom its owner
 * writes to.
 *
 * It is learnt from mail as it comes and goes: who is in From of what arrives elsewhere than in Junk, by
 * which name if that is proven, and who is in To, Cc and Bcc of what is put into Sent. What is kept is
 * bounded by itself: entries of a fixed number (C 'X' and C 'Y'), each with so many people; who was heard
 * from longest ago makes room. So what this forgets is told as not known, never as a first message.
 */
#ifndef ACCOUNT_CORRESPONDENTS_H
#define ACCOUNT_CORRESPONDENTS_H

#include "account/account.h"
#include "account/change.h"

enum {
	ACCOUNT_PEOPLE_ENTRIES =
	    1024, /* of each of the two kinds: 60,000 addresses, 2 MB when all are full */
	ACCOUNT_PEOPLE_OF_ENTRY = 60,
	ACCOUNT_WRITTEN_MAX = 10, /* recipients of one message that are learnt: more are an announcement */
	/* Entries that one call writes at most: the address, with `names` its name; of each recipient three
	   forms of the address more. */
	ACCOUNT_HEARD_WRITES = 1,
	ACCOUNT_WRITTEN_WRITES = 5 * ACCOUNT_WRITTEN_MAX
};

/* An email came: its summary (mime/summary.h). names: what its author is called is learnt as well, so it must
 * be proven: else anybody could give those whom the account writes to another name. 0 or an error of the
 * store. */
int correspondents_heard(struct account_change *c, uint64_t emailid, struct view summary, bool names)
    __attribute__((warn_unused_result));

/* An email was put into Sent. */
int correspondents_written(struct account_change *c, struct view summary) __attribute__((warn_unused_result));

enum account_contact { ACCOUNT_CONTACT_UNKNOWN, ACCOUNT_CONTACT_FIRST, ACCOUNT_CONTACT_KNOWN };

/*
 * What is known of the sender of an email of the account. looks_like, name_of: the address of somebody whom
 * the account writes to, for which a person may take this sender's address or name; empty: none, or the
 * account writes to the sender. The texts are appended to `texts`, and the views point there, so they are
 * placed when it has stopped moving: offsets from its start until then, as account_fetch has them.
 */
struct account_correspondent {
	enum account_contact contact;
	struct view looks_like, name_of;
};
int correspondents_look(struct txn *t, uint64_t shard, uint64_t emailid, struct view summary,
    struct account_correspondent *out, struct buf *texts) __attribute__((warn_unused_result));

/*
 * All emails that are the first ones of their senders: those of which correspondents_look says
 * ACCOUNT_CONTACT_FIRST, and some that are gone.
 */
struct account_first_contacts {
	uint64_t shard;
	void (*done)(struct account_first_contacts *f, int result);
	void *arg;

	/* Results, valid until account_first_contacts_free when the result is 0. */
	uint32_t *emailids; /* ascending */
	size_t count;

	/* Internal. */
	struct accounts *accounts;
	struct store_read read;
	uint16_t entry; /* the first of this slice */
	size_t begun;   /* ids that earlier slices had found */
};

void account_first_contacts(struct accounts *a, struct account_first_contacts *f);
void account_first_contacts_free(struct account_first_contacts *f);

#endif
