#include "role/store/store_report.h"

#include <inttypes.h>
#include <string.h>

void store_admin_report(const struct store_task *task, int result, bool json, struct buf *out)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {{"records", task->records}, {"blobs", task->blobs}, {"entries", task->entries},
	    {"damaged", task->damaged}, {"missing", task->missing}, {"unreadable", task->unreadable},
	    {"volumes", task->volumes}, {"volume_bytes", task->volume_bytes}, {"packed", task->packed},
	    {"packed_bytes", task->packed_bytes}, {"aside", task->aside}, {"aside_bytes", task->aside_bytes},
	    {"written", task->written}, {"freed", task->freed}, {"mailboxes", task->mailboxes},
	    {"contradictions", task->contradictions}};
	if (json) {
		buf_printf(out, "{\"result\":%d", result);
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			buf_printf(out, ",\"%s\":%" PRIu64, rows[i].name, rows[i].value);
		buf_append_string(out, "}\n");
		return;
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		buf_printf(out, "%-14s %" PRIu64 "\n", rows[i].name, rows[i].value);
	if (result)
		buf_printf(out, "Not finished: %s; remove the cause and try again.\n", strerror(-result));
	else if (task->damaged || task->missing)
		buf_append_string(out,
		    "Damage was found; the log names each place. Everything that is not damaged is "
		    "served. A damaged index is rebuilt automatically from snapshot and log: within "
		    "seconds while the server runs, otherwise at its next start. A damaged snapshot has "
		    "been written anew. Message bodies and their records exist only once: restore "
		    "damaged ones from a backup.\n");
	else if (task->unreadable)
		buf_append_string(out, "Some places could not be read, so they may be good or damaged; the "
		                       "log names each of them. Nothing was given up. Repair the disk, the "
		                       "file system or the permissions, and check again.\n");
	else if (task->contradictions)
		buf_append_string(out,
		    "Entries of mailboxes contradict one another; the log names each of them. Mail is "
		    "not lost by that, but counts and lists may be wrong. Stop the server and make "
		    "the index anew with `postrider store rebuild`.\n");
	else
		buf_append_string(out, "good\n");
}
