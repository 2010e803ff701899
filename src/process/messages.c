/* The table of messages.h: fields with their limits, and who may say what to whom. */
#include "process/messages.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "dsn/dsn_explain.h"

enum {
	ADDRESS_MAX = 1024,     /* RFC 5321 allows 256 octets of path; EAI and quoting add some */
	NAME_MAX_BYTES = 1024,  /* mailbox names, file names */
	SASL_MAX = 16384,       /* RFC 4954 asks for 12288 octets of a base64 line */
	PIECE_MAX = 256 * 1024, /* a piece of a body */
	TARGETS_MAX = 1000,     /* of one address, through aliases: DIRECTORY_TARGETS_MAX */
	RECIPIENTS_MAX = 100,   /* mailboxes of one message, aliases followed: ACCOUNT_TARGETS_MAX */
	QUEUED_MAX = 2000,  /* recipients of one message in the queue: remote ones, held ones, and those to be
	                       told of */
	REPORTS_MAX = 1000, /* recipients that one DSN tells of: several messages' when it was gathered */
	REPLY_MAX = 600,    /* the remote's words */
	ID_MAX = 12,        /* a message's: base/random.h */
	ENVID_MAX = 500,    /* 100 characters (RFC 3461 section 4.4) as xtext */
	SUMMARY_MAX = 256 * 1024 /* structure and summary of a message */
};

/*
 * Numbers. A time is one that every computation with it stands: up to the end of the year 9999. A size or
 * count is far above what a machine holds, and far below where sums of them overflow. An identity is a number
 * that we gave ourselves.
 */
#define TIME_MAX UINT64_C(253402300799)
#define SIZE_LIMIT (UINT64_C(1) << 50)
#define IDENTITY_MAX ((uint64_t)INT64_MAX)
enum {
	ROLES_MAX = 0xffff,            /* bits of enum role_bit */
	SERVICES_LIMIT = 31,           /* of settings.h: they are bits of an unsigned */
	DIRECTORY_OPERATION_MAX = 255, /* directory_job.h knows them */
	NOTIFY_ALL = NOTIFY_NEVER | NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY,
	RET_MAX = 2,       /* 0 not given, 1 FULL, 2 HDRS */
	BODY_MAX = 2,      /* enum smtp_body_kind */
	PRIORITY_MAX = 18, /* MT-PRIORITY + 9 */
	BY_MODE_MAX = 256 + 'R',
	STATUS_WORD_MAX = 16, /* "5.1.1"; RFC 3463 allows three digits each */
	DNS_TYPE_MAX = 65535,
	DNS_STATUS_MAX = 4095 /* with EDNS a status has 12 bits */
};

/* A field's row. Macros, because offsetof needs the names themselves. */
#define FIELD(type, member, kind, least, most, element)                                                      \
	{                                                                                                    \
#member, kind, offsetof(struct type, member), most, element, least                           \
	}
#define FIELD_NUMBER(type, member, least, most) FIELD(type, member, CODEC_U64, least, most, NULL)
#define FIELD_ANY(type, member)                                                                              \
	FIELD(type, member, CODEC_U64, 0, UINT64_MAX, NULL) /* a hash, or judged by the receiver */
