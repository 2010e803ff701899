/* See random_words.h. */
#include "trust/login/random_words.h"

#include <stdint.h>

void random_letters(const unsigned char *random, char *text, size_t len)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint64_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < len; i++) {
		while (have < 5) {
			bits = bits << 8 | *random++;
			have += 8;
		}
		have -= 5;
		text[i] = letters[bits >> have & 31];
	}
	text[len] = '\0';
}
