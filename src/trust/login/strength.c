/*
 * Guessing passwords as attackers do: the password is cut into the pieces that are cheapest to guess (known
 * words in any case and in l33t, keyboard rows and alphabets, repetitions, years), and their bits are added.
 * The cheapest cutting is found by dynamic programming over positions. What no pattern explains costs what a
 * character of its kind costs. 38 bits keep out what can be guessed over the network, and what a list finds
 * within hours in a stolen hash.
 */
#include "trust/login/strength.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "trust/login/limits.h"
#include "trust/login/strength_words.h"

enum {
	BITS_NEEDED = 38,
	/* Longer passwords are judged by their beginning, which is then good enough if it ever is. */
	LOOKED_AT = 64,
	SCALE = 10, /* bits are counted in tenths */
};

enum pattern { CHARACTER, WORD, OWN_WORD, SEQUENCE, REPETITION, YEAR, PATTERNS };

struct guess {
	char text[LOOKED_AT];  /* as typed */
	char plain[LOOKED_AT]; /* lower case, l33t undone */
	size_t len;
	struct view address;
	unsigned cost[LOOKED_AT + 1]; /* of the cheapest way to guess the first n octets */
	unsigned char from[LOOKED_AT + 1];
	enum pattern by[LOOKED_AT + 1];
};

static char undo_l33t(char c)
{
	static const char written[] = "01345678@$!|+(", meant[] = "oleasgtbasilt"
	                                                          "c";
	const char *at = c ? strchr(written, c) : NULL;
	return at ? meant[at - written] : ascii_lower(c);
}

/*
 * Bits of one character that no pattern explains. Words that no list has are still words: letters count less.
 */
static unsigned character_cost(char c, bool first)
{
	if (c >= 'a' && c <= 'z')
		return 37;
	if (c >= 'A' && c <= 'Z')
		return first ? 42 : 50;
	if (ascii_is_digit(c))
		return 33;
	/* The octets of a character beyond ASCII: its first one counts, the others little. */
	if ((unsigned char)c >= 0x80)
		return ((unsigned char)c & 0xc0) == 0x80 ? 15 : 60;
	return 50;
}

static void offer(struct guess *g, size_t from, size_t to, unsigned cost, enum pattern by)
{
	if (g->cost[from] + cost < g->cost[to]) {
		g->cost[to] = g->cost[from] + cost;
		g->from[to] = (unsigned char)from;
		g->by[to] = by;
	}
}

/* Capitals and l33t inside a word cost an attacker a few tries more. */
static unsigned variation_cost(const struct guess *g, size_t from, size_t len)
{
	bool capitals = false, changed = false;
	for (size_t i = from; i < from + len; i++) {
		capitals |= i > from && g->text[i] >= 'A' && g->text[i] <= 'Z';
		changed |= ascii_lower(g->text[i]) != g->plain[i];
	}
	return (g->text[from] >= 'A' && g->text[from] <= 'Z' ? 10 : 0) + (capitals ? 20 : 0) +
	       (changed ? 20 : 0);
}

static bool word_at(const struct guess *g, size_t at, struct view word)
{
	struct view typed = view_of(g->text + at, g->len - at), plain = view_of(g->plain + at, g->len - at);
	return view_starts_nocase(typed, word) || view_starts_nocase(plain, word);
}

static void find_words(struct guess *g, size_t at)
{
	struct view list = view_from_string(strength_words), word;
	while (view_next(&list, ' ', &word))
		if (word.len >= 3 && word_at(g, at, word))
			offer(g, at, at + word.len, 90 + variation_cost(g, at, word.len), WORD);
	struct view own = g->address;
	while (own.len) {
		size_t n = 0;
		while (n < own.len && (ascii_is_alnum(own.data[n]) || (unsigned char)own.data[n] >= 0x80))
			n++;
		word = view_take(own, n);
		own = view_skip(own, n ? n : 1);
		if (word.len >= 3 && word_at(g, at, word))
			offer(g, at, at + word.len, 30 + variation_cost(g, at, word.len), OWN_WORD);
	}
}

