/* An account store for tests of JMAP methods: mailboxes, emails and uploads in memory, which answers the
 * questions of mail.h and mail_email.h that methods which write ask. */
#ifndef TEST_JMAP_FAKE_STORE_H
#define TEST_JMAP_FAKE_STORE_H

#include "jmap_fake.h"

#include "mail/mail_email.h"

struct fake_email {
	uint64_t account, id, flags, received;
	char keywords[200]; /* with one space between them */
	uint32_t mailboxes[32];
	size_t mailbox_count;
	struct buf bytes;
	bool gone;
};

struct fake_mailbox {
	uint64_t account, number, role, order, subscribed, rights;
	char path[200];
	bool gone;
};

struct fake_answer {
	uint32_t number;
	unsigned type;
	union {
		struct mail_done done;
		struct email_state state;
		struct email_entries entries;
		struct mail_data data;
		struct mail_mailbox mailbox;
		struct mail_upload_credit credit;
		struct email_set_failed failed;
		struct mail_keywords keywords;
	} what;
	char *bytes; /* owned: what a view shows */
};

struct fake_store {
	struct jmap_fake fake; /* the first member */
	struct fake_email emails[64];
	size_t email_count;
	struct fake_mailbox mailboxes[32];
	size_t mailbox_count;
	struct {
		uint64_t number;
		struct buf bytes;
	} uploads[64], kept[16];
	size_t upload_count, kept_count;
	struct fake_answer *answers;
	size_t answer_count, answer_room, answered;
	uint64_t modseq;
	/* Faults: the question of this type fails with the error, once. */
	unsigned fails_type;
	uint64_t fails_at; /* the question of this number fails too; 0: none */
	int64_t fails_error;
	uint64_t fails_number; /* what MAIL_DONE says beside the error */
	uint64_t largest_upload_piece, aborted, questions;
	bool short_of_memory; /* the test lets allocations fail: what is known of a message may lack parts */
	bool holds_credit;    /* no credit is given until the test takes this away */
};

void fake_store_begin(struct fake_store *s);
void fake_store_end(struct fake_store *s);

/* Answers until nothing is asked any more. */
void fake_store_run(struct fake_store *s);

/* A request with these calls; what stands in methodResponses. Apostrophes stand for quotation marks. */
void fake_store_call(struct fake_store *s, const char *calls, const char *expected);

/* The same, without a look at the answer, which is given; valid until the next call. */
const char *fake_store_answer(struct fake_store *s, const char *calls);

struct fake_email *fake_store_email(struct fake_store *s, uint64_t account, uint64_t id);
struct fake_email *fake_store_add(struct fake_store *s, uint64_t account, const char *message);
uint64_t fake_store_keep(struct fake_store *s, struct view bytes);
struct fake_mailbox *fake_store_mailbox(struct fake_store *s, uint64_t account, const char *path);

#endif
