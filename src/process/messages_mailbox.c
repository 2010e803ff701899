/* Fields, limits and ways of messages_mailbox.h. */
#include "process/messages_mailbox.h"

#include "process/message_fields.h"

SCHEMA(message_maildrop_list, FIELD_BYTES(message_maildrop_list, entries, PIECE_MAX));
SCHEMA(message_maildrop_opened, FIELD_ERROR(message_maildrop_opened, error),
    FIELD_COUNT(message_maildrop_opened, count));
SCHEMA(message_fetch, FIELD_BYTES(message_fetch, indexes, 4096), FIELD_ANY(message_fetch, offset),
    FIELD_ANY(message_fetch, length));
SCHEMA(message_fetch_data, FIELD_COUNT(message_fetch_data, index), FIELD_ERROR(message_fetch_data, error),
    FIELD_FLAG(message_fetch_data, last), FIELD_BYTES(message_fetch_data, bytes, PIECE_MAX));
SCHEMA(message_expunge, FIELD_BYTES(message_expunge, indexes, PIECE_MAX), FIELD_FLAG(message_expunge, last));
SCHEMA(message_expunged, FIELD_ERROR(message_expunged, error), FIELD_IDENTITY(message_expunged, modseq),
    FIELD_FLAG(message_expunged, last), FIELD_BYTES(message_expunged, ranges, PIECE_MAX));
SCHEMA(message_watch, FIELD_IDENTITY(message_watch, modseq));
SCHEMA(message_changed, FIELD_IDENTITY(message_changed, modseq));

/* clang-format off */
const struct message_row messages_mailbox[MESSAGES_IN_GROUP] = {
    [MESSAGE_MAILDROP_OPEN - MESSAGES_MAILBOX] = {"maildrop-open", ROLE_POP3, ROLE_STORE, &message_empty_schema},
    [MESSAGE_MAILDROP_LIST - MESSAGES_MAILBOX] = {"maildrop-list", ROLE_STORE, ROLE_POP3, &message_maildrop_list_schema, MESSAGE_MAILDROP_OPEN},
    [MESSAGE_MAILDROP_OPENED - MESSAGES_MAILBOX] = {"maildrop-opened", ROLE_STORE, ROLE_POP3, &message_maildrop_opened_schema, MESSAGE_MAILDROP_OPEN},
    [MESSAGE_FETCH - MESSAGES_MAILBOX] = {"fetch", ROLE_POP3, ROLE_STORE, &message_fetch_schema},
    [MESSAGE_FETCH_DATA - MESSAGES_MAILBOX] = {"fetch-data", ROLE_STORE, ROLE_POP3, &message_fetch_data_schema, MESSAGE_FETCH},
    [MESSAGE_EXPUNGE - MESSAGES_MAILBOX] = {"expunge", ROLE_POP3, ROLE_STORE, &message_expunge_schema},
    [MESSAGE_EXPUNGED - MESSAGES_MAILBOX] = {"expunged", ROLE_STORE, ROLE_POP3, &message_expunged_schema, MESSAGE_EXPUNGE},
    [MESSAGE_WATCH - MESSAGES_MAILBOX] = {"watch", ROLE_POP3, ROLE_STORE, &message_watch_schema},
    [MESSAGE_CHANGED - MESSAGES_MAILBOX] = {"changed", ROLE_STORE, ROLE_POP3, &message_changed_schema, MESSAGE_WATCH},
};
/* clang-format on */
