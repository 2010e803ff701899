/* What a session of mail_seen.h is answered about emails, for tests to look at. */
#ifndef TEST_ROLE_STORE_EMAIL_SEEN_H
#define TEST_ROLE_STORE_EMAIL_SEEN_H

#include "mail/email_wire.h"
#include "mail_seen.h"

enum { EMAILS_SEEN_MAX = 2000 };

/* Since the session last asked by email_ask; texts of messages are not kept but for the subject's preview. */
extern struct email_state email_state;
extern uint64_t email_states[MAIL_STATES];
extern struct email_entry email_entries[EMAILS_SEEN_MAX];
extern char email_bodies[EMAILS_SEEN_MAX][64]; /* beginnings of bodies */
extern size_t email_count;
extern uint64_t email_changed[EMAIL_CHANGED_KINDS][EMAILS_SEEN_MAX];
extern size_t email_changed_count[EMAIL_CHANGED_KINDS];
extern uint64_t email_threads[EMAILS_SEEN_MAX]; /* emails of all threads, in a row */
extern size_t email_thread_count;
extern struct email_row email_rows[EMAILS_SEEN_MAX]; /* keywords without a bit are not kept */
extern size_t email_row_count;
extern uint64_t email_forgotten[EMAILS_SEEN_MAX];
extern size_t email_forgotten_count;
extern struct {
	uint64_t id;
	int error;
} email_failed[EMAILS_SEEN_MAX];
extern size_t email_failed_count;

int64_t email_ask(struct seen *s, unsigned type, const void *question);

/* Ids in memory that lasts until the call after the next one. */
struct view email_ids(size_t count, const uint64_t *ids);
#define IDS(...) email_ids(sizeof(uint64_t[]){__VA_ARGS__} / sizeof(uint64_t), (uint64_t[]){__VA_ARGS__})
/* The same of numbers of mailboxes. */
struct view email_boxes(size_t count, const uint32_t *numbers);
#define BOXES_OF(...)                                                                                        \
	email_boxes(sizeof(uint32_t[]){__VA_ARGS__} / sizeof(uint32_t), (uint32_t[]){__VA_ARGS__})

/* "1,3" of ids. */
const char *ids_shown(const uint64_t *ids, size_t count);

#endif