#define FIELD_FLAG(type, member) FIELD(type, member, CODEC_U64, 0, 1, NULL)
#define FIELD_TIME(type, member) FIELD(type, member, CODEC_U64, 0, TIME_MAX, NULL)
#define FIELD_SIZE(type, member) FIELD(type, member, CODEC_U64, 0, SIZE_LIMIT, NULL)
#define FIELD_COUNT(type, member) FIELD(type, member, CODEC_U64, 0, UINT32_MAX, NULL)
#define FIELD_IDENTITY(type, member) FIELD(type, member, CODEC_U64, 0, IDENTITY_MAX, NULL)
#define FIELD_ERROR(type, member) FIELD(type, member, CODEC_ERROR, 0, CODEC_ERRNO_MAX, NULL)
#define FIELD_BYTES(type, member, max) FIELD(type, member, CODEC_BYTES, 0, max, NULL)
#define FIELD_TEXT(type, member, max) FIELD(type, member, CODEC_TEXT, 0, max, NULL)
#define FIELD_LINE(type, member, max) FIELD(type, member, CODEC_LINE, 0, max, NULL)
#define FIELD_WORD(type, member, max) FIELD(type, member, CODEC_WORD, 0, max, NULL)
#define FIELD_ADDRESS(type, member) FIELD(type, member, CODEC_ADDRESS, 0, ADDRESS_MAX, NULL)
#define FIELD_HEADER(type, member, max) FIELD(type, member, CODEC_HEADER, 0, max, NULL)
#define FIELD_LIST(type, member, max, elements) FIELD(type, member, CODEC_LIST, 0, max, elements)
#define IS_STRUCT(name) struct name * : 1,
#define SCHEMA(type, ...)                                                                                    \
	_Static_assert(_Generic((struct type *)0, IPC_STRUCTS(IS_STRUCT) default : 0),                       \
	    "add the struct to IPC_STRUCTS in messages.h");                                                  \
	static const struct codec_field type##_fields[] = {__VA_ARGS__};                                     \
	const struct codec_schema type##_schema = {                                                          \
	    #type, sizeof(struct type), type##_fields, sizeof type##_fields / sizeof type##_fields[0]}

SCHEMA(message_settings, FIELD_BYTES(message_settings, encoded, 256 * 1024));
SCHEMA(message_peer, FIELD_NUMBER(message_peer, role, 1, ROLES_MAX), FIELD_IDENTITY(message_peer, number));
SCHEMA(message_listener, FIELD_NUMBER(message_listener, service, 0, SERVICES_LIMIT),
    FIELD_LINE(message_listener, address, 256));
SCHEMA(message_file, FIELD_NUMBER(message_file, kind, 1, FILE_ANCHORS), FIELD_IDENTITY(message_file, number),
    FIELD_LINE(message_file, name, NAME_MAX_BYTES), FIELD_BYTES(message_file, content, 480 * 1024));
SCHEMA(message_empty, FIELD_NUMBER(message_empty, unused, 0, 0));
SCHEMA(message_resolve, FIELD_ADDRESS(message_resolve, address));
SCHEMA(message_target, FIELD_IDENTITY(message_target, account),
    FIELD_LINE(message_target, mailbox, NAME_MAX_BYTES), FIELD_ADDRESS(message_target, address));
SCHEMA(message_resolved, FIELD_NUMBER(message_resolved, verdict, 0, RESOLVE_TOO_MANY),
    FIELD_LIST(message_resolved, targets, TARGETS_MAX, &message_target_schema));
SCHEMA(message_login, FIELD_WORD(message_login, session, 64), FIELD_WORD(message_login, service, 16),
    FIELD_WORD(message_login, client, 64), FIELD_LINE(message_login, mechanism, 32),
    FIELD_BYTES(message_login, initial, SASL_MAX), FIELD_WORD(message_login, binding_type, 32),
    FIELD_BYTES(message_login, binding, 64), FIELD_FLAG(message_login, has_initial),
    FIELD_FLAG(message_login, secure), FIELD_LINE(message_login, apop_stamp, 256));
SCHEMA(message_login_more, FIELD_BYTES(message_login_more, response, SASL_MAX),
    FIELD_FLAG(message_login_more, cancel));
SCHEMA(message_challenge, FIELD_BYTES(message_challenge, text, SASL_MAX));
SCHEMA(
    message_logged_in, FIELD_IDENTITY(message_logged_in, account), FIELD_ADDRESS(message_logged_in, address));
SCHEMA(message_login_failed, FIELD_NUMBER(message_login_failed, why, 0, LOGIN_DISABLED));
SCHEMA(message_sender, FIELD_IDENTITY(message_sender, account), FIELD_ADDRESS(message_sender, address));
SCHEMA(message_verdict, FIELD_FLAG(message_verdict, allowed), FIELD_FLAG(message_verdict, temporary),
    FIELD_FLAG(message_verdict, foreign));
