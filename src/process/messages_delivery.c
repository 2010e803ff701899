/* Fields, limits and ways of messages_delivery.h. */
#include "process/messages_delivery.h"

#include "format/limits.h"
#include "mail/mail_url.h"
#include "mail/submission.h"
#include "process/message_fields.h"

enum {
	REPORTS_MAX = 1000, /* recipients that one DSN tells of: several messages' when it was gathered */
	REFUSED_REPLY_MAX = 512, /* one line of a reply, for the trace */
	REFUSAL_MAX = 2000       /* ANSWER_REFUSAL_MAX of answer/answer.h */
};

SCHEMA(message_upload, FIELD_IDENTITY(message_upload, upload), FIELD_BYTES(message_upload, bytes, PIECE_MAX));
SCHEMA(message_upload_credit, FIELD_IDENTITY(message_upload_credit, upload),
    FIELD_SIZE(message_upload_credit, bytes));
SCHEMA(message_upload_abort, FIELD_IDENTITY(message_upload_abort, upload));
SCHEMA(message_delivery, FIELD_NUMBER(message_delivery, kind, 0, DELIVER_EXPANDED),
    FIELD_IDENTITY(message_delivery, account), FIELD_FLAG(message_delivery, enforce_quota),
    FIELD_LINE(message_delivery, mailbox, MAILBOX_NAME_MAX),
    FIELD_HEADER(message_delivery, prefix, QUEUE_PREFIX_MAX), FIELD_ADDRESS(message_delivery, reached),
    FIELD_ADDRESS(message_delivery, address), FIELD_LINE(message_delivery, orcpt, ADDRESS_MAX),
    FIELD_NUMBER(message_delivery, notify, 0, NOTIFY_ALL), FIELD_WORD(message_delivery, destination, 256),
    FIELD_ADDRESS(message_delivery, forwarder));
SCHEMA(message_reference, FIELD_ANY(message_reference, hash));
SCHEMA(message_delivery_report, FIELD_WORD(message_delivery_report, id, QUEUE_ID_SIZE),
    FIELD_COUNT(message_delivery_report, recipient),
    FIELD_NUMBER(message_delivery_report, action, 0, ACTION_EXPANDED));
SCHEMA(message_submitted, FIELD_NUMBER(message_submitted, recipient, 0, QUEUED_MAX));
SCHEMA(message_deliver, FIELD_WORD(message_deliver, session, 64), FIELD_COUNT(message_deliver, refused),
    FIELD_IDENTITY(message_deliver, upload), FIELD_BYTES(message_deliver, bytes, PIECE_MAX),
    FIELD_BYTES(message_deliver, summary, SUMMARY_INLINE_MAX),
    FIELD_BYTES(message_deliver, trailer, TRAILER_MAX), FIELD_TIME(message_deliver, received_at),
    FIELD_FLAG(message_deliver, all_or_none), FIELD_ANY(message_deliver, message_id_hash),
    FIELD_ANY(message_deliver, list), FIELD_FLAG(message_deliver, list_counts),
    FIELD_LIST(message_deliver, references, MESSAGE_REFERENCES_MAX, &message_reference_schema),
    FIELD_HEADER(message_deliver, headers, VERDICT_HEADERS_MAX),
    FIELD_HEADER(message_deliver, head, QUEUE_HEAD_MAX), FIELD_WORD(message_deliver, signer, 256),
    FIELD_LIST(message_deliver, deliveries, QUEUED_MAX, &message_delivery_schema),
    FIELD_WORD(message_deliver, id, QUEUE_ID_SIZE), FIELDS_TERMS(message_deliver),
    FIELD_LINE(message_deliver, client, 512), FIELD_LINE(message_deliver, message_id, QUEUE_MESSAGE_ID_MAX),
    FIELD_IDENTITY(message_deliver, submitter), FIELD_SIZE(message_deliver, text_growth),
    FIELD_LIST(message_deliver, reports, REPORTS_MAX, &message_delivery_report_schema),
    FIELD_FLAG(message_deliver, is_report), FIELD_LINE(message_deliver, author, 256),
    FIELD_WORD(message_deliver, submission, QUEUE_ID_SIZE),
    FIELD_LIST(message_deliver, submitted, SUBMISSION_RECIPIENTS_MAX, &message_submitted_schema));
