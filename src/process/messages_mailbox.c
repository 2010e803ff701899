/* Fields, limits and ways of messages_mailbox.h. */
#include "process/messages_mailbox.h"

#include "format/limits.h"
#include "mail/mail_url.h"
#include "format/transfer.h"
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

/*
 * mail/mail.h. Who asks is a session, which a stranger drives: numbers that name something are looked up by
 * store, and what is a range, a list of parts or of hashes is checked there.
 */
enum {
	ENTRIES_MAX =
	    960 * 1024, /* of one frame; an entry has a header, a body, a structure and a summary at most */
	NAMES_MAX = 520 * 1024,  /* 2,000 keywords of 255 octets, and what stands before each */
	ANSWER_MAX = 256 * 1024, /* of what store lists in parts */
	CHANGED_MAX = 4 * 256,
	FLAGS_HOW_MAX = MAIL_REPLACE,
	GRANT_NAME_MAX = ADDRESS_MAX + 8 /* "-group:" */
};
_Static_assert(MIME_HEADER_MAX + MAIL_BODY_MAX + STRUCTURE_MAX + SUMMARY_MAX + 4096 <= ENTRIES_MAX,
    "the largest entry has room in a frame");

#define FIELD_ACCOUNT(type, member) FIELD_NUMBER(type, member, 0, MAIL_ACCOUNT_END - 1)
#define FIELDS_MAILBOX(type) FIELD_ACCOUNT(type, account), FIELD_COUNT(type, mailbox)
#define FIELD_RANGES(type, member) FIELD_BYTES(type, member, MAIL_RANGES_MAX)
#define FIELD_PATH(type, member) FIELD_LINE(type, member, MAIL_PATH_MAX)

SCHEMA(mail_done, FIELD_ERROR(mail_done, error), FIELD_IDENTITY(mail_done, modseq),
    FIELD_COUNT(mail_done, uidvalidity), FIELD_IDENTITY(mail_done, uidnext),
    FIELD_IDENTITY(mail_done, messages), FIELD_IDENTITY(mail_done, number));
SCHEMA(mail_mailboxes, FIELD_ACCOUNT(mail_mailboxes, account), FIELD_COUNT(mail_mailboxes, mailbox),
    FIELD_FLAG(mail_mailboxes, own_only), FIELD_FLAG(mail_mailboxes, offered),
    FIELD_IDENTITY(mail_mailboxes, changed_since), FIELD_PATH(mail_mailboxes, path),
    FIELD_PATH(mail_mailboxes, owner));
SCHEMA(mail_mailbox, FIELD_ACCOUNT(mail_mailbox, account), FIELD_COUNT(mail_mailbox, mailbox),
    FIELD_ACCOUNT(mail_mailbox, owner_number), FIELD_COUNT(mail_mailbox, parent),
    FIELD_PATH(mail_mailbox, path), FIELD_ADDRESS(mail_mailbox, owner),
    FIELD_NUMBER(mail_mailbox, role, 0, MAILBOX_ROLE_LAST), FIELD_FLAG(mail_mailbox, subscribed),
    FIELD_COUNT(mail_mailbox, order), FIELD_COUNT(mail_mailbox, marks),
    FIELD_NUMBER(mail_mailbox, rights, 0, RIGHT_ALL), FIELD_COUNT(mail_mailbox, uidvalidity),
    FIELD_COUNT(mail_mailbox, uidnext), FIELD_COUNT(mail_mailbox, recent),
    FIELD_COUNT(mail_mailbox, messages), FIELD_COUNT(mail_mailbox, unseen),
    FIELD_COUNT(mail_mailbox, deleted), FIELD_SIZE(mail_mailbox, bytes),
    FIELD_SIZE(mail_mailbox, deleted_bytes), FIELD_IDENTITY(mail_mailbox, modseq),
    FIELD_IDENTITY(mail_mailbox, names_modseq));
SCHEMA(mail_create, FIELD_ACCOUNT(mail_create, account), FIELD_PATH(mail_create, path),
    FIELD_NUMBER(mail_create, role, 0, MAILBOX_ROLE_LAST));
