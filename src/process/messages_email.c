/*
 * Fields, limits and ways of messages_email.h. Who asks is a session, which a stranger drives: what ids name
 * is looked up by store, and lists are checked there.
 */
#include "process/messages_email.h"

#include "format/limits.h"
#include "process/message_fields.h"

enum {
	ENTRIES_MAX = 980 * 1024, /* a message's entry (messages_mailbox.c) and its mailboxes */
	RESULTS_MAX = 12 * EMAIL_IDS_MAX,
	IMPORT_MAILBOXES_MAX = EMAIL_PLACES_MAX * EMAIL_MAILBOX_SIZE
};

#define FIELD_ACCOUNT(type, member) FIELD_NUMBER(type, member, 0, MAIL_ACCOUNT_END - 1)
#define FIELD_IDS(type, member) FIELD_BYTES(type, member, EMAIL_IDS_BYTES)

SCHEMA(email_states, FIELD_ACCOUNT(email_states, account));
SCHEMA(email_state, FIELD_ACCOUNT(email_state, account), FIELD_ACCOUNT(email_state, owner),
    FIELD_IDENTITY(email_state, modseq), FIELD_IDENTITY(email_state, access),
    FIELD_BYTES(email_state, modseqs, 8 * MAIL_STATES));
SCHEMA(email_get, FIELD_ACCOUNT(email_get, account), FIELD_COUNT(email_get, want),
    FIELD_NUMBER(email_get, body_max, 0, MAIL_BODY_MAX), FIELD_IDS(email_get, ids));
SCHEMA(email_entries, FIELD_BYTES(email_entries, entries, ENTRIES_MAX));
SCHEMA(email_threads, FIELD_ACCOUNT(email_threads, account), FIELD_IDS(email_threads, threads));
SCHEMA(email_thread, FIELD_IDENTITY(email_thread, thread), FIELD_IDS(email_thread, emails));
SCHEMA(email_changes, FIELD_ACCOUNT(email_changes, account), FIELD_COUNT(email_changes, want),
    FIELD_IDENTITY(email_changes, since), FIELD_IDENTITY(email_changes, part),
    FIELD_IDENTITY(email_changes, access), FIELD_COUNT(email_changes, max));
SCHEMA(email_changed, FIELD_NUMBER(email_changed, kind, 0, EMAIL_CHANGED_KINDS - 1),
    FIELD_IDS(email_changed, ids));
SCHEMA(email_table_question, FIELD_ACCOUNT(email_table_question, account),
    FIELD_IDENTITY(email_table_question, since), FIELD_IDENTITY(email_table_question, access));
SCHEMA(email_forget, FIELD_IDS(email_forget, ids));
SCHEMA(email_rows, FIELD_BYTES(email_rows, rows, EMAIL_ROWS_BYTES));
SCHEMA(email_find, FIELD_ACCOUNT(email_find, account), FIELD_NUMBER(email_find, field, 0, MAIL_FIELDS - 1),
    FIELD_NUMBER(email_find, how, 0, MAIL_FIND_PREFIX), FIELD_BYTES(email_find, text, MAIL_FIND_TEXT_MAX));
SCHEMA(email_read, FIELD_ACCOUNT(email_read, account), FIELD_FLAG(email_read, raw),
    FIELD_FLAG(email_read, kept), FIELD_BYTES(email_read, parts, MAIL_PARTS_MAX * 24));
SCHEMA(email_first, FIELD_NUMBER(email_first, unused, 0, 0));
SCHEMA(email_smime, FIELD_ACCOUNT(email_smime, account),
    FIELD_BYTES(email_smime, ids, EMAIL_SMIME_IDS_MAX *EMAIL_ID_SIZE));
SCHEMA(email_smime_verdict, FIELD_IDENTITY(email_smime_verdict, email),
    FIELD_NUMBER(email_smime_verdict, status, 0, SMIME_STATUSES - 1),
    FIELD_NUMBER(email_smime_verdict, delivered, 0, SMIME_STATUSES - 1),
    FIELD_NUMBER(email_smime_verdict, problems, 0, SMIME_PROBLEMS_END - 1),
    FIELD_TIME(email_smime_verdict, at));