SCHEMA(message_grant, FIELD_IDENTITY(message_grant, account), FIELD_WORD(message_grant, service, 16));
SCHEMA(message_granted, FIELD_ERROR(message_granted, error));
SCHEMA(message_revoke, FIELD_IDENTITY(message_revoke, account));
SCHEMA(message_field, FIELD_BYTES(message_field, value, 128 * 1024));
SCHEMA(message_directory, FIELD_NUMBER(message_directory, operation, 1, DIRECTORY_OPERATION_MAX),
    FIELD_ANY(message_directory, number), FIELD_LIST(message_directory, fields, 256, &message_field_schema));
SCHEMA(message_directory_answer, FIELD_ERROR(message_directory_answer, error),
    FIELD_ANY(message_directory_answer, number),
    FIELD_LIST(message_directory_answer, fields, 4096, &message_field_schema));
SCHEMA(message_upload, FIELD_IDENTITY(message_upload, upload), FIELD_BYTES(message_upload, bytes, PIECE_MAX));
SCHEMA(message_upload_credit, FIELD_IDENTITY(message_upload_credit, upload),
    FIELD_SIZE(message_upload_credit, bytes));
SCHEMA(message_upload_abort, FIELD_IDENTITY(message_upload_abort, upload));
SCHEMA(message_delivery_target, FIELD_IDENTITY(message_delivery_target, account),
    FIELD_LINE(message_delivery_target, mailbox, NAME_MAX_BYTES),
    FIELD_HEADER(message_delivery_target, prefix, 4096), FIELD_ADDRESS(message_delivery_target, address));
SCHEMA(message_delivery_recipient, FIELD_NUMBER(message_delivery_recipient, kind, 0, RECIPIENT_EXPANDED),
    FIELD_ADDRESS(message_delivery_recipient, address),
    FIELD_LINE(message_delivery_recipient, orcpt, ADDRESS_MAX),
    FIELD_NUMBER(message_delivery_recipient, notify, 0, NOTIFY_ALL),
    FIELD_WORD(message_delivery_recipient, destination, 256),
    FIELD_ADDRESS(message_delivery_recipient, forwarder), FIELD_IDENTITY(message_delivery_recipient, account),
    FIELD_LINE(message_delivery_recipient, mailbox, NAME_MAX_BYTES),
    FIELD_HEADER(message_delivery_recipient, prefix, 4096));
SCHEMA(message_delivery_report, FIELD_WORD(message_delivery_report, id, ID_MAX),
    FIELD_COUNT(message_delivery_report, recipient),
    FIELD_NUMBER(message_delivery_report, action, 0, ACTION_EXPANDED));
SCHEMA(message_deliver, FIELD_WORD(message_deliver, session, 64), FIELD_IDENTITY(message_deliver, upload),
    FIELD_BYTES(message_deliver, bytes, PIECE_MAX), FIELD_BYTES(message_deliver, summary, 2048),
    FIELD_BYTES(message_deliver, trailer, SUMMARY_MAX), FIELD_TIME(message_deliver, received_at),
    FIELD_ANY(message_deliver, thread_hash), FIELD_FLAG(message_deliver, all_or_none),
    FIELD_FLAG(message_deliver, enforce_quota),
    FIELD_LIST(message_deliver, targets, RECIPIENTS_MAX, &message_delivery_target_schema),
    FIELD_WORD(message_deliver, id, ID_MAX), FIELD_ADDRESS(message_deliver, sender),
    FIELD_LINE(message_deliver, client, 512), FIELD_LINE(message_deliver, message_id, 1000),
    FIELD_IDENTITY(message_deliver, submitter), FIELD_NUMBER(message_deliver, ret, 0, RET_MAX),
    FIELD_LINE(message_deliver, envid, ENVID_MAX), FIELD_NUMBER(message_deliver, body, 0, BODY_MAX),
    FIELD_FLAG(message_deliver, utf8), FIELD_SIZE(message_deliver, text_growth),
    FIELD_FLAG(message_deliver, require_tls), FIELD_NUMBER(message_deliver, priority, 0, PRIORITY_MAX),
    FIELD_FLAG(message_deliver, priority_given), FIELD_TIME(message_deliver, by_time),
    FIELD_NUMBER(message_deliver, by_mode, 0, BY_MODE_MAX), FIELD_TIME(message_deliver, hold_until),
    FIELD_LIST(message_deliver, recipients, QUEUED_MAX, &message_delivery_recipient_schema),
    FIELD_LIST(message_deliver, reports, REPORTS_MAX, &message_delivery_report_schema));