SCHEMA(message_delivery_result, FIELD_ERROR(message_delivery_result, error),
    FIELD_TEXT(message_delivery_result, text, REFUSAL_MAX));
SCHEMA(
    message_delivered, FIELD_LIST(message_delivered, results, QUEUED_MAX, &message_delivery_result_schema));
SCHEMA(message_room, FIELD_IDENTITY(message_room, account), FIELD_SIZE(message_room, bytes));
SCHEMA(message_mailing_list, FIELD_IDENTITY(message_mailing_list, account),
    FIELD_ANY(message_mailing_list, list));
SCHEMA(message_refused, FIELD_WORD(message_refused, session, 64), FIELD_LINE(message_refused, client, 64),
    FIELD_ADDRESS(message_refused, sender), FIELD_ADDRESS(message_refused, recipient),
    FIELD_LINE(message_refused, reply, REFUSED_REPLY_MAX), FIELD_NUMBER(message_refused, code, 400, 599));
SCHEMA(message_etrn, FIELD_WORD(message_etrn, domain, 256));
SCHEMA(
    message_etrn_answer, FIELD_ERROR(message_etrn_answer, error), FIELD_SIZE(message_etrn_answer, messages));
SCHEMA(message_show, FIELD_IDENTITY(message_show, account), FIELD_SIZE(message_show, offset),
    FIELD_ADDRESS(message_show, login), FIELD_LINE(message_show, url, MAIL_URL_MAX));
SCHEMA(message_shown, FIELD_ERROR(message_shown, error), FIELD_FLAG(message_shown, last),
    FIELD_BYTES(message_shown, bytes, PIECE_MAX));

/* clang-format off */
const struct message_row messages_delivery[MESSAGES_IN_GROUP] = {
    [MESSAGE_UPLOAD - MESSAGES_DELIVERY] = {"upload", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_upload_schema},
    [MESSAGE_UPLOAD_CREDIT - MESSAGES_DELIVERY] = {"upload-credit", ROLE_STORE, ROLE_SMTP | ROLE_RELAY, &message_upload_credit_schema, MESSAGE_UPLOAD},
    [MESSAGE_UPLOAD_ABORT - MESSAGES_DELIVERY] = {"upload-abort", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_upload_abort_schema},
    [MESSAGE_DELIVER - MESSAGES_DELIVERY] = {"deliver", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_deliver_schema},
    [MESSAGE_DELIVERED - MESSAGES_DELIVERY] = {"delivered", ROLE_STORE, ROLE_SMTP | ROLE_RELAY, &message_delivered_schema, MESSAGE_DELIVER},
    [MESSAGE_ROOM - MESSAGES_DELIVERY] = {"room", ROLE_SMTP, ROLE_STORE, &message_room_schema},
    [MESSAGE_ROOM_ANSWER - MESSAGES_DELIVERY] = {"room-answer", ROLE_STORE, ROLE_SMTP, &message_result_schema, MESSAGE_ROOM},
    [MESSAGE_ETRN - MESSAGES_DELIVERY] = {"etrn", ROLE_SMTP, ROLE_STORE, &message_etrn_schema},
    [MESSAGE_ETRN_ANSWER - MESSAGES_DELIVERY] = {"etrn-answer", ROLE_STORE, ROLE_SMTP, &message_etrn_answer_schema, MESSAGE_ETRN},
    [MESSAGE_SHOW - MESSAGES_DELIVERY] = {"show", ROLE_SMTP, ROLE_STORE, &message_show_schema},
    [MESSAGE_SHOWN - MESSAGES_DELIVERY] = {"shown", ROLE_STORE, ROLE_SMTP, &message_shown_schema, MESSAGE_SHOW},
    [MESSAGE_MAILING_LIST - MESSAGES_DELIVERY] = {"mailing-list", ROLE_SMTP, ROLE_STORE, &message_mailing_list_schema},
    [MESSAGE_REFUSED - MESSAGES_DELIVERY] = {"refused", ROLE_SMTP, ROLE_STORE, &message_refused_schema},
    [MESSAGE_MAILING_LIST_ANSWER - MESSAGES_DELIVERY] = {"mailing-list-answer", ROLE_STORE, ROLE_SMTP, &message_result_schema, MESSAGE_MAILING_LIST},
};
/* clang-format on */