SCHEMA(email_keep, FIELD_COUNT(email_keep, upload));
SCHEMA(email_kept, FIELD_IDENTITY(email_kept, kept));
SCHEMA(email_set, FIELD_ACCOUNT(email_set, account), FIELD_ANY(email_set, if_modseq),
    FIELD_BYTES(email_set, changes, EMAIL_SET_BYTES));
SCHEMA(email_set_failed, FIELD_BYTES(email_set_failed, entries, RESULTS_MAX));
SCHEMA(email_import, FIELD_ACCOUNT(email_import, account),
    FIELD_BYTES(email_import, mailboxes, IMPORT_MAILBOXES_MAX), FIELD_COUNT(email_import, upload),
    FIELD_IDENTITY(email_import, kept), FIELD_ACCOUNT(email_import, from_account),
    FIELD_IDENTITY(email_import, from), FIELD_NUMBER(email_import, flags, 0, FLAGS_SYSTEM),
    FIELD_TIME(email_import, internaldate), FIELD_LINE(email_import, keywords, MAIL_KEYWORDS_MAX),
    FIELD_BYTES(email_import, summary, SUMMARY_INLINE_MAX), FIELD_BYTES(email_import, trailer, TRAILER_MAX),
    FIELD_ANY(email_import, message_id_hash),
    FIELD_BYTES(email_import, references, 8 * MESSAGE_REFERENCES_MAX), FIELD_FLAG(email_import, binary),
    FIELD_SIZE(email_import, text_growth));
SCHEMA(act_begin, FIELD_COUNT(act_begin, number), FIELD_FLAG(act_begin, more),
    FIELD_BYTES(act_begin, change, ACT_CHANGE_MAX), FIELD_IDS(act_begin, ids));
SCHEMA(act_get, FIELD_COUNT(act_get, number));
SCHEMA(act_entry, FIELD_COUNT(act_entry, number), FIELD_NUMBER(act_entry, state, 0, ACT_STATE_LAST),
    FIELD_TIME(act_entry, created), FIELD_TIME(act_entry, ended), FIELD_COUNT(act_entry, total),
    FIELD_COUNT(act_entry, finished), FIELD_COUNT(act_entry, failed), FIELD_COUNT(act_entry, undone));
SCHEMA(act_number, FIELD_COUNT(act_number, number));

SCHEMA(history_list, FIELD_NUMBER(history_list, unused, 0, 0));
SCHEMA(history_get, FIELD_BYTES(history_get, ids, HISTORY_IDS_MAX *HISTORY_ID_SIZE));
SCHEMA(history_rows, FIELD_BYTES(history_rows, rows, HISTORY_ROWS_BYTES));
SCHEMA(history_restore, FIELD_NUMBER(history_restore, mailbox, 0, UINT32_MAX),
    FIELD_BYTES(history_restore, ids, HISTORY_IDS_MAX *HISTORY_ID_SIZE));
SCHEMA(history_restored, FIELD_BYTES(history_restored, entries, HISTORY_IDS_MAX * 20));
SCHEMA(history_mailboxes, FIELD_NUMBER(history_mailboxes, unused, 0, 0));
SCHEMA(history_mailbox, FIELD_NUMBER(history_mailbox, mailbox, 1, UINT32_MAX),
    FIELD_NUMBER(history_mailbox, role, 0, UINT8_MAX), FIELD_TIME(history_mailbox, until),
    FIELD_LINE(history_mailbox, path, MAIL_PATH_MAX));

SCHEMA(tracing_ask, FIELD_IDENTITY(tracing_ask, submission), FIELD_IDENTITY(tracing_ask, email));
SCHEMA(tracing_step, FIELD_TIME(tracing_step, at), FIELD_TIME(tracing_step, next),
    FIELD_LINE(tracing_step, event, TRACING_WORD_MAX), FIELD_LINE(tracing_step, message, TRACING_WORD_MAX),
    FIELD_LINE(tracing_step, recipient, TRACING_WORD_MAX), FIELD_LINE(tracing_step, host, TRACING_WORD_MAX),
    FIELD_LINE(tracing_step, reply, TRACING_WORD_MAX), FIELD_LINE(tracing_step, tls, TRACING_WORD_MAX),
    FIELD_LINE(tracing_step, text, TRACING_TEXT_MAX));