SCHEMA(message_result, FIELD_ERROR(message_result, error));
SCHEMA(message_delivered,
    FIELD_LIST(message_delivered, results, RECIPIENTS_MAX + QUEUED_MAX, &message_result_schema));
SCHEMA(message_room, FIELD_IDENTITY(message_room, account), FIELD_SIZE(message_room, bytes));
SCHEMA(message_etrn, FIELD_WORD(message_etrn, domain, 256));
SCHEMA(
    message_etrn_answer, FIELD_ERROR(message_etrn_answer, error), FIELD_SIZE(message_etrn_answer, messages));
SCHEMA(message_srs, FIELD_NUMBER(message_srs, operation, SRS_REWRITE, SRS_REVERSE),
    FIELD_ADDRESS(message_srs, address), FIELD_WORD(message_srs, domain, 256));
SCHEMA(
    message_srs_answer, FIELD_ERROR(message_srs_answer, error), FIELD_ADDRESS(message_srs_answer, address));
SCHEMA(message_queue_ready, FIELD_COUNT(message_queue_ready, destinations));
SCHEMA(message_queue_destination, FIELD_IDENTITY(message_queue_destination, number),
    FIELD_WORD(message_queue_destination, name, 256), FIELD_LINE(message_queue_destination, route, 512),
    FIELD_COUNT(message_queue_destination, failures), FIELD_TIME(message_queue_destination, failing_since));
SCHEMA(message_queue_take, FIELD_IDENTITY(message_queue_take, number),
    FIELD_COUNT(message_queue_take, messages), FIELD_SIZE(message_queue_take, bytes));
SCHEMA(message_queue_recipient, FIELD_COUNT(message_queue_recipient, number),
    FIELD_LINE(message_queue_recipient, address, ADDRESS_MAX),
    FIELD_LINE(message_queue_recipient, orcpt, ADDRESS_MAX),
    FIELD_LINE(message_queue_recipient, forwarder, ADDRESS_MAX),
    FIELD_NUMBER(message_queue_recipient, notify, 0, NOTIFY_ALL),
    FIELD_COUNT(message_queue_recipient, attempts),
    FIELD_NUMBER(message_queue_recipient, action, 0, ACTION_EXPANDED),
    FIELD_TIME(message_queue_recipient, last_attempt),
    FIELD_NUMBER(message_queue_recipient, cause, 0, TROUBLE_KINDS - 1),
    FIELD_NUMBER(message_queue_recipient, over, 0, TROUBLE_KINDS - 1),
    FIELD_WORD(message_queue_recipient, status, STATUS_WORD_MAX),
    FIELD_TEXT(message_queue_recipient, reply, REPLY_MAX), FIELD_LINE(message_queue_recipient, host, 256),
    FIELD_LINE(message_queue_recipient, stage, 32));
SCHEMA(message_queue_message, FIELD_IDENTITY(message_queue_message, number),
    FIELD_WORD(message_queue_message, id, ID_MAX), FIELD_LINE(message_queue_message, sender, ADDRESS_MAX),
    FIELD_LINE(message_queue_message, envid, ENVID_MAX), FIELD_TIME(message_queue_message, arrived),
    FIELD_TIME(message_queue_message, expires), FIELD_SIZE(message_queue_message, size),
    FIELD_NUMBER(message_queue_message, ret, 0, RET_MAX),
    FIELD_NUMBER(message_queue_message, body, 0, BODY_MAX), FIELD_FLAG(message_queue_message, utf8),
    FIELD_FLAG(message_queue_message, require_tls),
    FIELD_NUMBER(message_queue_message, priority, 0, PRIORITY_MAX),
    FIELD_TIME(message_queue_message, by_time), FIELD_NUMBER(message_queue_message, by_mode, 0, BY_MODE_MAX),
    FIELD_FLAG(message_queue_message, priority_given), FIELD_SIZE(message_queue_message, trailer),
    FIELD_LIST(message_queue_message, recipients, QUEUED_MAX, &message_queue_recipient_schema),
    FIELD_BYTES(message_queue_message, bytes, PIECE_MAX));
