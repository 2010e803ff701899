/* Fields, limits and ways of messages_script.h. Names are judged by store; a peer may send any line. */
#include "process/messages_script.h"

#include "mail/mail.h"
#include "process/message_fields.h"

#define FIELD_PLACE(type) FIELD_NUMBER(type, place, 0, SCRIPT_PLACE_LAST)
/* Names as people type them, so that a bad one is answered in words. */
#define FIELD_NAME(type, member) FIELD_BYTES(type, member, 2 * SCRIPT_NAME_MAX)

/* As account/marks.h has them. */
enum { PERSON_MAX = 320 };

SCHEMA(script_list, FIELD_NUMBER(script_list, unused, 0, 0));
SCHEMA(script_entry, FIELD_IDENTITY(script_entry, number), FIELD_PLACE(script_entry),
    FIELD_FLAG(script_entry, active), FIELD_NUMBER(script_entry, size, 0, SCRIPT_SIZE_MAX),
    FIELD_COUNT(script_entry, warnings), FIELD_IDENTITY(script_entry, created),
    FIELD_IDENTITY(script_entry, modseq), FIELD_IDENTITY(script_entry, version),
    FIELD_TIME(script_entry, changed), FIELD_LINE(script_entry, name, SCRIPT_NAME_MAX));
SCHEMA(script_get, FIELD_IDENTITY(script_get, number), FIELD_PLACE(script_get), FIELD_NAME(script_get, name));
SCHEMA(script_bytes, FIELD_FLAG(script_bytes, last), FIELD_BYTES(script_bytes, bytes, SCRIPT_PIECE_MAX));
SCHEMA(script_piece, FIELD_BYTES(script_piece, bytes, SCRIPT_PIECE_MAX));
SCHEMA(script_put, FIELD_IDENTITY(script_put, number), FIELD_PLACE(script_put),
    FIELD_NUMBER(script_put, how, 0, SCRIPT_CHANGE), FIELD_FLAG(script_put, activate),
    FIELD_IDENTITY(script_put, version), FIELD_NAME(script_put, name));
SCHEMA(script_check, FIELD_NUMBER(script_check, unused, 0, 0));
SCHEMA(script_complaint, FIELD_COUNT(script_complaint, line), FIELD_COUNT(script_complaint, column),
    FIELD_FLAG(script_complaint, warning), FIELD_LINE(script_complaint, text, SCRIPT_COMPLAINT_MAX));
SCHEMA(script_activate, FIELD_IDENTITY(script_activate, number), FIELD_PLACE(script_activate),
    FIELD_NAME(script_activate, name));
SCHEMA(script_remove, FIELD_IDENTITY(script_remove, number), FIELD_PLACE(script_remove),
    FIELD_NAME(script_remove, name));
SCHEMA(script_rename, FIELD_IDENTITY(script_rename, number), FIELD_PLACE(script_rename),
    FIELD_NAME(script_rename, name), FIELD_NAME(script_rename, to));
SCHEMA(
    script_space, FIELD_PLACE(script_space), FIELD_SIZE(script_space, size), FIELD_NAME(script_space, name));
SCHEMA(script_try, FIELD_IDENTITY(script_try, mailbox), FIELD_BYTES(script_try, uids, MAIL_RANGES_MAX),
    FIELD_BYTES(script_try, emails, 8 * SCRIPT_TRY_EMAILS_MAX));
SCHEMA(script_filed, FIELD_IDENTITY(script_filed, email), FIELD_TIME(script_filed, since),
    FIELD_BYTES(script_filed, emails, 8 * SCRIPT_FILED_MAX));
SCHEMA(script_note, FIELD_IDENTITY(script_note, email), FIELD_IDENTITY(script_note, action),
    FIELD_NUMBER(script_note, kind, 0, SCRIPT_DEED_KINDS - 1), FIELD_COUNT(script_note, line),
    FIELD_COUNT(script_note, rule), FIELD_COUNT(script_note, why_line),
    FIELD_LINE(script_note, rule_name, 128), FIELD_LINE(script_note, why, 512),
    FIELD_LINE(script_note, script, 512), FIELD_TEXT(script_note, target, SCRIPT_TARGET_MAX),
    FIELD_LINE(script_note, flags, SCRIPT_TARGET_MAX), FIELD_BYTES(script_note, places, SCRIPT_PLACES_MAX));
SCHEMA(script_deed, FIELD_COUNT(script_deed, uid), FIELD_FLAG(script_deed, last),
    FIELD_NUMBER(script_deed, kind, 0, SCRIPT_DEED_KINDS - 1), FIELD_COUNT(script_deed, line),
    FIELD_IDENTITY(script_deed, email), FIELD_TIME(script_deed, at), FIELD_FLAG(script_deed, server),
    FIELD_IDENTITY(script_deed, action), FIELD_BYTES(script_deed, places, SCRIPT_PLACES_MAX),
    FIELD_COUNT(script_deed, rule), FIELD_COUNT(script_deed, why_line), FIELD_FLAG(script_deed, create),
    FIELD_FLAG(script_deed, copy), FIELD_FLAG(script_deed, edited), FIELD_LINE(script_deed, rule_name, 128),
    FIELD_LINE(script_deed, why, 512), FIELD_LINE(script_deed, script, 512),
    FIELD_TEXT(script_deed, target, SCRIPT_TARGET_MAX), FIELD_LINE(script_deed, mailbox_id, 256),
    FIELD_LINE(script_deed, special_use, 64), FIELD_LINE(script_deed, flags, SCRIPT_TARGET_MAX),
    FIELD_LINE(script_deed, failed, 2000));
