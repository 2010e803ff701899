/* Distance of words by dynamic programming (optimal string alignment): see nearest.h. */
#include "base/nearest.h"

#include <string.h>

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned nearest_distance(struct view a, struct view b)
{
	/* Three lines of the table: of the letter before the last, of the last, and of this one. */
	unsigned lines[3][NEAREST_WORD_MAX + 1];
	unsigned *before = lines[0], *last = lines[1], *now = lines[2];
	if (a.len >= NEAREST_WORD_MAX || b.len >= NEAREST_WORD_MAX)
		return NEAREST_WORD_MAX;
	for (unsigned k = 0; k <= b.len; k++)
		last[k] = k;
	for (unsigned i = 1; i <= a.len; i++) {
		char x = ascii_lower(a.data[i - 1]);
		now[0] = i;
		for (unsigned k = 1; k <= b.len; k++) {
			char y = ascii_lower(b.data[k - 1]);
			now[k] = least(least(last[k], now[k - 1]) + 1, last[k - 1] + (x != y));
			if (i > 1 && k > 1 && x == ascii_lower(b.data[k - 2]) &&
			    ascii_lower(a.data[i - 2]) == y)
				now[k] = least(now[k], before[k - 2] + 1);
		}
		unsigned *free_line = before;
		before = last;
		last = now;
		now = free_line;
	}
	return last[b.len];
}

void nearest_try(struct nearest *n, const char *known)
{
	struct view word = view_from_string(known);
	unsigned enough = (unsigned)(word.len + 1) / 3;
	size_t more = word.len > n->wrong.len ? word.len - n->wrong.len : n->wrong.len - word.len;
	/* "tls_certificate" lacks a letter, "listen" is the end of a name: both are near. */
	bool part = n->wrong.len >= 4 && word.len > n->wrong.len &&
	            (view_starts_nocase(word, n->wrong) || view_ends_nocase(word, n->wrong));
	if (more > enough && !part)
		return; /* each letter more is a place in which they differ */
	unsigned distance = nearest_distance(n->wrong, word);
	if (distance > enough && !part)
		return;
	if (n->word && distance >= n->distance)
		return;
	n->word = known;
	n->distance = distance;
}
