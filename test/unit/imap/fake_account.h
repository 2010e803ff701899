/*
 * A session on an account of a few mailboxes in memory, which answers as store does: later, in order. Tests
 * say lines and expect lines.
 */
#ifndef TEST_IMAP_FAKE_ACCOUNT_H
#define TEST_IMAP_FAKE_ACCOUNT_H

#include "../unit.h"

#include "imap/imap_session.h"

enum { FAKE_MAILBOXES = 24, FAKE_MESSAGES = 160, FAKE_UPLOADS = 110 };

struct fake_message {
	uint32_t uid;
	uint64_t flags, modseq, arrived;
	bool gone;
	char text[8192];
	size_t len;
};

struct fake_mailbox {
	char path[256];
	const char *owner;
	bool there, subscribed, no_mailbox;
	uint64_t account, number, role, rights;
	uint32_t uidvalidity, uidnext, recent;
	uint32_t vast; /* it has this many messages more, without anything in them; 701 to 800 are gone */
	struct fake_message messages[FAKE_MESSAGES];
	size_t count;
};

struct fake {
	struct imap_session *session;
	struct imap_config config;
	struct buf out;
	size_t piece; /* octets that are fed at a time; 0: all */
	struct fake_mailbox mailboxes[FAKE_MAILBOXES];
	uint64_t modseq;
	int64_t error; /* the next question gets this */
	bool forgets;  /* changes since a modseq are not known any more */
	bool closed, secured, deflates;
	uint32_t watches[4]; /* the questions that hear of changes */
	struct fake_op *ops; /* asked, and not answered */
	struct {
		uint64_t number;
		char text[8192];
		size_t len;
	} uploads[FAKE_UPLOADS];
	size_t aborted, uploaded;
	int64_t passed; /* seconds since the beginning */
	bool withholds; /* gives no credit for what is uploaded */
	uint32_t first_appended;
	struct mail_append last_append; /* its views are not valid any more */
	struct {
		char who[64];
		uint64_t rights;
	} grants[8];
	struct {
		char name[64], value[300];
		uint64_t mailbox;
		size_t len;
	} metadata[16];
	struct mail_done quota;
	uint64_t keyword; /* the name of keyword 0 was told */
};

/* The session's `ask`; and what was asked is forgotten. */
void fake_ask(void *arg, uint32_t request, enum mail_type type, const void *question);
void fake_forget(struct fake *f);

/* A session that has seen its greeting; with `login`, somebody is logged in and what was said of it is
 * forgotten. */
struct fake *fake_new(bool login);
void fake_free(struct fake *f);

struct fake_mailbox *fake_mailbox(struct fake *f, const char *path, uint64_t role);
struct fake_message *fake_message(struct fake *f, struct fake_mailbox *m, uint64_t flags);
/* With a text, whose line ends are LF; it arrived at this second, which is its modseq's too. */
struct fake_message *fake_text(struct fake *f, struct fake_mailbox *m, uint64_t flags, const char *text);
void fake_flags(struct fake *f, struct fake_message *m, uint64_t flags);
void fake_expunge(struct fake *f, struct fake_message *m);
/* MAIL_CHANGED to who watches. */
void fake_notify(struct fake *f);

/* Says it, and answers all that is asked for. */
void fake_say(struct fake *f, const char *text);
/* Answers what was asked so far. */
void fake_settle(struct fake *f);

/* What was said since the last time is this; "..." stands for anything within a line. */
void fake_expect(struct fake *f, const char *expected);

/* Both. */
void fake_talk(struct fake *f, const char *said, const char *expected);

#endif