SCHEMA(masked_get, FIELD_NUMBER(masked_get, unused, 0, 0));
SCHEMA(masked_create, FIELD_NUMBER(masked_create, state, 0, MASKED_STATE_LAST),
    FIELD_LINE(masked_create, prefix, MASKED_PREFIX_MAX),
    FIELD_LINE(masked_create, for_domain, MASKED_DOMAIN_MAX),
    FIELD_LINE(masked_create, description, MASKED_TEXT_MAX),
    FIELD_LINE(masked_create, created_by, MASKED_TEXT_MAX));
SCHEMA(masked_update, FIELD_NUMBER(masked_update, number, 0, UINT32_MAX),
    FIELD_NUMBER(masked_update, has, 0, MASKED_HAS_ALL),
    FIELD_NUMBER(masked_update, state, 0, MASKED_STATE_LAST),
    FIELD_LINE(masked_update, for_domain, MASKED_DOMAIN_MAX),
    FIELD_LINE(masked_update, description, MASKED_TEXT_MAX));
SCHEMA(masked_entry, FIELD_NUMBER(masked_entry, number, 0, UINT32_MAX),
    FIELD_NUMBER(masked_entry, state, 0, MASKED_STATE_LAST), FIELD_TIME(masked_entry, created),
    FIELD_TIME(masked_entry, last), FIELD_LINE(masked_entry, email, MASKED_EMAIL_MAX),
    FIELD_LINE(masked_entry, for_domain, MASKED_DOMAIN_MAX),
    FIELD_LINE(masked_entry, description, MASKED_TEXT_MAX),
    FIELD_LINE(masked_entry, created_by, MASKED_TEXT_MAX));