/* The longest run in one of the rows, in either direction. */
static size_t run_in(const struct guess *g, size_t at, const char *row)
{
	size_t best = 1;
	for (int step = -1; step <= 1; step += 2) {
		size_t n = 0;
		const char *place = strchr(row, ascii_lower(g->text[at]));
		while (place && at + n < g->len && ascii_lower(g->text[at + n]) == *place) {
			n++;
			place = place + step < row ? NULL : place + step;
			if (place && *place == '\0')
				break;
		}
		best = n > best ? n : best;
	}
	return best;
}

static void find_sequences(struct guess *g, size_t at)
{
	static const char *const rows[] = {"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop",
	    "qwertzuiop", "azertyuiop", "asdfghjkl", "qsdfghjklm", "zxcvbnm", "yxcvbnm", "wxcvbn",
	    "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "!\"#$%&/()=", "!@#$%^&*()"};
	if (g->text[at] == '\0')
		return;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = run_in(g, at, rows[i]);
		for (size_t part = 3; part <= n; part++)
			offer(g, at, at + part, 60 + 2 * (unsigned)part, SEQUENCE);
	}
}

/* What stands before, once more: "aaaa", "abcabc". Costs little, however often. */
static void find_repetitions(struct guess *g, size_t at)
{
	for (size_t len = 1; len <= at; len++) {
		size_t n = 0;
		while (at + n < g->len && g->plain[at + n] == g->plain[at - len + n % len])
			n++;
		if (n >= len && n >= 2)
			offer(g, at, at + n, 25, REPETITION);
	}
}

static void find_years(struct guess *g, size_t at)
{
	uint64_t year;
	if (at + 4 <= g->len && view_to_u64(view_of(g->text + at, 4), 2099, &year) && year >= 1900)
		offer(g, at, at + 4, 70, YEAR);
}

static void solve(struct guess *g, struct view password, struct view address)
{
	memset(g, 0, sizeof *g);
	g->address = address;
	g->len = password.len < LOOKED_AT ? password.len : LOOKED_AT;
	for (size_t i = 0; i < g->len; i++) {
		g->text[i] = password.data[i];
		g->plain[i] = undo_l33t(password.data[i]);
		g->cost[i + 1] = 1000000;
	}
	for (size_t at = 0; at < g->len; at++) {
		offer(g, at, at + 1, character_cost(g->text[at], at == 0), CHARACTER);
		find_words(g, at);
		find_sequences(g, at);
		find_repetitions(g, at);
		find_years(g, at);
	}
}

unsigned password_guess_bits(struct view password, struct view address)
{
	struct guess g;
	solve(&g, password, address);
	unsigned bits = g.cost[g.len] / SCALE;
	mem_wipe(&g, sizeof g);
	return bits;
}

/* The pattern that explains most of the password. */
static enum pattern main_pattern(const struct guess *g)
{
	size_t explained[PATTERNS] = {0};
	enum pattern most = CHARACTER;
	for (size_t at = g->len; at > 0; at = g->from[at])
		explained[g->by[at]] += at - g->from[at];
	for (enum pattern p = WORD; p < PATTERNS; p++)
		if (explained[p] > explained[most] || (most == CHARACTER && explained[p] > 0))
			most = p;
	return most;
}

const char *password_weakness(struct view password, struct view address)
{
	static const char *const reasons[PATTERNS] = {
	    [CHARACTER] = "it is so short that it is easy to guess; make it longer",
	    [WORD] = "it consists of common words that attackers try first; add something unexpected",
	    [OWN_WORD] = "it consists of your own address",
	    [SEQUENCE] = "it follows the keyboard or the alphabet, which is guessed first",
	    [REPETITION] = "it repeats itself, which makes it as easy to guess as a short one",
	    [YEAR] = "the year in it is easy to guess; add something unexpected",
	};
	if (password.len > PASSWORD_MAX)
		return "it is longer than 1024 characters";
	if (!utf8_valid(password))
		return "it contains invalid characters";
	for (size_t i = 0; i < password.len; i++)
		if ((unsigned char)password.data[i] < ' ' || password.data[i] == 0x7f)
			return "it contains control characters, which cannot be typed everywhere";
	if (utf8_length(password) < PASSWORD_MIN)
		return "it has fewer than 10 characters";
	struct guess g;
	solve(&g, password, address);
	const char *reason = g.cost[g.len] < BITS_NEEDED * SCALE ? reasons[main_pattern(&g)] : NULL;
	mem_wipe(&g, sizeof g);
	return reason;
}
