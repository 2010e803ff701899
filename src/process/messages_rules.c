/* Fields, limits and ways of messages_rules.h. */
#include "process/messages_rules.h"

#include "process/message_fields.h"

/* As src/sieve/sieve_limits.h has them. */
enum {
	COMPLAINT_MAX = 2000,
	ACTIONS_MAX = 4 * 32, /* of all programs that run over one message */
	REFUSAL_MAX = 2000,   /* ANSWER_REFUSAL_MAX of answer/answer.h */
	MARKS_MAX = 100,
	EDITS_MAX = 1000,
	VERSIONS_MAX = 32,
	TARGET_MAX = 64 << 10, /* a path, an address, the text of a refusal */
	WHY_MAX = 400,
	RULE_NAME_MAX = 128,
	HANDLE_MAX = 256,
	FLAGS_MAX = 4096,
	VALUE_MAX = 64 << 10, /* of what is asked for, and of a header field */
	PATH_LINE_MAX = 4096  /* of a mailbox */
};

enum {
	OWN_ADDRESSES_MAX = 500, /* of one account */
	SCALE_MAX = 10,          /* of spamtest and virustest */
	ZONE_MAX = 24 * 60
};

SCHEMA(message_rules_compile, FIELD_FLAG(message_rules_compile, last),
    FIELD_BYTES(message_rules_compile, bytes, PIECE_MAX));
SCHEMA(message_rules_complaint, FIELD_COUNT(message_rules_complaint, line),
    FIELD_COUNT(message_rules_complaint, column), FIELD_FLAG(message_rules_complaint, warning),
    FIELD_COUNT(message_rules_complaint, more), FIELD_LINE(message_rules_complaint, text, COMPLAINT_MAX));
SCHEMA(message_rules_compiled, FIELD_ERROR(message_rules_compiled, error),
    FIELD_FLAG(message_rules_compiled, last), FIELD_BYTES(message_rules_compiled, bytes, PIECE_MAX));
SCHEMA(message_rules_program, FIELD_IDENTITY(message_rules_program, id),
    FIELD_IDENTITY(message_rules_program, version), FIELD_NUMBER(message_rules_program, kind, 0, RULES_TRIED),
    FIELD_LINE(message_rules_program, name, 512));
SCHEMA(message_rules_address, FIELD_ADDRESS(message_rules_address, address));
SCHEMA(message_rules_run, FIELD_IDENTITY(message_rules_run, account),
    FIELD_LIST(message_rules_run, programs, RULES_PROGRAMS_MAX, &message_rules_program_schema),
    FIELD_ADDRESS(message_rules_run, recipient), FIELD_ADDRESS(message_rules_run, original),
    FIELD_ADDRESS(message_rules_run, authenticated), FIELD_LINE(message_rules_run, mailbox, PATH_LINE_MAX),
    FIELD_LIST(message_rules_run, addresses, OWN_ADDRESSES_MAX, &message_rules_address_schema),
    FIELD_WORD(message_rules_run, separators, 16), FIELD_TIME(message_rules_run, now),
    FIELD_SIGNED(message_rules_run, zone, ZONE_MAX), FIELD_NUMBER(message_rules_run, spam, 0, SCALE_MAX),
    FIELD_NUMBER(message_rules_run, virus, 0, SCALE_MAX), FIELDS_TERMS(message_rules_run),
    FIELD_NUMBER(message_rules_run, notify, 0, NOTIFY_ALL), FIELD_LINE(message_rules_run, orcpt, ADDRESS_MAX),
    FIELD_WORD(message_rules_run, cause, 16), FIELD_ADDRESS(message_rules_run, actor),
    FIELD_LINE(message_rules_run, place, PATH_LINE_MAX), FIELD_LINE(message_rules_run, changed, FLAGS_MAX),
    FIELD_LINE(message_rules_run, flags, FLAGS_MAX), FIELD_SIZE(message_rules_run, size),
    FIELD_FLAG(message_rules_run, last), FIELD_BYTES(message_rules_run, bytes, PIECE_MAX));
SCHEMA(message_rules_piece, FIELD_FLAG(message_rules_piece, last),
    FIELD_BYTES(message_rules_piece, bytes, PIECE_MAX));
SCHEMA(message_rules_asks, FIELD_NUMBER(message_rules_asks, what, 0, RULES_QUESTIONS - 1),
    FIELD_NUMBER(message_rules_asks, program, 0, RULES_PROGRAMS_MAX - 1),
    FIELD_LINE(message_rules_asks, name, VALUE_MAX), FIELD_LINE(message_rules_asks, mailbox, PATH_LINE_MAX),
    FIELD_LINE(message_rules_asks, detail, VALUE_MAX));
SCHEMA(message_rules_answer, FIELD_FLAG(message_rules_answer, yes), FIELD_FLAG(message_rules_answer, last),
    FIELD_IDENTITY(message_rules_answer, id), FIELD_IDENTITY(message_rules_answer, version),
    FIELD_BYTES(message_rules_answer, bytes, PIECE_MAX));
SCHEMA(message_rules_bytes, FIELD_NUMBER(message_rules_bytes, edited, 0, RULES_BYTES_KINDS - 1),
    FIELD_NUMBER(message_rules_bytes, of, 0, ACTIONS_MAX - 1), FIELD_FLAG(message_rules_bytes, last),
    FIELD_BYTES(message_rules_bytes, bytes, PIECE_MAX));
