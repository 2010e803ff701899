/* Fields, limits and ways of messages_sharing.h. */
#include "process/messages_sharing.h"

#include "mail/mail.h"
#include "mail/submission.h"
#include "process/message_fields.h"

enum {
	PRINCIPALS_ASKED_MAX = SHARING_PRINCIPALS_MAX * 8,
	CHANGES_MAX = SHARING_CHANGES_MAX * SHARING_CHANGE_SIZE,
	NOTES_TOLD_MAX = SUBMISSION_NUMBERS_MAX /* store gathers no more: see its right_changed.h */
};

SCHEMA(sharing_principals, FIELD_BYTES(sharing_principals, numbers, PRINCIPALS_ASKED_MAX),
    FIELD_BYTES(sharing_principals, text, SHARING_TEXT_MAX));
SCHEMA(sharing_principal, FIELD_NUMBER(sharing_principal, number, 1, MAIL_ACCOUNT_END - 1),
    FIELD_NUMBER(sharing_principal, kind, 0, SHARING_KIND_LAST), FIELD_ADDRESS(sharing_principal, address));
SCHEMA(sharing_set, FIELD_NUMBER(sharing_set, account, 0, MAIL_ACCOUNT_END - 1),
    FIELD_COUNT(sharing_set, mailbox), FIELD_FLAG(sharing_set, replace),
    FIELD_BYTES(sharing_set, changes, CHANGES_MAX));
SCHEMA(sharing_notes, FIELD_NUMBER(sharing_notes, unused, 0, 0));
SCHEMA(sharing_note, FIELD_IDENTITY(sharing_note, number), FIELD_TIME(sharing_note, created),
    FIELD_IDENTITY(sharing_note, modseq), FIELD_NUMBER(sharing_note, by, 0, MAIL_ACCOUNT_END - 1),
    FIELD_ADDRESS(sharing_note, by_address), FIELD_NUMBER(sharing_note, owner, 0, MAIL_ACCOUNT_END - 1),
    FIELD_COUNT(sharing_note, mailbox), FIELD_NUMBER(sharing_note, old_rights, 0, RIGHT_ALL),
    FIELD_NUMBER(sharing_note, new_rights, 0, RIGHT_ALL), FIELD_BYTES(sharing_note, path, MAIL_PATH_MAX));
SCHEMA(sharing_notes_changes, FIELD_IDENTITY(sharing_notes_changes, since));
SCHEMA(sharing_notes_changed, FIELD_BYTES(sharing_notes_changed, created, NOTES_TOLD_MAX),
    FIELD_BYTES(sharing_notes_changed, destroyed, NOTES_TOLD_MAX));
SCHEMA(sharing_note_remove, FIELD_IDENTITY(sharing_note_remove, number));

/* clang-format off */
const struct message_row messages_sharing[MESSAGES_IN_GROUP] = {
    [SHARING_PRINCIPALS - MESSAGES_SHARING] = {"sharing-principals", ROLE_WEB, ROLE_STORE, &sharing_principals_schema},
    [SHARING_SET - MESSAGES_SHARING] = {"sharing-set", ROLE_WEB, ROLE_STORE, &sharing_set_schema},
    [SHARING_NOTES - MESSAGES_SHARING] = {"sharing-notes", ROLE_WEB, ROLE_STORE, &sharing_notes_schema},
    [SHARING_NOTES_CHANGES - MESSAGES_SHARING] = {"sharing-notes-changes", ROLE_WEB, ROLE_STORE, &sharing_notes_changes_schema},
    [SHARING_NOTE_REMOVE - MESSAGES_SHARING] = {"sharing-note-remove", ROLE_WEB, ROLE_STORE, &sharing_note_remove_schema},
    [SHARING_PRINCIPAL - MESSAGES_SHARING] = {"sharing-principal", ROLE_STORE, ROLE_WEB, &sharing_principal_schema},
    [SHARING_NOTE - MESSAGES_SHARING] = {"sharing-note", ROLE_STORE, ROLE_WEB, &sharing_note_schema},
    [SHARING_NOTES_CHANGED - MESSAGES_SHARING] = {"sharing-notes-changed", ROLE_STORE, ROLE_WEB, &sharing_notes_changed_schema},
};
/* clang-format on */
