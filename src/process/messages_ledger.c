/* Fields, limits and ways of messages_ledger.h. */
#include "process/messages_ledger.h"

#include "process/message_fields.h"

enum {
	/* As src/ledger/memo.h has them. */
	KINDS_MAX = 255,
	MEMO_NAME_BYTES = 255,
	MEMO_VALUE_BYTES = 32 * 1024,
	MEMOS_MAX = 200,
	/* As src/ledger/tally.h has them. */
	SUBJECT_BYTES = 255,
	TALLY_BYTES = 1600,
	TALLIES_MAX = 200,
	NOTICE_BYTES = 60 * 1024, /* twice what two looks at a domain can have found, and words */
	DAYS_MAX = 3000000        /* up to the end of the year 9999 */
};

SCHEMA(message_memo_list, FIELD_NUMBER(message_memo_list, kind, 1, KINDS_MAX),
    FIELD_WORD(message_memo_list, after, MEMO_NAME_BYTES));
SCHEMA(message_memo, FIELD_WORD(message_memo, name, MEMO_NAME_BYTES),
    FIELD_BYTES(message_memo, value, MEMO_VALUE_BYTES), FIELD_TIME(message_memo, expires));
SCHEMA(message_memos, FIELD_ERROR(message_memos, error), FIELD_FLAG(message_memos, more),
    FIELD_WORD(message_memos, last, MEMO_NAME_BYTES),
    FIELD_LIST(message_memos, memos, MEMOS_MAX, &message_memo_schema));
SCHEMA(message_memo_set, FIELD_NUMBER(message_memo_set, kind, 1, KINDS_MAX),
    FIELD_LIST(message_memo_set, memos, MEMOS_MAX, &message_memo_schema));

SCHEMA(message_tally, FIELD_NUMBER(message_tally, day, 0, DAYS_MAX), FIELD_SIZE(message_tally, count),
    FIELD_WORD(message_tally, subject, SUBJECT_BYTES), FIELD_BYTES(message_tally, policy, TALLY_BYTES),
    FIELD_BYTES(message_tally, row, TALLY_BYTES));
SCHEMA(message_tally_add, FIELD_NUMBER(message_tally_add, kind, 1, KINDS_MAX),
    FIELD_LIST(message_tally_add, tallies, TALLIES_MAX, &message_tally_schema));
SCHEMA(message_tally_next, FIELD_NUMBER(message_tally_next, kind, 1, KINDS_MAX),
    FIELD_NUMBER(message_tally_next, before, 0, DAYS_MAX), FIELD_NUMBER(message_tally_next, day, 0, DAYS_MAX),
    FIELD_WORD(message_tally_next, subject, SUBJECT_BYTES));
SCHEMA(message_tally_subject, FIELD_ERROR(message_tally_subject, error),
    FIELD_NUMBER(message_tally_subject, day, 0, DAYS_MAX), FIELD_SIZE(message_tally_subject, left_out),
    FIELD_WORD(message_tally_subject, subject, SUBJECT_BYTES));
SCHEMA(message_tally_list, FIELD_NUMBER(message_tally_list, kind, 1, KINDS_MAX),
    FIELD_NUMBER(message_tally_list, day, 0, DAYS_MAX), FIELD_FLAG(message_tally_list, begun),
    FIELD_ANY(message_tally_list, policy), FIELD_ANY(message_tally_list, row),
    FIELD_WORD(message_tally_list, subject, SUBJECT_BYTES));
SCHEMA(message_tally_rows, FIELD_ERROR(message_tally_rows, error), FIELD_FLAG(message_tally_rows, more),
    FIELD_ANY(message_tally_rows, policy), FIELD_ANY(message_tally_rows, row),
    FIELD_LIST(message_tally_rows, tallies, TALLIES_MAX, &message_tally_schema));
SCHEMA(message_tally_drop, FIELD_NUMBER(message_tally_drop, kind, 1, KINDS_MAX),
    FIELD_NUMBER(message_tally_drop, day, 0, DAYS_MAX),
    FIELD_WORD(message_tally_drop, subject, SUBJECT_BYTES));

