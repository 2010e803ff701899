/* What stands before a message in a mailbox, made of what smtp wrote for it and what verdicts said of all. */
#include <string.h>

#include "role/store/store_private.h"

bool store_prefix_join(struct arena *arena, struct view prefix, struct view headers, struct view *out)
{
	if (headers.len == 0)
		return arena_copy(arena, prefix, out);
	char *joined = arena_alloc(arena, prefix.len + headers.len);
	if (joined == NULL)
		return false;
	if (prefix.len > 0)
		memcpy(joined, prefix.data, prefix.len);
	memcpy(joined + prefix.len, headers.data, headers.len);
	*out = view_of(joined, prefix.len + headers.len);
	return true;
}