SCHEMA(message_rules_action, FIELD_NUMBER(message_rules_action, kind, 0, RULES_NOTIFY),
    FIELD_NUMBER(message_rules_action, program, 0, RULES_PROGRAMS_MAX - 1),
    FIELD_COUNT(message_rules_action, line), FIELD_COUNT(message_rules_action, rule),
    FIELD_COUNT(message_rules_action, why_line), FIELD_LINE(message_rules_action, rule_name, RULE_NAME_MAX),
    FIELD_LINE(message_rules_action, why, WHY_MAX), FIELD_LINE(message_rules_action, script, 512),
    FIELD_TEXT(message_rules_action, target, TARGET_MAX), FIELD_LINE(message_rules_action, mailbox_id, 256),
    FIELD_LINE(message_rules_action, special_use, 64), FIELD_LINE(message_rules_action, flags, FLAGS_MAX),
    FIELD_FLAG(message_rules_action, create), FIELD_FLAG(message_rules_action, copy),
    FIELD_NUMBER(message_rules_action, version, 0, VERSIONS_MAX),
    FIELD_WORD(message_rules_action, notify, 64), FIELD_WORD(message_rules_action, ret, 8),
    FIELD_NUMBER(message_rules_action, by_mode, 0, SMTP_BY_NOTIFY),
    FIELD_FLAG(message_rules_action, by_trace), FIELD_SIGNED(message_rules_action, by, SMTP_BY_SECONDS_MAX),
    FIELD_BYTES(message_rules_action, handle, HANDLE_MAX),
    FIELD_TEXT(message_rules_action, said, REFUSAL_MAX), FIELD_FLAG(message_rules_action, exact),
    FIELD_LINE(message_rules_action, silent, WHY_MAX), FIELD_TIME(message_rules_action, seconds),
    FIELD_FLAG(message_rules_action, composed), FIELD_ADDRESS(message_rules_action, sender),
    FIELD_ADDRESS(message_rules_action, author), FIELD_FLAG(message_rules_action, utf8),
    FIELD_FLAG(message_rules_action, eight_bit), FIELD_FLAG(message_rules_action, fcc),
    FIELD_FLAG(message_rules_action, fcc_create),
    FIELD_LINE(message_rules_action, fcc_mailbox, PATH_LINE_MAX),
    FIELD_LINE(message_rules_action, fcc_mailbox_id, 256),
    FIELD_LINE(message_rules_action, fcc_special_use, 64),
    FIELD_LINE(message_rules_action, fcc_flags, FLAGS_MAX));
SCHEMA(message_rules_mark, FIELD_BYTES(message_rules_mark, handle, HANDLE_MAX),
    FIELD_BYTES(message_rules_mark, id, HANDLE_MAX), FIELD_TIME(message_rules_mark, seconds),
    FIELD_FLAG(message_rules_mark, last));
SCHEMA(message_rules_edit, FIELD_NUMBER(message_rules_edit, program, 0, RULES_PROGRAMS_MAX - 1),
    FIELD_COUNT(message_rules_edit, line), FIELD_FLAG(message_rules_edit, added),
    FIELD_LINE(message_rules_edit, name, 1000), FIELD_LINE(message_rules_edit, value, 2000));
SCHEMA(message_rules_done, FIELD_LINE(message_rules_done, failed, WHY_MAX),
    FIELD_NUMBER(message_rules_done, program, 0, RULES_PROGRAMS_MAX - 1),
    FIELD_COUNT(message_rules_done, line),
    FIELD_LIST(message_rules_done, actions, ACTIONS_MAX, &message_rules_action_schema),
    FIELD_LIST(message_rules_done, marks, MARKS_MAX, &message_rules_mark_schema),
    FIELD_LIST(message_rules_done, edits, EDITS_MAX, &message_rules_edit_schema),
    FIELD_NUMBER(message_rules_done, versions, 0, VERSIONS_MAX));

/* clang-format off */
const struct message_row messages_rules[MESSAGES_IN_GROUP] = {
    [MESSAGE_RULES_COMPILE - MESSAGES_RULES] = {"rules-compile", ROLE_STORE, ROLE_RULES, &message_rules_compile_schema},
    [MESSAGE_RULES_COMPLAINT - MESSAGES_RULES] = {"rules-complaint", ROLE_RULES, ROLE_STORE, &message_rules_complaint_schema, MESSAGE_RULES_COMPILE},
    [MESSAGE_RULES_COMPILED - MESSAGES_RULES] = {"rules-compiled", ROLE_RULES, ROLE_STORE, &message_rules_compiled_schema, MESSAGE_RULES_COMPILE},
    [MESSAGE_RULES_RUN - MESSAGES_RULES] = {"rules-run", ROLE_STORE, ROLE_RULES, &message_rules_run_schema},
    [MESSAGE_RULES_PIECE - MESSAGES_RULES] = {"rules-piece", ROLE_STORE, ROLE_RULES, &message_rules_piece_schema},
    [MESSAGE_RULES_ASKS - MESSAGES_RULES] = {"rules-asks", ROLE_RULES, ROLE_STORE, &message_rules_asks_schema, MESSAGE_RULES_RUN},
    [MESSAGE_RULES_ANSWER - MESSAGES_RULES] = {"rules-answer", ROLE_STORE, ROLE_RULES, &message_rules_answer_schema},
    [MESSAGE_RULES_BYTES - MESSAGES_RULES] = {"rules-bytes", ROLE_RULES, ROLE_STORE, &message_rules_bytes_schema, MESSAGE_RULES_RUN},
    [MESSAGE_RULES_DONE - MESSAGES_RULES] = {"rules-done", ROLE_RULES, ROLE_STORE, &message_rules_done_schema, MESSAGE_RULES_RUN},
};
/* clang-format on */