SCHEMA(mail_rename, FIELDS_MAILBOX(mail_rename), FIELD_PATH(mail_rename, path));
SCHEMA(mail_remove, FIELDS_MAILBOX(mail_remove), FIELD_FLAG(mail_remove, only_empty));
SCHEMA(mail_set, FIELDS_MAILBOX(mail_set), FIELD_PATH(mail_set, path), FIELD_COUNT(mail_set, set),
    FIELD_FLAG(mail_set, subscribed), FIELD_NUMBER(mail_set, role, 0, MAILBOX_ROLE_LAST),
    FIELD_COUNT(mail_set, order));
SCHEMA(mail_open, FIELDS_MAILBOX(mail_open), FIELD_FLAG(mail_open, take_recent),
    FIELD_COUNT(mail_open, uidvalidity), FIELD_IDENTITY(mail_open, since));
SCHEMA(mail_uids, FIELD_RANGES(mail_uids, ranges));
SCHEMA(mail_fetch, FIELDS_MAILBOX(mail_fetch), FIELD_COUNT(mail_fetch, want),
    FIELD_NUMBER(mail_fetch, body_max, 0, MAIL_BODY_MAX), FIELD_IDENTITY(mail_fetch, changed_since),
    FIELD_NUMBER(mail_fetch, flags_with, 0, FLAGS_SYSTEM),
    FIELD_NUMBER(mail_fetch, flags_without, 0, FLAGS_SYSTEM), FIELD_COUNT(mail_fetch, limit),
    FIELD_RANGES(mail_fetch, uids));
SCHEMA(mail_messages, FIELD_BYTES(mail_messages, entries, ENTRIES_MAX));
SCHEMA(mail_read, FIELDS_MAILBOX(mail_read), FIELD_FLAG(mail_read, raw),
    FIELD_BYTES(mail_read, parts, MAIL_PARTS_MAX * 20));
SCHEMA(mail_data, FIELD_COUNT(mail_data, index), FIELD_ERROR(mail_data, error), FIELD_FLAG(mail_data, last),
    FIELD_BYTES(mail_data, bytes, MAIL_PIECE_MAX));
SCHEMA(mail_store, FIELDS_MAILBOX(mail_store), FIELD_NUMBER(mail_store, how, 0, FLAGS_HOW_MAX),
    FIELD_NUMBER(mail_store, flags, 0, FLAGS_SYSTEM), FIELD_ANY(mail_store, unchanged_since),
    FIELD_LINE(mail_store, keywords, MAIL_KEYWORDS_MAX), FIELD_RANGES(mail_store, uids));
SCHEMA(mail_copy, FIELDS_MAILBOX(mail_copy), FIELD_ACCOUNT(mail_copy, to_account),
    FIELD_COUNT(mail_copy, to_mailbox), FIELD_FLAG(mail_copy, move), FIELD_RANGES(mail_copy, uids));
SCHEMA(mail_copied, FIELD_BYTES(mail_copied, from, ANSWER_MAX), FIELD_BYTES(mail_copied, to, ANSWER_MAX));
SCHEMA(mail_expunge, FIELDS_MAILBOX(mail_expunge), FIELD_FLAG(mail_expunge, deleted_only),
    FIELD_RANGES(mail_expunge, uids));
SCHEMA(mail_changes, FIELDS_MAILBOX(mail_changes), FIELD_IDENTITY(mail_changes, since));
SCHEMA(mail_upload, FIELD_COUNT(mail_upload, upload), FIELD_BYTES(mail_upload, bytes, MAIL_PIECE_MAX));
SCHEMA(mail_upload_credit, FIELD_COUNT(mail_upload_credit, upload), FIELD_SIZE(mail_upload_credit, bytes));
SCHEMA(mail_upload_abort, FIELD_COUNT(mail_upload_abort, upload));
SCHEMA(mail_append, FIELDS_MAILBOX(mail_append), FIELD_FLAG(mail_append, more), FIELD_PATH(mail_append, path),
    FIELD_COUNT(mail_append, upload), FIELD_NUMBER(mail_append, flags, 0, FLAGS_SYSTEM),
    FIELD_TIME(mail_append, internaldate), FIELD_LINE(mail_append, keywords, MAIL_KEYWORDS_MAX),
    FIELD_BYTES(mail_append, summary, SUMMARY_INLINE_MAX), FIELD_BYTES(mail_append, trailer, TRAILER_MAX),
    FIELD_ANY(mail_append, message_id_hash), FIELD_BYTES(mail_append, references, 8 * MESSAGE_REFERENCES_MAX),
    FIELD_FLAG(mail_append, binary), FIELD_SIZE(mail_append, text_growth),
    FIELD_COUNT(mail_append, replace_mailbox), FIELD_COUNT(mail_append, replace),
    FIELD_COUNT(mail_append, uid), FIELD_WORD(mail_append, uidl, 70), FIELD_BYTES(mail_append, delivery, 16),
    FIELD_BYTES(mail_append, annotations, MAIL_ANNOTATIONS_SET_MAX));