SCHEMA(message_queue_taken, FIELD_IDENTITY(message_queue_taken, number),
    FIELD_ERROR(message_queue_taken, error), FIELD_COUNT(message_queue_taken, count),
    FIELD_FLAG(message_queue_taken, more));
SCHEMA(message_queue_read, FIELD_WORD(message_queue_read, id, ID_MAX), FIELD_SIZE(message_queue_read, offset),
    FIELD_COUNT(message_queue_read, length));
SCHEMA(message_queue_data, FIELD_ERROR(message_queue_data, error),
    FIELD_BYTES(message_queue_data, bytes, PIECE_MAX));
SCHEMA(message_queue_result, FIELD_COUNT(message_queue_result, recipient),
    FIELD_NUMBER(message_queue_result, verdict, 0, QUEUE_UNTRIED),
    FIELD_NUMBER(message_queue_result, cause, 0, TROUBLE_KINDS - 1),
    FIELD_WORD(message_queue_result, status, STATUS_WORD_MAX),
    FIELD_TEXT(message_queue_result, reply, REPLY_MAX), FIELD_LINE(message_queue_result, stage, 32));
SCHEMA(message_queue_outcome, FIELD_IDENTITY(message_queue_outcome, number),
    FIELD_WORD(message_queue_outcome, id, ID_MAX), FIELD_LINE(message_queue_outcome, host, 256),
    FIELD_LINE(message_queue_outcome, address, 128), FIELD_LINE(message_queue_outcome, tls, 128),
    FIELD_LINE(message_queue_outcome, verified, 64),
    FIELD_LIST(message_queue_outcome, results, QUEUED_MAX, &message_queue_result_schema));
SCHEMA(message_queue_more, FIELD_IDENTITY(message_queue_more, number));
SCHEMA(message_queue_rest, FIELD_IDENTITY(message_queue_rest, number),
    FIELD_NUMBER(message_queue_rest, how, 0, REST_DEAD), FIELD_COUNT(message_queue_rest, seconds),
    FIELD_NUMBER(message_queue_rest, cause, 0, TROUBLE_KINDS - 1),
    FIELD_WORD(message_queue_rest, status, STATUS_WORD_MAX), FIELD_TEXT(message_queue_rest, text, REPLY_MAX),
    FIELD_LINE(message_queue_rest, host, 256), FIELD_LINE(message_queue_rest, stage, 32));
SCHEMA(message_maildrop_list, FIELD_BYTES(message_maildrop_list, entries, PIECE_MAX));
SCHEMA(message_maildrop_opened, FIELD_ERROR(message_maildrop_opened, error),
    FIELD_COUNT(message_maildrop_opened, count));
SCHEMA(message_fetch, FIELD_BYTES(message_fetch, indexes, 4096), FIELD_ANY(message_fetch, offset),
    FIELD_ANY(message_fetch, length));
SCHEMA(message_fetch_data, FIELD_COUNT(message_fetch_data, index), FIELD_ERROR(message_fetch_data, error),
    FIELD_FLAG(message_fetch_data, last), FIELD_BYTES(message_fetch_data, bytes, PIECE_MAX));
SCHEMA(message_expunge, FIELD_BYTES(message_expunge, indexes, PIECE_MAX), FIELD_FLAG(message_expunge, last));
SCHEMA(message_sign, FIELD_COUNT(message_sign, key), FIELD_FLAG(message_sign, pss),
    FIELD_WORD(message_sign, algorithm, 32), FIELD_BYTES(message_sign, tbs, 16384));
SCHEMA(message_signed, FIELD_ERROR(message_signed, error), FIELD_BYTES(message_signed, signature, 1024));
SCHEMA(message_ticket_key, FIELD_BYTES(message_ticket_key, key, 128),
    FIELD_BYTES(message_ticket_key, previous, 128));
