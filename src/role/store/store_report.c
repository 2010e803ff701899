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
	    {"volumes", task->volumes}, {"volume_bytes", task->volume_bytes}, {"aside", task->aside},
	    {"aside_bytes", task->aside_bytes}, {"freed", task->freed}};
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
		buf_printf(out, "not finished: %s; mend the cause and try again\n", strerror(-result));
	else if (task->damaged || task->missing)
		buf_append_string(out,
		    "damage was found: the log names each place; what is damaged is left out and everything "
		    "else is served. A damaged index is made anew by itself, from snapshot and log: within "
		    "seconds by a "
		    "running server, else at its next start; a damaged snapshot has been renewed. Bodies and "
		    "their records are "
		    "there once: restore them from a backup\n");
	else if (task->unreadable)
		buf_append_string(out, "some of it could not be read, so nobody knows whether it is good: "
		                       "the log names each place. "
		                       "Nothing of it is given up. Mend the disk, the file system or the "
		                       "rights, and check again\n");
	else
		buf_append_string(out, "good\n");
}