SCHEMA(mail_keywords, FIELD_ACCOUNT(mail_keywords, account), FIELD_BYTES(mail_keywords, entries, NAMES_MAX));
SCHEMA(mail_watch, FIELDS_MAILBOX(mail_watch), FIELD_IDENTITY(mail_watch, modseq),
    FIELD_FLAG(mail_watch, notes));
SCHEMA(mail_changed, FIELD_ACCOUNT(mail_changed, account), FIELD_IDENTITY(mail_changed, modseq),
    FIELD_BYTES(mail_changed, mailboxes, CHANGED_MAX));
SCHEMA(mail_noted, FIELDS_MAILBOX(mail_noted), FIELD_BYTES(mail_noted, uids, MAIL_NOTED_UIDS_MAX),
    FIELD_BYTES(mail_noted, name, MAIL_METADATA_NAME_MAX));
SCHEMA(mail_find, FIELDS_MAILBOX(mail_find), FIELD_NUMBER(mail_find, field, 0, MAIL_FIELDS - 1),
    FIELD_NUMBER(mail_find, how, 0, MAIL_FIND_PREFIX), FIELD_COUNT(mail_find, limit),
    FIELD_COUNT(mail_find, before), FIELD_BYTES(mail_find, text, MAIL_FIND_TEXT_MAX));
SCHEMA(mail_found, FIELD_BYTES(mail_found, sure, ANSWER_MAX), FIELD_BYTES(mail_found, maybe, ANSWER_MAX));
SCHEMA(mail_quota, FIELDS_MAILBOX(mail_quota));
SCHEMA(mail_quota_set, FIELD_ACCOUNT(mail_quota_set, account), FIELD_SIZE(mail_quota_set, bytes),
    FIELD_COUNT(mail_quota_set, messages));
SCHEMA(mail_grants, FIELDS_MAILBOX(mail_grants));
SCHEMA(mail_grant, FIELDS_MAILBOX(mail_grant), FIELD_NUMBER(mail_grant, rights, 0, RIGHT_ALL),
    FIELD_NUMBER(mail_grant, keep, 0, RIGHT_ALL), FIELD_NUMBER(mail_grant, number, 0, MAIL_ACCOUNT_END - 1),
    FIELD_LINE(mail_grant, who, GRANT_NAME_MAX));
SCHEMA(mail_shares, FIELD_NUMBER(mail_shares, unused, 0, 0));
SCHEMA(mail_share, FIELDS_MAILBOX(mail_share), FIELD_NUMBER(mail_share, state, 0, MAIL_SHARE_LEFT),
    FIELD_NUMBER(mail_share, rights, 0, RIGHT_ALL), FIELD_ADDRESS(mail_share, owner),
    FIELD_PATH(mail_share, path));
SCHEMA(mail_metadata, FIELDS_MAILBOX(mail_metadata), FIELD_NUMBER(mail_metadata, depth, 0, 2),
    FIELD_LINE(mail_metadata, name, MAIL_METADATA_NAME_MAX));
SCHEMA(mail_metadata_entry, FIELDS_MAILBOX(mail_metadata_entry), FIELD_FLAG(mail_metadata_entry, none),
    FIELD_LINE(mail_metadata_entry, name, MAIL_METADATA_NAME_MAX),
    FIELD_BYTES(mail_metadata_entry, value, MAIL_METADATA_VALUE_MAX));
SCHEMA(mail_annotations, FIELDS_MAILBOX(mail_annotations), FIELD_RANGES(mail_annotations, uids));
SCHEMA(mail_annotation, FIELDS_MAILBOX(mail_annotation), FIELD_RANGES(mail_annotation, uids),
    FIELD_LINE(mail_annotation, name, MAIL_ANNOTATION_NAME_MAX + 10),
    FIELD_BYTES(mail_annotation, value, MAIL_ANNOTATION_VALUE_MAX));
