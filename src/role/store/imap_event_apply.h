/*
 * Does what a script wants with a message that is there already (RFC 6785 section 3): copies it, sends it on,
 * sets its flags, or marks it as deleted where the script does not keep it. Each is a step of its own, the
 * last one for the message itself; so what is interrupted has left the message where it was. What a script
 * changes in a header is left out: a message in a mailbox never changes.
 */
#ifndef ROLE_STORE_IMAP_EVENT_APPLY_H
#define ROLE_STORE_IMAP_EVENT_APPLY_H

#include "account/mailboxes.h"
#include "account/messages.h"
#include "role/store/store_filter.h"
#include "role/store/store_redirect.h"

struct imap_event_apply {
	/* The owner's, until done. */
	const struct filter *filter; /* it has run, and has not failed */
	uint64_t shard;
	uint32_t mailbox, uid;
	struct view flags; /* that the message had: words with a space between them */
	struct view owner; /* the address of whose mailbox it is */
	struct blob_id blob;
	uint64_t body_len, message_id_hash;
	bool binary;
	bool utf8;                  /* its header is beyond ASCII: format/header.h, header_needs_utf8 */
	uint64_t text_growth;       /* of a binary one: account/keys.h */
	const uint64_t *references; /* hashes of Message-IDs, nearest first */
	size_t reference_count;
	void (*done)(struct imap_event_apply *a);
	void *arg;

	/* Results. */
	uint64_t changed;     /* modseq of the message's own change; 0: none */
	const char *not_done; /* what of it could not be done, as a sentence; NULL: nothing */

	/* Internal. */
	size_t next;
	bool kept;
	struct view kept_flags;
	uint32_t target, new_uid, copied_uid;
	struct arena arena;
	struct queue_record record;
	struct redirects redirects;
	struct store_commit commit;
	struct store_read read;
	struct account_mailbox_request create;
	struct account_copy copy;
	struct account_flags set;
	struct view words[ACCOUNT_FLAGS_KEYWORDS_MAX];
	bool removed; /* the flags that are to go have gone */
};

/* Begins; `done` is called once, perhaps at once. Then imap_event_apply_free. */
void imap_event_apply(struct imap_event_apply *a);
void imap_event_apply_free(struct imap_event_apply *a);

/* Before the store is closed: what is under way ends with the step that it is at. */
void imap_event_apply_stop(void);

#endif
