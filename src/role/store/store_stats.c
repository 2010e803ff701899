/* The figures of the running engine: see store_admin.h. */
#include <inttypes.h>

#include "role/store/store_admin.h"
#include "role/store/store_private.h"

void store_stats_put(struct buf *out, bool json)
{
	struct store_stats s;
	store_stats(store_role.store, &s);
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {{"commits", s.commits}, {"syncs", s.syncs}, {"checkpoints", s.checkpoints},
	    {"reads", s.reads}, {"blob_reads", s.blob_reads}, {"index_bytes", s.index_bytes},
	    {"volumes", s.volumes}, {"volume_bytes", s.volume_bytes}, {"packed", s.packed},
	    {"packed_bytes", s.packed_bytes}, {"free_bytes", s.free_bytes}, {"aside", s.aside},
	    {"aside_bytes", s.aside_bytes}, {"damaged", s.damaged}, {"index_damaged", s.index_damaged},
	    {"read_only", s.read_only}, {"nearly_full", s.nearly_full}, {"stuck", s.stuck}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		buf_printf(out, json ? "%s\"%s\":%" PRIu64 : "%s%-14s %" PRIu64 "\n",
		    json ? (i ? "," : "{") : "", rows[i].name, rows[i].value);
	if (json)
		buf_append_string(out, "}\n");
}
