/* An edge and store, on the channel of one account. */
#ifndef PROCESS_MESSAGES_MAILBOX_H
#define PROCESS_MESSAGES_MAILBOX_H

#include "mail/mail.h"
#include "process/message.h"

enum messages_mailbox {
	MESSAGE_MAILDROP_OPEN = MESSAGES_MAILBOX,
	MESSAGE_MAILDROP_LIST,   /* part of the list; many */
	MESSAGE_MAILDROP_OPENED, /* the end of the list, or why it cannot be had */
	MESSAGE_FETCH,           /* these messages, streamed one after the other */
	MESSAGE_FETCH_DATA,
	MESSAGE_EXPUNGE, /* a part of the list of what to delete; `last` carries it out, all or none */
	MESSAGE_EXPUNGED /* what went; one or more, the last one with `last` */
	                 /* From 430 on: mail/mail.h. */
};
_Static_assert(
    MAIL_MAILBOXES > (int)MESSAGE_EXPUNGED && MAIL_TYPES_END <= MESSAGES_MAILBOX + MESSAGES_IN_GROUP,
    "the numbers of mail/mail.h lie in this group");

/* clang-format off */
/* Each entry: size (8 bytes), email id (8), whether its body is binary (1), length of an imported UIDL (1), that UIDL. */
struct message_maildrop_list { struct view entries; };
struct message_maildrop_opened { int64_t error; uint64_t count; };
/* indexes: 4 bytes each, in the order of the list; of each message `length` bytes from `offset`. */
struct message_fetch { struct view indexes; uint64_t offset, length; };
struct message_fetch_data { uint64_t index; int64_t error; uint64_t last; struct view bytes; }; /* last: of this message */
struct message_expunge { struct view indexes; uint64_t last; };
/* ranges: ascending UIDs that went, 4 bytes for the first and 4 for the last of each. modseq: of the last that went; 0: none did. */
struct message_expunged { int64_t error; uint64_t modseq, last; struct view ranges; };

#define MESSAGES_MAILBOX_STRUCTS(X) X(message_maildrop_list) X(message_maildrop_opened) X(message_fetch) \
	X(message_fetch_data) X(message_expunge) X(message_expunged) \
	X(mail_done) X(mail_mailboxes) X(mail_mailbox) X(mail_create) X(mail_rename) X(mail_remove) X(mail_set) X(mail_open) X(mail_uids) \
	X(mail_fetch) X(mail_messages) X(mail_read) X(mail_data) X(mail_store) X(mail_copy) X(mail_copied) X(mail_expunge) X(mail_changes) \
	X(mail_upload) X(mail_upload_credit) X(mail_upload_abort) X(mail_append) X(mail_keywords) X(mail_watch) X(mail_changed) \
	X(mail_find) X(mail_found) X(mail_quota) X(mail_quota_set) X(mail_grants) X(mail_grant) X(mail_shares) X(mail_share) \
	X(mail_metadata) X(mail_metadata_entry) X(mail_annotations) X(mail_annotation) X(mail_annotate) \
	X(mail_show) X(mail_shown) X(mail_noted) X(mail_branch) X(mail_branched)
/* clang-format on */
MESSAGES_MAILBOX_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_mailbox[MESSAGES_IN_GROUP];

#endif
