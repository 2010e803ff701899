/* SMTP, relay and keys ask dns. */
#ifndef PROCESS_MESSAGES_DNS_H
#define PROCESS_MESSAGES_DNS_H

#include "process/message.h"

enum messages_dns { MESSAGE_QUERY = MESSAGES_DNS, MESSAGE_ANSWER };

/* clang-format off */
/* timeout_ms: after it a failure is answered; 0: the dns role's own limit. */
struct message_query { struct view name; uint64_t type, timeout_ms; };
/* canonical: behind the CNAMEs, empty without any; why: of a failure, for logs. */
struct message_answer { uint64_t status, secure, bogus, ttl; struct view canonical, why; struct codec_list records; };

#define MESSAGES_DNS_STRUCTS(X) X(message_query) X(message_answer)
/* clang-format on */
MESSAGES_DNS_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_dns[MESSAGES_IN_GROUP];

#endif