SCHEMA(message_query, FIELD_LINE(message_query, name, 256),
    FIELD_NUMBER(message_query, type, 0, DNS_TYPE_MAX), FIELD_COUNT(message_query, timeout_ms));
SCHEMA(message_answer, FIELD_NUMBER(message_answer, status, 0, DNS_STATUS_MAX),
    FIELD_FLAG(message_answer, secure), FIELD_FLAG(message_answer, bogus), FIELD_COUNT(message_answer, ttl),
    FIELD_LINE(message_answer, canonical, 256), FIELD_TEXT(message_answer, why, 512),
    FIELD_LIST(message_answer, records, 256, &message_field_schema));
SCHEMA(message_command, FIELD_LIST(message_command, words, 256, &message_field_schema),
    FIELD_FLAG(message_command, json));
SCHEMA(message_output, FIELD_BYTES(message_output, text, PIECE_MAX),
    FIELD_NUMBER(message_output, status, 0, 255), FIELD_FLAG(message_output, last));

enum { EDGES = ROLE_SMTP | ROLE_POP3, EVERYBODY = 0xffff };

/* clang-format off */
static const struct message_row {
	const char *name;
	unsigned from, to;
	const struct codec_schema *schema;
} rows[MESSAGE_TYPES] = {
    [MESSAGE_SETTINGS] = {"settings", ROLE_MASTER, EVERYBODY, &message_settings_schema},
    [MESSAGE_PEER] = {"peer", ROLE_MASTER, EVERYBODY, &message_peer_schema},
    [MESSAGE_LISTENER] = {"listener", ROLE_MASTER, EVERYBODY, &message_listener_schema},
    [MESSAGE_FILE] = {"file", ROLE_MASTER, EVERYBODY, &message_file_schema},
    [MESSAGE_FOLDER] = {"folder", ROLE_MASTER, ROLE_STORE, &message_empty_schema},
    [MESSAGE_START] = {"start", ROLE_MASTER, EVERYBODY, &message_empty_schema},
    [MESSAGE_DRAIN] = {"drain", ROLE_MASTER, EVERYBODY, &message_empty_schema},
    [MESSAGE_READY] = {"ready", EVERYBODY, ROLE_MASTER, &message_empty_schema},
    [MESSAGE_PEER_LOST] = {"peer-lost", EVERYBODY, ROLE_MASTER, &message_peer_schema},

    [MESSAGE_RESOLVE] = {"resolve", ROLE_SMTP | ROLE_RELAY, ROLE_AUTH, &message_resolve_schema},
    [MESSAGE_RESOLVED] = {"resolved", ROLE_AUTH, ROLE_SMTP | ROLE_RELAY, &message_resolved_schema},
    [MESSAGE_LOGIN] = {"login", EDGES, ROLE_AUTH, &message_login_schema},
    [MESSAGE_LOGIN_MORE] = {"login-more", EDGES, ROLE_AUTH, &message_login_more_schema},
    [MESSAGE_CHALLENGE] = {"challenge", ROLE_AUTH, EDGES, &message_challenge_schema},
    [MESSAGE_LOGGED_IN] = {"logged-in", ROLE_AUTH, EDGES, &message_logged_in_schema},
    [MESSAGE_LOGIN_FAILED] = {"login-failed", ROLE_AUTH, EDGES, &message_login_failed_schema},
    [MESSAGE_SENDER] = {"sender", ROLE_SMTP, ROLE_AUTH, &message_sender_schema},
    [MESSAGE_VERDICT] = {"verdict", ROLE_AUTH, ROLE_SMTP, &message_verdict_schema},

    [MESSAGE_GRANT] = {"grant", ROLE_AUTH, ROLE_STORE, &message_grant_schema},
    [MESSAGE_GRANTED] = {"granted", ROLE_STORE, ROLE_AUTH, &message_granted_schema},
    [MESSAGE_REVOKE] = {"revoke", ROLE_AUTH, ROLE_STORE | ROLE_SMTP, &message_revoke_schema},
    [MESSAGE_DIRECTORY] = {"directory", ROLE_AUTH | ROLE_ADMIN, ROLE_STORE | ROLE_AUTH, &message_directory_schema},
    [MESSAGE_DIRECTORY_ANSWER] = {"directory-answer", ROLE_STORE | ROLE_AUTH, ROLE_AUTH | ROLE_ADMIN, &message_directory_answer_schema},

    [MESSAGE_UPLOAD] = {"upload", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_upload_schema},
    [MESSAGE_UPLOAD_CREDIT] = {"upload-credit", ROLE_STORE, ROLE_SMTP | ROLE_RELAY, &message_upload_credit_schema},
    [MESSAGE_UPLOAD_ABORT] = {"upload-abort", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_upload_abort_schema},
    [MESSAGE_DELIVER] = {"deliver", ROLE_SMTP | ROLE_RELAY, ROLE_STORE, &message_deliver_schema},
    [MESSAGE_DELIVERED] = {"delivered", ROLE_STORE, ROLE_SMTP | ROLE_RELAY, &message_delivered_schema},
    [MESSAGE_ROOM] = {"room", ROLE_SMTP, ROLE_STORE, &message_room_schema},
    [MESSAGE_ROOM_ANSWER] = {"room-answer", ROLE_STORE, ROLE_SMTP, &message_result_schema},

    [MESSAGE_ETRN] = {"etrn", ROLE_SMTP, ROLE_STORE, &message_etrn_schema},
    [MESSAGE_ETRN_ANSWER] = {"etrn-answer", ROLE_STORE, ROLE_SMTP, &message_etrn_answer_schema},

    [MESSAGE_MAILDROP_OPEN] = {"maildrop-open", ROLE_POP3, ROLE_STORE, &message_empty_schema},
    [MESSAGE_MAILDROP_LIST] = {"maildrop-list", ROLE_STORE, ROLE_POP3, &message_maildrop_list_schema},
    [MESSAGE_MAILDROP_OPENED] = {"maildrop-opened", ROLE_STORE, ROLE_POP3, &message_maildrop_opened_schema},
    [MESSAGE_FETCH] = {"fetch", ROLE_POP3, ROLE_STORE, &message_fetch_schema},
    [MESSAGE_FETCH_DATA] = {"fetch-data", ROLE_STORE, ROLE_POP3, &message_fetch_data_schema},
    [MESSAGE_EXPUNGE] = {"expunge", ROLE_POP3, ROLE_STORE, &message_expunge_schema},
    [MESSAGE_EXPUNGED] = {"expunged", ROLE_STORE, ROLE_POP3, &message_result_schema},

    [MESSAGE_SIGN] = {"sign", EDGES, ROLE_KEYS, &message_sign_schema},
    [MESSAGE_SIGNED] = {"signed", ROLE_KEYS, EDGES, &message_signed_schema},
    [MESSAGE_TICKET_KEY] = {"ticket-key", EDGES, ROLE_KEYS, &message_empty_schema},
    [MESSAGE_TICKET_KEY_ANSWER] = {"ticket-key-answer", ROLE_KEYS, EDGES, &message_ticket_key_schema},

    [MESSAGE_SRS] = {"srs", ROLE_SMTP | ROLE_RELAY, ROLE_KEYS, &message_srs_schema},
    [MESSAGE_SRS_ANSWER] = {"srs-answer", ROLE_KEYS, ROLE_SMTP | ROLE_RELAY, &message_srs_answer_schema},

    [MESSAGE_QUERY] = {"query", ROLE_SMTP | ROLE_RELAY, ROLE_DNS, &message_query_schema},
    [MESSAGE_ANSWER] = {"answer", ROLE_DNS, ROLE_SMTP | ROLE_RELAY, &message_answer_schema},

    [MESSAGE_COMMAND] = {"command", ROLE_ADMIN, ROLE_AUTH | ROLE_STORE, &message_command_schema},
    [MESSAGE_OUTPUT] = {"output", ROLE_AUTH | ROLE_STORE, ROLE_ADMIN, &message_output_schema},

    [MESSAGE_QUEUE_READY] = {"queue-ready", ROLE_RELAY, ROLE_STORE, &message_queue_ready_schema},
    [MESSAGE_QUEUE_DESTINATION] = {"queue-destination", ROLE_STORE, ROLE_RELAY, &message_queue_destination_schema},
    [MESSAGE_QUEUE_TAKE] = {"queue-take", ROLE_RELAY, ROLE_STORE, &message_queue_take_schema},
    [MESSAGE_QUEUE_MESSAGE] = {"queue-message", ROLE_STORE, ROLE_RELAY, &message_queue_message_schema},
    [MESSAGE_QUEUE_TAKEN] = {"queue-taken", ROLE_STORE, ROLE_RELAY, &message_queue_taken_schema},
    [MESSAGE_QUEUE_READ] = {"queue-read", ROLE_RELAY, ROLE_STORE, &message_queue_read_schema},
    [MESSAGE_QUEUE_DATA] = {"queue-data", ROLE_STORE, ROLE_RELAY, &message_queue_data_schema},
    [MESSAGE_QUEUE_OUTCOME] = {"queue-outcome", ROLE_RELAY, ROLE_STORE, &message_queue_outcome_schema},
    [MESSAGE_QUEUE_KEPT] = {"queue-kept", ROLE_STORE, ROLE_RELAY, &message_result_schema},
    [MESSAGE_QUEUE_MORE] = {"queue-more", ROLE_STORE, ROLE_RELAY, &message_queue_more_schema},
    [MESSAGE_QUEUE_REST] = {"queue-rest", ROLE_RELAY, ROLE_STORE, &message_queue_rest_schema},
};
/* clang-format on */

