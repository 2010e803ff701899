/*
 * The rows of a message's schema, for messages_*.c alone: a macro for each kind of field, and the limits that
 * several messages share.
 */
#ifndef PROCESS_MESSAGE_FIELDS_H
#define PROCESS_MESSAGE_FIELDS_H

#include <stddef.h>

#include "format/outcome.h"
#include "process/messages.h"

enum {
	ADDRESS_MAX = 1024,      /* RFC 5321 allows 256 octets of path; EAI and quoting add some */
	MAILBOX_NAME_MAX = 1024, /* RFC 9051 has no limit; a client's line has */
	PIECE_MAX = 256 * 1024,  /* a piece of a body */
	RECIPIENTS_MAX = 100,    /* mailboxes of one message, aliases followed: ACCOUNT_TARGETS_MAX */
	QUEUED_MAX = 2000, /* recipients of one message in the queue: remote, held, and those to be told of */
	ENVID_BYTES_MAX = 500, /* 100 characters (RFC 3461 section 4.4) as xtext */
	NOTIFY_ALL = NOTIFY_NEVER | NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY,
	STATUS_WORD_MAX = 16 /* "5.1.1"; RFC 3463 allows three digits each */
};

/*
 * Numbers. A time is one that every computation with it stands: up to the end of the year 9999. A size or
 * count is far above what a machine holds, and far below where sums of them overflow. An identity is a number
 * that we gave ourselves.
 */
#define TIME_MAX UINT64_C(253402300799)
#define SIZE_LIMIT (UINT64_C(1) << 50)
#define IDENTITY_MAX ((uint64_t)INT64_MAX)

/* clang-format off */
/* A field's row. Macros, because offsetof needs the names themselves; FIELD_KIND fails to compile for a member of another type. */
#define FIELD_KIND(type, member, c_type, kind) _Generic(((struct type *)0)->member, c_type : kind)
#define FIELD(type, member, kind, least, most, element) {#member, kind, offsetof(struct type, member), most, element, least}
#define FIELD_NUMBER(type, member, least, most) FIELD(type, member, CODEC_U64, least, most, NULL)
#define FIELD_ANY(type, member) FIELD(type, member, CODEC_U64, 0, UINT64_MAX, NULL) /* a hash, or judged by the receiver */
#define FIELD_FLAG(type, member) FIELD(type, member, CODEC_U64, 0, 1, NULL)
#define FIELD_TIME(type, member) FIELD(type, member, CODEC_U64, 0, TIME_MAX, NULL)
#define FIELD_SIZE(type, member) FIELD(type, member, CODEC_U64, 0, SIZE_LIMIT, NULL)
#define FIELD_COUNT(type, member) FIELD(type, member, CODEC_U64, 0, UINT32_MAX, NULL)
#define FIELD_IDENTITY(type, member) FIELD(type, member, CODEC_U64, 0, IDENTITY_MAX, NULL)
#define FIELD_ERROR(type, member) FIELD(type, member, FIELD_KIND(type, member, int64_t, CODEC_SIGNED), 0, CODEC_ERRNO_MAX, NULL)
#define FIELD_SIGNED(type, member, most) FIELD(type, member, FIELD_KIND(type, member, int64_t, CODEC_SIGNED), 0, most, NULL)
#define FIELD_BYTES(type, member, max) FIELD(type, member, FIELD_KIND(type, member, struct view, CODEC_BYTES), 0, max, NULL)
#define FIELD_TEXT(type, member, max) FIELD(type, member, FIELD_KIND(type, member, struct view, CODEC_TEXT), 0, max, NULL)
#define FIELD_LINE(type, member, max) FIELD(type, member, FIELD_KIND(type, member, struct view, CODEC_LINE), 0, max, NULL)
#define FIELD_WORD(type, member, max) FIELD(type, member, FIELD_KIND(type, member, struct view, CODEC_WORD), 0, max, NULL)
#define FIELD_ADDRESS(type, member) FIELD(type, member, FIELD_KIND(type, member, struct view, CODEC_ADDRESS), 0, ADDRESS_MAX, NULL)
#define FIELD_HEADER(type, member, max) FIELD(type, member, FIELD_KIND(type, member, struct view, CODEC_HEADER), 0, max, NULL)
#define FIELD_LIST(type, member, max, elements) FIELD(type, member, FIELD_KIND(type, member, struct codec_list, CODEC_LIST), 0, max, elements)
/* A member `terms` of struct mail_terms. */
#define FIELDS_TERMS(type) FIELD_ADDRESS(type, terms.sender), FIELD_LINE(type, terms.envid, ENVID_BYTES_MAX), \
	FIELD_NUMBER(type, terms.ret, 0, RET_HDRS), FIELD_NUMBER(type, terms.body, 0, SMTP_BINARYMIME), \
	FIELD_FLAG(type, terms.utf8), FIELD_FLAG(type, terms.requiretls), FIELD_FLAG(type, terms.has_priority), \
	FIELD_SIGNED(type, terms.priority, SMTP_PRIORITY_MAX), FIELD_NUMBER(type, terms.by_mode, 0, SMTP_BY_NOTIFY), \
	FIELD_FLAG(type, terms.by_trace), FIELD_TIME(type, terms.by_time), FIELD_TIME(type, terms.hold_until)
#define IS_STRUCT(name) struct name * : 1,
/* The struct must stand in its header's list as well: decoding finds the schema by the struct's type. */
#define SCHEMA(type, ...) \
	_Static_assert(_Generic((struct type *)0, IPC_STRUCTS(IS_STRUCT) default : 0), "add the struct to the list at the end of its header"); \
	_Static_assert(sizeof(struct type) <= MESSAGE_STRUCT_MAX, "raise MESSAGE_STRUCT_MAX"); \
	static const struct codec_field type##_fields[] = {__VA_ARGS__}; \
	const struct codec_schema type##_schema = {#type, sizeof(struct type), type##_fields, sizeof type##_fields / sizeof type##_fields[0]}
/* clang-format on */

#endif