SCHEMA(script_changes, FIELD_IDENTITY(script_changes, since));
SCHEMA(script_gone, FIELD_BYTES(script_gone, numbers, SCRIPT_GONE_MAX));

SCHEMA(vacation_get, FIELD_NUMBER(vacation_get, unused, 0, 0));
SCHEMA(vacation_setting, FIELD_FLAG(vacation_setting, enabled), FIELD_TIME(vacation_setting, from),
    FIELD_TIME(vacation_setting, until), FIELD_NUMBER(vacation_setting, period, 0, VACATION_PERIOD_MOST),
    FIELD_FLAG(vacation_setting, inside_only), FIELD_IDENTITY(vacation_setting, begun),
    FIELD_LINE(vacation_setting, subject, VACATION_SUBJECT_MAX),
    FIELD_TEXT(vacation_setting, text, VACATION_TEXT_MAX),
    FIELD_TEXT(vacation_setting, html, VACATION_TEXT_MAX),
    FIELD_TEXT(vacation_setting, inside, VACATION_INSIDE_MAX),
    FIELD_TEXT(vacation_setting, inside_text, VACATION_TEXT_MAX));
SCHEMA(vacation_answered, FIELD_FLAG(vacation_answered, all));
SCHEMA(vacation_person, FIELD_BYTES(vacation_person, who, PERSON_MAX),
    FIELD_BYTES(vacation_person, handle, PERSON_MAX), FIELD_TIME(vacation_person, since),
    FIELD_TIME(vacation_person, until), FIELD_COUNT(vacation_person, times));

/* clang-format off */
const struct message_row messages_script[MESSAGES_IN_GROUP] = {
    [VACATION_GET - MESSAGES_SCRIPT] = {"vacation-get", ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &vacation_get_schema},
    [VACATION_SET - MESSAGES_SCRIPT] = {"vacation-set", ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &vacation_setting_schema},
    [VACATION_ANSWERED - MESSAGES_SCRIPT] = {"vacation-answered", ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &vacation_answered_schema},
    [VACATION_SETTING - MESSAGES_SCRIPT] = {"vacation-setting", ROLE_STORE, ROLE_WEB | ROLE_ADMIN, &vacation_setting_schema},
    [VACATION_PERSON - MESSAGES_SCRIPT] = {"vacation-person", ROLE_STORE, ROLE_WEB | ROLE_ADMIN, &vacation_person_schema},
    [SCRIPT_LIST - MESSAGES_SCRIPT] = {"script-list", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_list_schema},
    [SCRIPT_GET - MESSAGES_SCRIPT] = {"script-get", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_get_schema},
    [SCRIPT_PIECE - MESSAGES_SCRIPT] = {"script-piece", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_piece_schema},
    [SCRIPT_PUT - MESSAGES_SCRIPT] = {"script-put", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_put_schema},
    [SCRIPT_CHECK - MESSAGES_SCRIPT] = {"script-check", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_check_schema},
    [SCRIPT_ACTIVATE - MESSAGES_SCRIPT] = {"script-activate", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_activate_schema},
    [SCRIPT_REMOVE - MESSAGES_SCRIPT] = {"script-remove", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_remove_schema},
    [SCRIPT_RENAME - MESSAGES_SCRIPT] = {"script-rename", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_rename_schema},
    [SCRIPT_SPACE - MESSAGES_SCRIPT] = {"script-space", ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_space_schema},
    [SCRIPT_TRY - MESSAGES_SCRIPT] = {"script-try", ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_try_schema},
    [SCRIPT_FILED - MESSAGES_SCRIPT] = {"script-filed", ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_filed_schema},
    [SCRIPT_NOTE - MESSAGES_SCRIPT] = {"script-note", ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &script_note_schema},
    [SCRIPT_ENTRY - MESSAGES_SCRIPT] = {"script-entry", ROLE_STORE, ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, &script_entry_schema},
    [SCRIPT_BYTES - MESSAGES_SCRIPT] = {"script-bytes", ROLE_STORE, ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, &script_bytes_schema},
    [SCRIPT_COMPLAINT - MESSAGES_SCRIPT] = {"script-complaint", ROLE_STORE, ROLE_MANAGESIEVE | ROLE_WEB | ROLE_ADMIN, &script_complaint_schema},
    [SCRIPT_DEED - MESSAGES_SCRIPT] = {"script-deed", ROLE_STORE, ROLE_WEB | ROLE_ADMIN, &script_deed_schema},
    [SCRIPT_CHANGES - MESSAGES_SCRIPT] = {"script-changes", ROLE_ADMIN, ROLE_STORE, &script_changes_schema},
    [SCRIPT_GONE - MESSAGES_SCRIPT] = {"script-gone", ROLE_STORE, ROLE_ADMIN, &script_gone_schema},
};
/* clang-format on */
