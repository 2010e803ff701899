/* Random bytes: libsodium's buffered use of getrandom. */
#include "base/random.h"

#include <sodium.h>

void random_bytes(void *out, size_t len)
{
	randombytes_buf(out, len);
}

uint64_t random_u64(void)
{
	uint64_t n;
	randombytes_buf(&n, sizeof n);
	return n;
}

uint32_t random_below(uint32_t bound)
{
	return randombytes_uniform(bound);
}

void random_id(char out[RANDOM_ID_SIZE])
{
	/* No vowels and no look-alikes: never a word, and safe to read aloud. */
	static const char letters[] = "0123456789bcdfghjkmnpqrstvwxyzBC";
	uint64_t n = random_u64();
	for (int i = 0; i < RANDOM_ID_SIZE - 1; i++, n >>= 5)
		out[i] = letters[n & 31];
	out[RANDOM_ID_SIZE - 1] = '\0';
}
