/* An edge and store, on the channel of one account: what is asked of the account as a whole. */
#ifndef PROCESS_MESSAGES_EMAIL_H
#define PROCESS_MESSAGES_EMAIL_H

#include "mail/mail_email.h"
#include "mail/mail_history.h"
#include "mail/mail_trace.h"
#include "mail/masked.h"
#include "mail/smime.h"
#include "process/message.h"

_Static_assert(
    HISTORY_LIST >= (int)EMAIL_TYPES_END && HISTORY_TYPES_END <= MESSAGES_EMAIL + MESSAGES_IN_GROUP,
    "and those of mail/mail_history.h");
_Static_assert(
    TRACING_ASK >= (int)HISTORY_TYPES_END && TRACING_TYPES_END <= MESSAGES_EMAIL + MESSAGES_IN_GROUP,
    "and those of mail/mail_trace.h");
_Static_assert(MASKED_GET >= (int)TRACING_TYPES_END && MASKED_TYPES_END <= MESSAGES_EMAIL + MESSAGES_IN_GROUP,
    "and those of mail/masked.h");
_Static_assert(EMAIL_STATES == (int)MESSAGES_EMAIL && EMAIL_TYPES_END <= MESSAGES_EMAIL + MESSAGES_IN_GROUP,
    "the numbers of mail/mail_email.h lie in this group");

/* clang-format off */
#define MESSAGES_EMAIL_STRUCTS(X) X(email_states) X(email_state) X(email_get) X(email_entries) X(email_threads) X(email_thread) \
	X(email_changes) X(email_changed) X(email_table_question) X(email_forget) X(email_rows) X(email_find) \
	X(email_read) X(email_keep) X(email_kept) X(email_set) X(email_set_failed) \
	X(email_import) X(email_first) X(email_smime) X(email_smime_verdict) X(act_begin) X(act_get) X(act_entry) X(act_number) \
	X(history_list) X(history_get) X(history_rows) X(history_restore) X(history_restored) X(history_mailboxes) \
	X(history_mailbox) X(tracing_ask) X(tracing_step) X(masked_get) X(masked_create) X(masked_update) X(masked_entry)
/* clang-format on */
MESSAGES_EMAIL_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_email[MESSAGES_IN_GROUP];

#endif
