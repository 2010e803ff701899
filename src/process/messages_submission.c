/* Fields, limits and ways of messages_submission.h. */
#include "process/messages_submission.h"

#include "format/limits.h"
#include "process/message_fields.h"

enum { IDENTITY_NUMBERS_MAX = 2 * IDENTITY_COUNT_MAX * 8 };

SCHEMA(submission_create, FIELD_IDENTITY(submission_create, email),
    FIELD_IDENTITY(submission_create, identity), FIELD_TIME(submission_create, send_at),
    FIELD_NUMBER(submission_create, ret, 0, RET_HDRS), FIELD_FLAG(submission_create, utf8),
    FIELD_FLAG(submission_create, requiretls), FIELD_FLAG(submission_create, has_priority),
    FIELD_SIGNED(submission_create, priority, SMTP_PRIORITY_MAX),
    FIELD_BYTES(submission_create, sender, SUBMISSION_ADDRESS_MAX),
    FIELD_WORD(submission_create, envid, ENVID_BYTES_MAX),
    FIELD_BYTES(submission_create, parameters, SUBMISSION_PARAMETERS_MAX),
    FIELD_BYTES(submission_create, authors, SUBMISSION_AUTHORS_MAX),
    FIELD_BYTES(submission_create, recipients, SUBMISSION_RECIPIENTS_BYTES_MAX));
SCHEMA(submission_get, FIELD_FLAG(submission_get, without_recipients),
    FIELD_BYTES(submission_get, numbers, SUBMISSION_NUMBERS_MAX));
SCHEMA(submission_entry, FIELD_IDENTITY(submission_entry, number), FIELD_IDENTITY(submission_entry, email),
    FIELD_IDENTITY(submission_entry, thread), FIELD_IDENTITY(submission_entry, identity),
    FIELD_IDENTITY(submission_entry, created), FIELD_IDENTITY(submission_entry, modseq),
    FIELD_TIME(submission_entry, send_at), FIELD_NUMBER(submission_entry, undo, 0, SUBMISSION_UNDO_LAST),
    FIELD_BYTES(submission_entry, sender, SUBMISSION_ADDRESS_MAX),
    FIELD_BYTES(submission_entry, parameters, SUBMISSION_PARAMETERS_MAX),
    FIELD_BYTES(submission_entry, recipients, SUBMISSION_RECIPIENTS_BYTES_MAX),
    FIELD_WORD(submission_entry, queue, QUEUE_ID_SIZE));
SCHEMA(submission_changes, FIELD_IDENTITY(submission_changes, since));
SCHEMA(submission_changed, FIELD_BYTES(submission_changed, created, SUBMISSION_NUMBERS_MAX),
    FIELD_BYTES(submission_changed, updated, SUBMISSION_NUMBERS_MAX),
    FIELD_BYTES(submission_changed, destroyed, SUBMISSION_NUMBERS_MAX));
SCHEMA(submission_number, FIELD_IDENTITY(submission_number, number));
SCHEMA(submission_invalid, FIELD_BYTES(submission_invalid, places, SUBMISSION_RECIPIENTS_MAX * 8));

SCHEMA(submission_receipt, FIELD_IDENTITY(submission_receipt, email), FIELD_FLAG(submission_receipt, utf8),
    FIELD_FLAG(submission_receipt, eight_bit),
    FIELD_BYTES(submission_receipt, author, SUBMISSION_ADDRESS_MAX),
    FIELD_BYTES(submission_receipt, reader, SUBMISSION_ADDRESS_MAX),
    FIELD_BYTES(
        submission_receipt, recipients, SUBMISSION_RECEIPT_RECIPIENTS_MAX *(SUBMISSION_ADDRESS_MAX + 1)),
    FIELD_BYTES(submission_receipt, message, SUBMISSION_RECEIPT_MAX));

SCHEMA(identity_get, FIELD_NUMBER(identity_get, unused, 0, 0));
SCHEMA(identity_entry, FIELD_IDENTITY(identity_entry, number), FIELD_IDENTITY(identity_entry, created),
    FIELD_IDENTITY(identity_entry, modseq), FIELD_FLAG(identity_entry, may_delete),
    FIELD_BYTES(identity_entry, name, IDENTITY_NAME_MAX), FIELD_BYTES(identity_entry, email, ADDRESS_MAX),
    FIELD_BYTES(identity_entry, reply_to, IDENTITY_ADDRESSES_MAX),
    FIELD_BYTES(identity_entry, bcc, IDENTITY_ADDRESSES_MAX),
    FIELD_BYTES(identity_entry, text, IDENTITY_SIGNATURE_MAX),
    FIELD_BYTES(identity_entry, html, IDENTITY_SIGNATURE_MAX));
