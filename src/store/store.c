/* What is the same on every engine: names of blobs and shards. */
#include "store/store.h"

#include <string.h>

/* The last five bytes of a blob's name are its length, so that nobody has to ask for it. */
enum { LENGTH_AT = 11 };

uint64_t blob_length(const struct blob_id *id)
{
	uint64_t n = 0;
	for (int i = LENGTH_AT; i < BLOB_ID_SIZE; i++)
		n = n << 8 | id->bytes[i];
	return n;
}

bool blob_is_none(const struct blob_id *id)
{
	static const struct blob_id none;
	return memcmp(id, &none, sizeof none) == 0;
}
