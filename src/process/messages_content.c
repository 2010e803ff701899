/* Fields, limits and ways of messages_content.h. */
#include "process/messages_content.h"

#include "process/message_fields.h"

enum {
	/* As src/report/report.h has them. */
	REPORT_KINDS_MAX = 3,
	REPORT_LINE_MAX = 300
};

SCHEMA(message_terms_of, FIELD_FLAG(message_terms_of, last), FIELD_BYTES(message_terms_of, bytes, PIECE_MAX));
SCHEMA(message_terms, FIELD_ERROR(message_terms, error), FIELD_FLAG(message_terms, last),
    FIELD_FLAG(message_terms, cut), FIELD_BYTES(message_terms, bytes, PIECE_MAX));
SCHEMA(
    message_report_of, FIELD_FLAG(message_report_of, last), FIELD_BYTES(message_report_of, bytes, PIECE_MAX));
SCHEMA(message_report, FIELD_ERROR(message_report, error), FIELD_FLAG(message_report, last),
    FIELD_NUMBER(message_report, kind, 0, REPORT_KINDS_MAX), FIELD_TIME(message_report, begin),
    FIELD_TIME(message_report, end), FIELD_LINE(message_report, domain, REPORT_LINE_MAX),
    FIELD_LINE(message_report, org, REPORT_LINE_MAX), FIELD_LINE(message_report, id, REPORT_LINE_MAX),
    FIELD_BYTES(message_report, bytes, PIECE_MAX));
SCHEMA(message_smime_of, FIELD_TIME(message_smime_of, delivered), FIELD_FLAG(message_smime_of, last),
    FIELD_BYTES(message_smime_of, bytes, PIECE_MAX));
SCHEMA(message_smime, FIELD_ERROR(message_smime, error),
    FIELD_NUMBER(message_smime, status, 0, SMIME_STATUSES - 1),
    FIELD_NUMBER(message_smime, delivered, 0, SMIME_STATUSES - 1),
    FIELD_NUMBER(message_smime, problems, 0, SMIME_PROBLEMS_END - 1));

/* clang-format off */
const struct message_row messages_content[MESSAGES_IN_GROUP] = {
    [MESSAGE_TERMS_OF - MESSAGES_CONTENT] = {"terms-of", ROLE_STORE, ROLE_CONTENT, &message_terms_of_schema},
    [MESSAGE_TERMS - MESSAGES_CONTENT] = {"terms", ROLE_CONTENT, ROLE_STORE, &message_terms_schema, MESSAGE_TERMS_OF},
    [MESSAGE_REPORT_OF - MESSAGES_CONTENT] = {"report-of", ROLE_STORE, ROLE_CONTENT, &message_report_of_schema},
    [MESSAGE_REPORT - MESSAGES_CONTENT] = {"report", ROLE_CONTENT, ROLE_STORE, &message_report_schema, MESSAGE_REPORT_OF},
    [MESSAGE_SMIME_OF - MESSAGES_CONTENT] = {"smime-of", ROLE_STORE, ROLE_CONTENT, &message_smime_of_schema},
    [MESSAGE_SMIME - MESSAGES_CONTENT] = {"smime", ROLE_CONTENT, ROLE_STORE, &message_smime_schema, MESSAGE_SMIME_OF},
};
/* clang-format on */
