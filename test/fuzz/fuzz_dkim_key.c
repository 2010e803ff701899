/* Key records, and the numbers in them: a good key can be verified with, whatever it is. */
#include "fuzz.h"

#include <string.h>

#include "trust/sender/dkim_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char digest[DKIM_HASH_SIZE] = {1, 2, 3};
	struct arena arena;
	struct dkim_key key;
	arena_init(&arena, 1 << 20);
	dkim_key_parse(view_of(data, size), &arena, &key);
	check(key.fault != DKIM_KEY_MEMORY);
	touch(key.notes);
	if (key.fault == DKIM_KEY_GOOD) {
		char signature[DKIM_RSA_BITS_MAX / 8];
		memset(signature, 0x11, sizeof signature);
		if (key.kind == DKIM_KEY_RSA) {
			check(key.bits >= DKIM_RSA_BITS_MIN && key.bits <= DKIM_RSA_BITS_MAX);
			check(key.n.len == (key.bits + 7) / 8 && key.e.len <= DKIM_RSA_EXPONENT_MAX);
		}
		size_t len = key.kind == DKIM_KEY_RSA ? key.n.len : 64;
		check(dkim_key_verify(&key, digest, view_of(signature, len)) == DKIM_CHECK_BAD);
	}
	arena_done(&arena);
	return 0;
}
