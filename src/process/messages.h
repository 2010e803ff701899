/*
 * All messages between processes, and how they are sent and read. With master/roles.c (who gets a channel to
 * whom) the rows of the pairs are the whole trust map.
 */
#ifndef PROCESS_MESSAGES_H
#define PROCESS_MESSAGES_H

#include "base/arena.h"
#include "io/channel.h"
#include "process/messages_control.h"
#include "process/messages_login.h"
#include "process/messages_directory.h"
#include "process/messages_delivery.h"
#include "process/messages_mailbox.h"
#include "process/messages_keys.h"
#include "process/messages_dns.h"
#include "process/messages_push.h"
#include "process/messages_queue.h"
#include "process/messages_admin.h"
#include "process/messages_content.h"
#include "process/messages_ledger.h"
#include "process/messages_rules.h"
#include "process/messages_script.h"
#include "process/messages_email.h"
#include "process/messages_errand.h"
#include "process/messages_file_link.h"
#include "process/messages_handover.h"
#include "process/messages_submission.h"
#include "process/messages_sharing.h"
#include "process/messages_sign_in.h"

/* All structs that have a schema, elements of lists too. A macro, because types are no values. */
/* clang-format off */
#define IPC_STRUCTS(X) \
	MESSAGES_SHARED_STRUCTS(X) MESSAGES_CONTROL_STRUCTS(X) MESSAGES_LOGIN_STRUCTS(X) MESSAGES_DIRECTORY_STRUCTS(X) \
	MESSAGES_DELIVERY_STRUCTS(X) MESSAGES_MAILBOX_STRUCTS(X) MESSAGES_KEYS_STRUCTS(X) \
	MESSAGES_DNS_STRUCTS(X) MESSAGES_QUEUE_STRUCTS(X) MESSAGES_ADMIN_STRUCTS(X) MESSAGES_CONTENT_STRUCTS(X) \
	MESSAGES_LEDGER_STRUCTS(X) MESSAGES_RULES_STRUCTS(X) MESSAGES_SCRIPT_STRUCTS(X) \
	MESSAGES_EMAIL_STRUCTS(X) MESSAGES_SUBMISSION_STRUCTS(X) MESSAGES_SIGN_IN_STRUCTS(X) MESSAGES_PUSH_STRUCTS(X) \
	MESSAGES_ERRAND_STRUCTS(X) MESSAGES_SHARING_STRUCTS(X) MESSAGES_HANDOVER_STRUCTS(X) \
	MESSAGES_FILE_LINK_STRUCTS(X)
/* clang-format on */

/* The name for logs and documents, or NULL. */
const char *ipc_name(unsigned type);

/* The schema of its struct, or NULL. */
const struct codec_schema *ipc_schema(unsigned type);

/* The question that this type answers, under the same request number; 0: none. */
unsigned ipc_answers(unsigned type);

/* Whether `from` may send this type to `to`. */
bool ipc_allowed(unsigned type, unsigned from, unsigned to);

/* Sends; fd as channel_send. -EMSGSIZE when a field is past its limit, or channel_send's result. */
int ipc_send(struct channel *c, unsigned type, uint32_t request, const void *message, int fd);
int ipc_send_blocking(int socket, unsigned type, uint32_t request, const void *message, int fd);

/* Encodes alone, without sending: the payload of a frame of this type. The same results. */
int ipc_encode(struct buf *out, unsigned type, const void *message);

/*
 * Decodes a frame into the struct that `message` points to. -EBADMSG when it does not fit, or when that
 * struct is not the one of the frame's type: then the peer is broken, drop it. A union of several structs
 * takes each type that fits into it; which one it is, the frame's type tells.
 */
#define ipc_decode(frame, message, arena)                                                                    \
	ipc_decode_as(frame, IPC_SCHEMA_OF(message), sizeof *(message), message, arena)

/* The schema of a struct, from a pointer to it; NULL for a union. */
#define IPC_SCHEMA_OF(message) _Generic((message), IPC_STRUCTS(IPC_SCHEMA_ROW) default : NULL)
#define IPC_SCHEMA_ROW(name) struct name * : &name##_schema,

/* The same in a function's form; schema NULL: whatever type the frame has, up to `size` bytes. */
int ipc_decode_as(const struct channel_frame *frame, const struct codec_schema *schema, size_t size,
    void *message, struct arena *arena) __attribute__((warn_unused_result));

#endif
