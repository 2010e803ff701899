/*
 * Messages that a client sends in literals: of APPEND, with MULTIAPPEND (RFC 3502), BINARY (RFC 3516) and
 * UTF8 (RFC 9755); and of REPLACE (RFC 8508), which is an append in whose step another message goes.
 */
#ifndef IMAP_IMAP_APPEND_H
#define IMAP_IMAP_APPEND_H

#include "imap/imap_private.h"

struct imap_append_to {
	const struct mail_mailbox *mailbox; /* valid during the call */
	uint64_t replace_mailbox;           /* 0: nothing is replaced */
	uint32_t replace;                   /* the UID */
};

/*
 * Takes messages from here to the command's end, gives them to the account, and ends the command: OK with
 * APPENDUID (RFC 4315), or NO. `in` stands behind the mailbox; its text must live until the command's end, or
 * until the first literal is taken. The command has imap_command_data of its own no more: these take it.
 */
void imap_append_messages(struct imap_session *s, struct imap_in *in, const struct imap_append_to *to);

#endif
