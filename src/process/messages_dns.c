/* Fields, limits and ways of messages_dns.h. */
#include "process/messages_dns.h"

#include "process/message_fields.h"

enum {
	DNS_TYPE_MAX = 65535,
	DNS_STATUS_MAX = 4095 /* with EDNS a status has 12 bits */
};

SCHEMA(message_query, FIELD_LINE(message_query, name, 256),
    FIELD_NUMBER(message_query, type, 0, DNS_TYPE_MAX), FIELD_COUNT(message_query, timeout_ms));
SCHEMA(message_answer, FIELD_NUMBER(message_answer, status, 0, DNS_STATUS_MAX),
    FIELD_FLAG(message_answer, secure), FIELD_FLAG(message_answer, bogus), FIELD_COUNT(message_answer, ttl),
    FIELD_LINE(message_answer, canonical, 256), FIELD_TEXT(message_answer, why, 512),
    FIELD_LIST(message_answer, records, 256, &message_field_schema));

/* clang-format off */
const struct message_row messages_dns[MESSAGES_IN_GROUP] = {
    [MESSAGE_QUERY - MESSAGES_DNS] = {"query", ROLE_SMTP | ROLE_RELAY | ROLE_KEYS, ROLE_DNS, &message_query_schema},
    [MESSAGE_ANSWER - MESSAGES_DNS] = {"answer", ROLE_DNS, ROLE_SMTP | ROLE_RELAY | ROLE_KEYS, &message_answer_schema, MESSAGE_QUERY},
};
/* clang-format on */