SCHEMA(mail_annotate, FIELDS_MAILBOX(mail_annotate), FIELD_ANY(mail_annotate, unchanged_since),
    FIELD_RANGES(mail_annotate, uids), FIELD_BYTES(mail_annotate, entries, MAIL_ANNOTATIONS_SET_MAX));
SCHEMA(mail_show, FIELD_SIZE(mail_show, offset), FIELD_FLAG(mail_show, raw),
    FIELD_LINE(mail_show, url, MAIL_URL_MAX));
SCHEMA(mail_shown, FIELD_SIZE(mail_shown, size), FIELD_NUMBER(mail_shown, encoding, 0, TRANSFER_UNKNOWN),
    FIELD_BYTES(mail_shown, structure, STRUCTURE_MAX), FIELD_BYTES(mail_shown, bytes, MAIL_PIECE_MAX));
SCHEMA(mail_branch, FIELD_NUMBER(mail_branch, unused, 0, 0));
SCHEMA(mail_branched, FIELD_NUMBER(mail_branched, unused, 0, 0));

/* clang-format off */
const struct message_row messages_mailbox[MESSAGES_IN_GROUP] = {
    [MESSAGE_MAILDROP_OPEN - MESSAGES_MAILBOX] = {"maildrop-open", ROLE_POP3, ROLE_STORE, &message_empty_schema},
    [MESSAGE_MAILDROP_LIST - MESSAGES_MAILBOX] = {"maildrop-list", ROLE_STORE, ROLE_POP3, &message_maildrop_list_schema, MESSAGE_MAILDROP_OPEN},
    [MESSAGE_MAILDROP_OPENED - MESSAGES_MAILBOX] = {"maildrop-opened", ROLE_STORE, ROLE_POP3, &message_maildrop_opened_schema, MESSAGE_MAILDROP_OPEN},
    [MESSAGE_FETCH - MESSAGES_MAILBOX] = {"fetch", ROLE_POP3, ROLE_STORE, &message_fetch_schema},
    [MESSAGE_FETCH_DATA - MESSAGES_MAILBOX] = {"fetch-data", ROLE_STORE, ROLE_POP3, &message_fetch_data_schema, MESSAGE_FETCH},
    [MESSAGE_EXPUNGE - MESSAGES_MAILBOX] = {"expunge", ROLE_POP3, ROLE_STORE, &message_expunge_schema},
    [MESSAGE_EXPUNGED - MESSAGES_MAILBOX] = {"expunged", ROLE_STORE, ROLE_POP3, &message_expunged_schema, MESSAGE_EXPUNGE},
    [MAIL_MAILBOXES - MESSAGES_MAILBOX] = {"mail-mailboxes", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_mailboxes_schema},
    [MAIL_CREATE - MESSAGES_MAILBOX] = {"mail-create", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_create_schema},
    [MAIL_RENAME - MESSAGES_MAILBOX] = {"mail-rename", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_rename_schema},
    [MAIL_REMOVE - MESSAGES_MAILBOX] = {"mail-remove", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_remove_schema},
    [MAIL_SET - MESSAGES_MAILBOX] = {"mail-set", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_set_schema},
    [MAIL_OPEN - MESSAGES_MAILBOX] = {"mail-open", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_open_schema},
    [MAIL_CHANGES - MESSAGES_MAILBOX] = {"mail-changes", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_changes_schema},
    [MAIL_FETCH - MESSAGES_MAILBOX] = {"mail-fetch", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_fetch_schema},
    [MAIL_READ - MESSAGES_MAILBOX] = {"mail-read", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_read_schema},
    [MAIL_STORE - MESSAGES_MAILBOX] = {"mail-store", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_store_schema},
    [MAIL_COPY - MESSAGES_MAILBOX] = {"mail-copy", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_copy_schema},
    [MAIL_EXPUNGE - MESSAGES_MAILBOX] = {"mail-expunge", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_expunge_schema},
    [MAIL_UPLOAD - MESSAGES_MAILBOX] = {"mail-upload", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_upload_schema},
    [MAIL_UPLOAD_ABORT - MESSAGES_MAILBOX] = {"mail-upload-abort", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_upload_abort_schema},
    [MAIL_APPEND - MESSAGES_MAILBOX] = {"mail-append", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_append_schema},
    [MAIL_FIND - MESSAGES_MAILBOX] = {"mail-find", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_find_schema},
    [MAIL_QUOTA - MESSAGES_MAILBOX] = {"mail-quota", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_quota_schema},
    [MAIL_QUOTA_SET - MESSAGES_MAILBOX] = {"mail-quota-set", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_quota_set_schema},
    [MAIL_GRANTS - MESSAGES_MAILBOX] = {"mail-grants", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_grants_schema},
    [MAIL_GRANT_SET - MESSAGES_MAILBOX] = {"mail-grant-set", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_grant_schema},
    [MAIL_SHARES - MESSAGES_MAILBOX] = {"mail-shares", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_shares_schema},
    [MAIL_SHARE_SET - MESSAGES_MAILBOX] = {"mail-share-set", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_share_schema},
    [MAIL_METADATA - MESSAGES_MAILBOX] = {"mail-metadata", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_metadata_schema},
    [MAIL_METADATA_SET - MESSAGES_MAILBOX] = {"mail-metadata-set", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_metadata_entry_schema},
    [MAIL_ANNOTATIONS - MESSAGES_MAILBOX] = {"mail-annotations", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_annotations_schema},
    [MAIL_ANNOTATE - MESSAGES_MAILBOX] = {"mail-annotate", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_annotate_schema},
    [MAIL_WATCH - MESSAGES_MAILBOX] = {"mail-watch", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_watch_schema},
    [MAIL_STOP - MESSAGES_MAILBOX] = {"mail-stop", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &message_empty_schema},
    [MAIL_SHOW - MESSAGES_MAILBOX] = {"mail-show", ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, ROLE_STORE, &mail_show_schema},
    [MAIL_BRANCH - MESSAGES_MAILBOX] = {"mail-branch", ROLE_WEB, ROLE_STORE, &mail_branch_schema},
    [MAIL_DONE - MESSAGES_MAILBOX] = {"mail-done", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_MANAGESIEVE | ROLE_ADMIN, &mail_done_schema},
    [MAIL_MAILBOX - MESSAGES_MAILBOX] = {"mail-mailbox", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_mailbox_schema},
    [MAIL_UIDS - MESSAGES_MAILBOX] = {"mail-uids", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_uids_schema},
    [MAIL_VANISHED - MESSAGES_MAILBOX] = {"mail-vanished", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_uids_schema},
    [MAIL_ARRIVED - MESSAGES_MAILBOX] = {"mail-arrived", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_uids_schema},
    [MAIL_CHANGED_FLAGS - MESSAGES_MAILBOX] = {"mail-changed-flags", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_uids_schema},
    [MAIL_MODIFIED - MESSAGES_MAILBOX] = {"mail-modified", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_uids_schema},
    [MAIL_KEYWORDS - MESSAGES_MAILBOX] = {"mail-keywords", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_keywords_schema},
    [MAIL_MESSAGES - MESSAGES_MAILBOX] = {"mail-messages", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_messages_schema},
    [MAIL_DATA - MESSAGES_MAILBOX] = {"mail-data", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_data_schema},
    [MAIL_COPIED - MESSAGES_MAILBOX] = {"mail-copied", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_copied_schema},
    [MAIL_UPLOAD_CREDIT - MESSAGES_MAILBOX] = {"mail-upload-credit", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_upload_credit_schema},
    [MAIL_FOUND - MESSAGES_MAILBOX] = {"mail-found", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_found_schema},
    [MAIL_GRANT - MESSAGES_MAILBOX] = {"mail-grant", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_grant_schema},
    [MAIL_SHARE - MESSAGES_MAILBOX] = {"mail-share", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_share_schema},
    [MAIL_METADATA_ENTRY - MESSAGES_MAILBOX] = {"mail-metadata-entry", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_metadata_entry_schema},
    [MAIL_ANNOTATION - MESSAGES_MAILBOX] = {"mail-annotation", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_annotation_schema},
    [MAIL_CHANGED - MESSAGES_MAILBOX] = {"mail-changed", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_changed_schema},
    [MAIL_SHOWN - MESSAGES_MAILBOX] = {"mail-shown", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_shown_schema},
    [MAIL_NOTED - MESSAGES_MAILBOX] = {"mail-noted", ROLE_STORE, ROLE_IMAP | ROLE_WEB | ROLE_ADMIN, &mail_noted_schema},
    [MAIL_BRANCHED - MESSAGES_MAILBOX] = {"mail-branched", ROLE_STORE, ROLE_WEB, &mail_branched_schema},
};
/* clang-format on */