/* clang-format off */
const struct message_row messages_email[MESSAGES_IN_GROUP] = {
    [EMAIL_STATES - MESSAGES_EMAIL] = {"email-states", ROLE_WEB, ROLE_STORE, &email_states_schema},
    [EMAIL_GET - MESSAGES_EMAIL] = {"email-get", ROLE_WEB, ROLE_STORE, &email_get_schema},
    [EMAIL_CHANGES - MESSAGES_EMAIL] = {"email-changes", ROLE_WEB, ROLE_STORE, &email_changes_schema},
    [EMAIL_THREADS - MESSAGES_EMAIL] = {"email-threads", ROLE_WEB, ROLE_STORE, &email_threads_schema},
    [EMAIL_TABLE - MESSAGES_EMAIL] = {"email-table", ROLE_WEB, ROLE_STORE, &email_table_question_schema},
    [EMAIL_FIND - MESSAGES_EMAIL] = {"email-find", ROLE_WEB, ROLE_STORE, &email_find_schema},
    [EMAIL_READ - MESSAGES_EMAIL] = {"email-read", ROLE_WEB, ROLE_STORE, &email_read_schema},
    [EMAIL_KEEP - MESSAGES_EMAIL] = {"email-keep", ROLE_WEB, ROLE_STORE, &email_keep_schema},
    [EMAIL_KEPT - MESSAGES_EMAIL] = {"email-kept", ROLE_WEB, ROLE_STORE, &email_kept_schema},
    [EMAIL_SET - MESSAGES_EMAIL] = {"email-set", ROLE_WEB, ROLE_STORE, &email_set_schema},
    [EMAIL_IMPORT - MESSAGES_EMAIL] = {"email-import", ROLE_WEB, ROLE_STORE, &email_import_schema},
    [EMAIL_ACT_BEGIN - MESSAGES_EMAIL] = {"email-act-begin", ROLE_WEB, ROLE_STORE, &act_begin_schema},
    [EMAIL_ACTS - MESSAGES_EMAIL] = {"email-acts", ROLE_WEB, ROLE_STORE, &act_get_schema},
    [EMAIL_ACT_STOP - MESSAGES_EMAIL] = {"email-act-stop", ROLE_WEB, ROLE_STORE, &act_number_schema},
    [EMAIL_ACT_UNDO - MESSAGES_EMAIL] = {"email-act-undo", ROLE_WEB, ROLE_STORE, &act_number_schema},
    [EMAIL_SMIME - MESSAGES_EMAIL] = {"email-smime", ROLE_WEB, ROLE_STORE, &email_smime_schema},
    [EMAIL_FIRST - MESSAGES_EMAIL] = {"email-first", ROLE_WEB, ROLE_STORE, &email_first_schema},
    [EMAIL_STATE - MESSAGES_EMAIL] = {"email-state", ROLE_STORE, ROLE_WEB, &email_state_schema},
    [EMAIL_ENTRIES - MESSAGES_EMAIL] = {"email-entries", ROLE_STORE, ROLE_WEB, &email_entries_schema},
    [EMAIL_CHANGED - MESSAGES_EMAIL] = {"email-changed", ROLE_STORE, ROLE_WEB, &email_changed_schema},
    [EMAIL_THREAD - MESSAGES_EMAIL] = {"email-thread", ROLE_STORE, ROLE_WEB, &email_thread_schema},
    [EMAIL_FORGET - MESSAGES_EMAIL] = {"email-forget", ROLE_STORE, ROLE_WEB, &email_forget_schema},
    [EMAIL_ROWS - MESSAGES_EMAIL] = {"email-rows", ROLE_STORE, ROLE_WEB, &email_rows_schema},
    [EMAIL_SET_FAILED - MESSAGES_EMAIL] = {"email-set-failed", ROLE_STORE, ROLE_WEB, &email_set_failed_schema},
    [EMAIL_ACT - MESSAGES_EMAIL] = {"email-act", ROLE_STORE, ROLE_WEB, &act_entry_schema},
    [EMAIL_SMIME_VERDICT - MESSAGES_EMAIL] = {"email-smime-verdict", ROLE_STORE, ROLE_WEB, &email_smime_verdict_schema},
    [EMAIL_FIRSTS - MESSAGES_EMAIL] = {"email-firsts", ROLE_STORE, ROLE_WEB, &mail_uids_schema},
    [HISTORY_LIST - MESSAGES_EMAIL] = {"history-list", ROLE_WEB, ROLE_STORE, &history_list_schema},
    [HISTORY_GET - MESSAGES_EMAIL] = {"history-get", ROLE_WEB, ROLE_STORE, &history_get_schema},
    [HISTORY_RESTORE - MESSAGES_EMAIL] = {"history-restore", ROLE_WEB, ROLE_STORE, &history_restore_schema},
    [HISTORY_MAILBOXES - MESSAGES_EMAIL] = {"history-mailboxes", ROLE_WEB, ROLE_STORE, &history_mailboxes_schema},
    [HISTORY_ROWS - MESSAGES_EMAIL] = {"history-rows", ROLE_STORE, ROLE_WEB, &history_rows_schema},
    [HISTORY_RESTORED - MESSAGES_EMAIL] = {"history-restored", ROLE_STORE, ROLE_WEB, &history_restored_schema},
    [HISTORY_MAILBOX - MESSAGES_EMAIL] = {"history-mailbox", ROLE_STORE, ROLE_WEB, &history_mailbox_schema},
    [TRACING_ASK - MESSAGES_EMAIL] = {"tracing-ask", ROLE_WEB, ROLE_STORE, &tracing_ask_schema},
    [TRACING_STEP - MESSAGES_EMAIL] = {"tracing-step", ROLE_STORE, ROLE_WEB, &tracing_step_schema},
    [MASKED_GET - MESSAGES_EMAIL] = {"masked-get", ROLE_WEB, ROLE_STORE, &masked_get_schema},
    [MASKED_CREATE - MESSAGES_EMAIL] = {"masked-create", ROLE_WEB, ROLE_STORE, &masked_create_schema},
    [MASKED_UPDATE - MESSAGES_EMAIL] = {"masked-update", ROLE_WEB, ROLE_STORE, &masked_update_schema},
    [MASKED_ENTRY - MESSAGES_EMAIL] = {"masked-entry", ROLE_STORE, ROLE_WEB, &masked_entry_schema},
};
/* clang-format on */
