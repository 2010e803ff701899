/* A hash of another server: what is read is bounded, and opens to nothing by accident. The costly ones are
 * only read: their libraries get what was checked. */
#include "fuzz.h"

#include <errno.h>

#include "trust/login/foreign_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of((const char *)data, size);
	struct foreign_hash h;
	int error = foreign_hash_read(text, &h);
	check(error == 0 || error == -EINVAL || error == -EOPNOTSUPP || error == -E2BIG);
	if (error)
		return 0;
	check(text.len <= FOREIGN_HASH_MAX && h.text.len < text.len && h.scheme != NULL);
	touch(h.text);
	if (h.kind == FOREIGN_DIGEST)
		check(foreign_hash_verify(text, VIEW("an unlikely password")) == -EACCES);
	return 0;
}
