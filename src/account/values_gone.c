/* The values of J and P: sets of UIDs of a chunk. See values.c. */
#include <errno.h>
#include <string.h>

#include "account/keys.h"

enum { VERSION = 2 };

/*
 * Runs: how many UIDs stand before each that are still there, and how many it has. People delete much that
 * lies together; where they did not, the bits themselves are shorter.
 */
enum gone_form { GONE_RUNS, GONE_BITS };
enum { GONE_BYTES = ACCOUNT_CHUNK / 8 };

/* Where the next UID stands that is gone, or that isn't; ACCOUNT_CHUNK: there is none. */
static unsigned next_gone(const struct account_gone *g, unsigned from, bool gone)
{
	while (from < ACCOUNT_CHUNK) {
		uint64_t word = g->words[from / ACCOUNT_BLOCK];
		uint64_t rest = (gone ? word : ~word) >> from % ACCOUNT_BLOCK;
		if (rest)
			return from + (unsigned)__builtin_ctzll(rest);
		from = (from / ACCOUNT_BLOCK + 1) * ACCOUNT_BLOCK;
	}
	return ACCOUNT_CHUNK;
}

void gone_encode(const struct account_gone *g, struct entry *out)
{
	unsigned at = 0;
	entry_begin(out, VERSION);
	entry_add_number(out, GONE_RUNS);
	while (at < ACCOUNT_CHUNK && out->len < GONE_BYTES) {
		unsigned first = next_gone(g, at, true), end = next_gone(g, first, false);
		if (first == ACCOUNT_CHUNK)
			return;
		entry_add_number(out, first - at);
		entry_add_number(out, end - first);
		at = end;
	}
	if (at == ACCOUNT_CHUNK)
		return;
	entry_begin(out, VERSION);
	entry_add_number(out, GONE_BITS);
	for (size_t i = 0; i < sizeof g->words / sizeof *g->words; i++)
		entry_add_fixed(out, 8, g->words[i]);
}

static void take_runs(struct cursor *c, struct account_gone *g)
{
	uint64_t at = 0;
	memset(g, 0, sizeof *g);
	while (cursor_ok(c) && !cursor_at_end(c)) {
		uint64_t first = at + entry_take_limited(c, ACCOUNT_CHUNK);
		uint64_t end = first + entry_take_limited(c, ACCOUNT_CHUNK);
		if (end > ACCOUNT_CHUNK || end == first) {
			c->failed = true;
			return;
		}
		for (at = first; at < end;) {
			uint64_t bits = end - at < ACCOUNT_BLOCK ? end - at : ACCOUNT_BLOCK;
			uint64_t shift = at % ACCOUNT_BLOCK;
			g->words[at / ACCOUNT_BLOCK] |= UINT64_MAX >> (ACCOUNT_BLOCK - bits) << shift;
			at += bits < ACCOUNT_BLOCK - shift ? bits : ACCOUNT_BLOCK - shift;
		}
	}
}

int gone_decode(struct view value, struct account_gone *g)
{
	struct cursor c = entry_read(value, VERSION);
	struct account_gone r;
	if (entry_take_limited(&c, GONE_BITS) == GONE_RUNS) {
		take_runs(&c, &r);
	} else {
		for (size_t i = 0; i < sizeof r.words / sizeof *r.words; i++)
			r.words[i] = entry_take_fixed(&c, 8);
	}
	if (cursor_ok(&c))
		*g = r;
	return entry_result(&c);
}
