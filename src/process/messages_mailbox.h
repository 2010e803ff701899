/* An edge and store, on the channel of one account. */
#ifndef PROCESS_MESSAGES_MAILBOX_H
#define PROCESS_MESSAGES_MAILBOX_H

#include "process/message.h"

enum messages_mailbox {
	MESSAGE_MAILDROP_OPEN = MESSAGES_MAILBOX,
	MESSAGE_MAILDROP_LIST,   /* part of the list; many */
	MESSAGE_MAILDROP_OPENED, /* the end of the list, or why it cannot be had */
	MESSAGE_FETCH,           /* these messages, streamed one after the other */
	MESSAGE_FETCH_DATA,
	MESSAGE_EXPUNGE,  /* a part of the list of what to delete; `last` carries it out, all or none */
	MESSAGE_EXPUNGED, /* what went; one or more, the last one with `last` */
	MESSAGE_WATCH,    /* tell me of every change behind this one, from now on */
	MESSAGE_CHANGED   /* the account's last change; many, under the watch's number */
};

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
struct message_watch { uint64_t modseq; };   /* the last change that the asker knows of */
struct message_changed { uint64_t modseq; };

#define MESSAGES_MAILBOX_STRUCTS(X) X(message_maildrop_list) X(message_maildrop_opened) X(message_fetch) \
	X(message_fetch_data) X(message_expunge) X(message_expunged) X(message_watch) X(message_changed)
/* clang-format on */
MESSAGES_MAILBOX_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_mailbox[MESSAGES_IN_GROUP];

#endif