SCHEMA(identity_changes, FIELD_IDENTITY(identity_changes, since));
SCHEMA(identity_changed, FIELD_BYTES(identity_changed, created, IDENTITY_NUMBERS_MAX),
    FIELD_BYTES(identity_changed, updated, IDENTITY_NUMBERS_MAX),
    FIELD_BYTES(identity_changed, destroyed, IDENTITY_NUMBERS_MAX));
SCHEMA(identity_set, FIELD_IDENTITY(identity_set, number),
    FIELD_NUMBER(identity_set, has, 0, IDENTITY_HAS_ALL), FIELD_BYTES(identity_set, name, IDENTITY_NAME_MAX),
    FIELD_BYTES(identity_set, email, IDENTITY_EMAIL_MAX),
    FIELD_BYTES(identity_set, reply_to, IDENTITY_ADDRESSES_MAX),
    FIELD_BYTES(identity_set, bcc, IDENTITY_ADDRESSES_MAX),
    FIELD_BYTES(identity_set, text, IDENTITY_SIGNATURE_MAX),
    FIELD_BYTES(identity_set, html, IDENTITY_SIGNATURE_MAX));
SCHEMA(identity_number, FIELD_IDENTITY(identity_number, number));

/* clang-format off */
const struct message_row messages_submission[MESSAGES_IN_GROUP] = {
    [SUBMISSION_CREATE - MESSAGES_SUBMISSION] = {"submission-create", ROLE_WEB, ROLE_STORE, &submission_create_schema},
    [SUBMISSION_GET - MESSAGES_SUBMISSION] = {"submission-get", ROLE_WEB, ROLE_STORE, &submission_get_schema},
    [SUBMISSION_CHANGES - MESSAGES_SUBMISSION] = {"submission-changes", ROLE_WEB, ROLE_STORE, &submission_changes_schema},
    [SUBMISSION_CANCEL - MESSAGES_SUBMISSION] = {"submission-cancel", ROLE_WEB, ROLE_STORE, &submission_number_schema},
    [SUBMISSION_REMOVE - MESSAGES_SUBMISSION] = {"submission-remove", ROLE_WEB, ROLE_STORE, &submission_number_schema},
    [SUBMISSION_RECEIPT - MESSAGES_SUBMISSION] = {"submission-receipt", ROLE_WEB, ROLE_STORE, &submission_receipt_schema},
    [SUBMISSION_ENTRY - MESSAGES_SUBMISSION] = {"submission-entry", ROLE_STORE, ROLE_WEB, &submission_entry_schema},
    [SUBMISSION_CHANGED - MESSAGES_SUBMISSION] = {"submission-changed", ROLE_STORE, ROLE_WEB, &submission_changed_schema},
    [SUBMISSION_INVALID - MESSAGES_SUBMISSION] = {"submission-invalid", ROLE_STORE, ROLE_WEB, &submission_invalid_schema},
    [IDENTITY_GET - MESSAGES_SUBMISSION] = {"identity-get", ROLE_WEB, ROLE_STORE, &identity_get_schema},
    [IDENTITY_CHANGES - MESSAGES_SUBMISSION] = {"identity-changes", ROLE_WEB, ROLE_STORE, &identity_changes_schema},
    [IDENTITY_SET - MESSAGES_SUBMISSION] = {"identity-set", ROLE_WEB, ROLE_STORE, &identity_set_schema},
    [IDENTITY_REMOVE - MESSAGES_SUBMISSION] = {"identity-remove", ROLE_WEB, ROLE_STORE, &identity_number_schema},
    [IDENTITY_ENTRY - MESSAGES_SUBMISSION] = {"identity-entry", ROLE_STORE, ROLE_WEB, &identity_entry_schema},
    [IDENTITY_CHANGED - MESSAGES_SUBMISSION] = {"identity-changed", ROLE_STORE, ROLE_WEB, &identity_changed_schema},
};
/* clang-format on */