static const struct message_row *row_of(unsigned type)
{
	return type < MESSAGE_TYPES && rows[type].schema ? &rows[type] : NULL;
}

const char *ipc_name(unsigned type)
{
	const struct message_row *row = row_of(type);
	return row ? row->name : NULL;
}

const struct codec_schema *ipc_schema(unsigned type)
{
	const struct message_row *row = row_of(type);
	return row ? row->schema : NULL;
}

bool ipc_allowed(unsigned type, unsigned from, unsigned to)
{
	const struct message_row *row = row_of(type);
	return row && (row->from & from) && (row->to & to);
}

int ipc_encode(struct buf *out, unsigned type, const void *message)
{
	const struct message_row *row = row_of(type);
	return row ? codec_encode(out, row->schema, message) : -EINVAL;
}

int ipc_send(struct channel *c, enum message_type type, uint32_t request, const void *message, int fd)
{
	size_t mark;
	struct buf *out = channel_begin(c, (uint16_t)type, request, &mark);
	int error = codec_encode(out, rows[type].schema, message);
	/* A channel that is full dies of it (channel_end sees to that); a field that is too long is the
	 * sender's matter. */
	if (error == 0 || buf_failed(out))
		return channel_end(c, mark, fd);
	buf_truncate(out, mark);
	if (fd >= 0)
		close(fd);
	/* A value that is none: what made it is broken, and whoever waits for this message would wait in vain
	 * without a word. */
	log_event(
	    LOG_ERROR, "-", "message-not-sent", log_string("message", ipc_name(type)), log_errno(error));
	return error;
}

int ipc_send_blocking(int socket, enum message_type type, uint32_t request, const void *message, int fd)
{
	struct buf payload;
	buf_init(&payload, CHANNEL_FRAME_MAX);
	int error = codec_encode(&payload, rows[type].schema, message);
	if (error == 0)
		error = channel_send_blocking(socket, (uint16_t)type, request, buf_view(&payload), fd);
	buf_done(&payload);
	return error;
}

int ipc_decode_as(const struct channel_frame *frame, const struct codec_schema *schema, size_t size,
    void *message, struct arena *arena)
{
	const struct message_row *row = row_of(frame->type);
	if (row == NULL || (schema && row->schema != schema) || row->schema->size > size)
		return -EBADMSG;
	return codec_decode(frame->payload, row->schema, message, arena);
}
