/*
 * An account for tests of the IMAP session: one mailbox whose messages are in memory, answering the questions
 * of mail/mail.h in their order, one frame at a time. What it says of a message can be made wrong.
 */
#ifndef TEST_UNIT_IMAP_FAKE_H
#define TEST_UNIT_IMAP_FAKE_H

#include "imap/imap_session.h"

enum { FAKE_MESSAGES_MAX = 32, FAKE_ASKED_MAX = 512, FAKE_UPLOADS = 8 };

struct fake_message {
	uint32_t uid;
	bool gone;
	uint64_t flags, modseq, arrived;
	struct buf text, prefix;
	struct buf summary, structure;
};

struct fake_asked {
	uint32_t request;
	enum mail_type type;
	uint64_t want, body_max, changed_since, flags, unchanged_since, how, number;
	struct buf bytes; /* uids, parts, a path */
};

struct imap_fake {
	struct imap_session *session;
	struct buf out;
	struct fake_message messages[FAKE_MESSAGES_MAX];
	size_t count;
	uint64_t modseq;
	struct fake_asked asked[FAKE_ASKED_MAX];
	size_t asked_count;
	size_t header_max; /* octets of a header that comes with others: else -EMSGSIZE */
	size_t piece;      /* octets of a frame of MAIL_READ */
	unsigned questions[MAIL_TYPES_END - MAIL_MAILBOXES]; /* how often each was asked */
	uint64_t wanted;                                     /* all that was wanted by MAIL_FETCH */
	int64_t read_error;                                  /* MAIL_READ answers this ... */
	size_t read_error_at;                                /* ... behind so many octets */
	struct buf uploads[FAKE_UPLOADS];                    /* by their numbers, which go round */
	struct buf key;                                      /* the value of the one entry of metadata */
	struct view shown; /* by URLs of mailboxes that the session does not see */
	uint64_t shown_encoding;
	struct buf appended; /* UIDs of an APPEND under way */
	unsigned aborted;    /* uploads */
	uint64_t replaced;   /* the UID that the last MAIL_APPEND replaced */
	int64_t store_error;
	int64_t copy_error;       /* MAIL_COPY answers this behind the first message */
	uint32_t answered_behind; /* the UID of a message that another session makes \Answered right behind a
	                             MAIL_STORE; 0: none */
	bool closed;
};

void imap_fake_start(struct imap_fake *f);
void imap_fake_stop(struct imap_fake *f);

/* A message with the next UID; its summary and structure are those of the digest. */
struct fake_message *imap_fake_add(struct imap_fake *f, const char *prefix, struct view text);

/* Logged in, with the mailbox selected; what was said so far is dropped. */
void imap_fake_select(struct imap_fake *f, const char *enable);

/* Says a line, answers all questions, and gives what the session said; valid until the next call. */
const char *imap_fake_say(struct imap_fake *f, const char *line);

unsigned imap_fake_asked(const struct imap_fake *f, enum mail_type type);

#endif