SCHEMA(message_report_now, FIELD_IDENTITY(message_report_now, ticket));
SCHEMA(message_report_round, FIELD_IDENTITY(message_report_round, ticket),
    FIELD_ERROR(message_report_round, error), FIELD_SIZE(message_report_round, sent),
    FIELD_SIZE(message_report_round, unwanted), FIELD_SIZE(message_report_round, later));
SCHEMA(message_notice, FIELD_WORD(message_notice, domain, MEMO_NAME_BYTES),
    FIELD_TEXT(message_notice, text, NOTICE_BYTES));

SCHEMA(message_zone_look, FIELD_WORD(message_zone_look, domain, MEMO_NAME_BYTES));

/* clang-format off */
const struct message_row messages_ledger[MESSAGES_IN_GROUP] = {
    [MESSAGE_MEMO_LIST - MESSAGES_LEDGER] = {"memo-list", ROLE_RELAY, ROLE_STORE, &message_memo_list_schema},
    [MESSAGE_MEMOS - MESSAGES_LEDGER] = {"memos", ROLE_STORE, ROLE_RELAY, &message_memos_schema, MESSAGE_MEMO_LIST},
    [MESSAGE_MEMO_SET - MESSAGES_LEDGER] = {"memo-set", ROLE_RELAY, ROLE_STORE, &message_memo_set_schema},
    [MESSAGE_MEMO_KEPT - MESSAGES_LEDGER] = {"memo-kept", ROLE_STORE, ROLE_RELAY, &message_result_schema, MESSAGE_MEMO_SET},
    [MESSAGE_TALLY_ADD - MESSAGES_LEDGER] = {"tally-add", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_tally_add_schema},
    [MESSAGE_TALLY_ADDED - MESSAGES_LEDGER] = {"tally-added", ROLE_STORE, ROLE_SMTP | ROLE_RELAY, &message_result_schema, MESSAGE_TALLY_ADD},
    [MESSAGE_TALLY_NEXT - MESSAGES_LEDGER] = {"tally-next", ROLE_RELAY, ROLE_STORE, &message_tally_next_schema},
    [MESSAGE_TALLY_SUBJECT - MESSAGES_LEDGER] = {"tally-subject", ROLE_STORE, ROLE_RELAY, &message_tally_subject_schema, MESSAGE_TALLY_NEXT},
    [MESSAGE_TALLY_LIST - MESSAGES_LEDGER] = {"tally-list", ROLE_RELAY, ROLE_STORE, &message_tally_list_schema},
    [MESSAGE_TALLY_ROWS - MESSAGES_LEDGER] = {"tally-rows", ROLE_STORE, ROLE_RELAY, &message_tally_rows_schema, MESSAGE_TALLY_LIST},
    [MESSAGE_TALLY_DROP - MESSAGES_LEDGER] = {"tally-drop", ROLE_RELAY, ROLE_STORE, &message_tally_drop_schema},
    [MESSAGE_TALLY_DROPPED - MESSAGES_LEDGER] = {"tally-dropped", ROLE_STORE, ROLE_RELAY, &message_result_schema, MESSAGE_TALLY_DROP},
    [MESSAGE_REPORT_NOW - MESSAGES_LEDGER] = {"report-now", ROLE_STORE, ROLE_RELAY, &message_report_now_schema},
    [MESSAGE_REPORT_ROUND - MESSAGES_LEDGER] = {"report-round", ROLE_RELAY, ROLE_STORE, &message_report_round_schema},
    [MESSAGE_NOTICE - MESSAGES_LEDGER] = {"notice", ROLE_RELAY, ROLE_STORE, &message_notice_schema},
    [MESSAGE_NOTICED - MESSAGES_LEDGER] = {"noticed", ROLE_STORE, ROLE_RELAY, &message_result_schema, MESSAGE_NOTICE},
    [MESSAGE_ZONE_LOOK - MESSAGES_LEDGER] = {"zone-look", ROLE_STORE, ROLE_RELAY, &message_zone_look_schema},
};
/* clang-format on */
