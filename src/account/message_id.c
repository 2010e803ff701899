/* See message_id.h. */
#include "account/message_id.h"

#include <string.h>

#include "account/message.h"
#include "base/mem.h"
#include "mime/summary.h"

int account_message_id(
    struct txn *t, uint64_t shard, uint64_t emailid, char *out, size_t room, size_t *len, int64_t *received)
{
	struct email_copy *copy = mem_alloc(sizeof *copy);
	struct message_summary summary;
	int error = email_read(t, shard, emailid, copy);
	*len = 0;
	*received = error ? 0 : copy->email.received;
	if (error == 0 && message_summary_decode_texts(copy->email.summary, &summary) == 0) {
		struct view id = view_trim(summary.envelope.message_id);
		if (id.len > 2 && id.data[0] == '<' && id.data[id.len - 1] == '>' && id.len - 2 <= room) {
			*len = id.len - 2;
			memcpy(out, id.data + 1, *len);
		}
	}
	mem_free(copy);
	return error;
}
